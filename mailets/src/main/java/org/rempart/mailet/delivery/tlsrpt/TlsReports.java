/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tlsrpt;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.MailetContext;
import org.rempart.mailet.delivery.TlsSessions;
import org.rempart.mailet.delivery.tls.WebClients;
import org.rempart.message.OwnMail;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.UnansweredException;
import org.rempart.policy.trail.AuditEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts TLS sessions, and reports them to the domains that want to know (RFC 8460). A day's reports leave in the first four
 * hours of the next (UTC), each at a random time; those that can't be brought are tried again for a day.
 */
public final class TlsReports implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(TlsReports.class);

    private static final Duration SPREAD = Duration.ofHours(4);
    private static final Duration LATEST = Duration.ofHours(28);
    private static final Duration FIRST_RETRY = Duration.ofMinutes(15);
    private static final Duration LONGEST_POST = Duration.ofSeconds(20);
    private static final int HTTPS = 443;

    private final MailAddress contact;
    private final SessionCounts counts;
    private final Dns dns;
    private final MailetContext server;
    private final ReportPost post;
    private final Clock clock;
    private final int secret = new SecureRandom().nextInt();
    private final Map<String, Retry> retries = new HashMap<>();
    private final ScheduledThreadPoolExecutor background;
    private volatile boolean closed;

    /** When a report is tried again. */
    private static final class Retry {
        private final Instant at;
        private final Duration next;

        Retry(Instant at, Duration next) {
            this.at = at;
            this.next = next;
        }
    }

    TlsReports(MailAddress contact, Path folder, Dns dns, MailetContext server, WebClients clients, Clock clock)
            throws IOException {
        this.contact = contact;
        this.counts = new SessionCounts(folder, clock);
        this.dns = dns;
        this.server = server;
        this.post = new ReportPost(clients);
        this.clock = clock;
        this.background = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "tls-reports");
            thread.setDaemon(true);
            return thread;
        });
        background.setRemoveOnCancelPolicy(true);
    }

    /**
     * Begins to report, until this is closed.
     *
     * @param contact who sends the reports, and takes questions about them
     * @param folder where counts are kept, of no other delivery
     * @throws IOException when the folder can't be made
     */
    public static TlsReports open(MailAddress contact, Path folder, Dns dns, MailetContext server) throws IOException {
        TlsReports opened = new TlsReports(
                contact,
                folder,
                dns,
                server,
                new WebClients(dns, WebClients.standardTls(), HTTPS, LONGEST_POST, ReportPost::isPublic),
                Clock.systemUTC());
        ScheduledFuture<?> untilClose = opened.background.scheduleWithFixedDelay(opened::run, 1, 1, TimeUnit.MINUTES);
        LOGGER.debug("TLS reports begin: {}", untilClose);
        return opened;
    }

    /** Who is to be told of sessions. */
    public TlsSessions sessions() {
        return counts;
    }

    private void run() {
        try {
            round();
        } catch (RuntimeException | Error unexpected) {
            LOGGER.warn("TLS reports could not be sent; they are tried again", unexpected);
        }
    }

    /** Keeps the counts, and sends what is due. */
    void round() {
        Instant now = clock.instant();
        LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
        counts.save();
        counts.before(today)
                .forEach((day, domains) -> domains.forEach((domain, seen) -> {
                    if (!closed && isDue(day, domain, now)) {
                        bring(day, domain, seen, now);
                    }
                }));
        counts.save();
    }

    private boolean isDue(LocalDate day, String domain, Instant now) {
        Retry retry = retries.get(day + " " + domain);
        Instant end = end(day);
        long delay = Math.floorMod((day + " " + domain).hashCode() * 31 + secret, (int) SPREAD.toSeconds());
        return retry == null ? !now.isBefore(end.plusSeconds(delay)) : !now.isBefore(retry.at);
    }

    private static Instant end(LocalDate day) {
        return day.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    private void bring(LocalDate day, String domain, List<PolicyCount> seen, Instant now) {
        String key = day + " " + domain;
        String failure;
        if (now.isAfter(end(day).plus(LATEST))) {
            failure = "";
        } else {
            failure = failure(day, domain, seen, now);
        }
        if (failure.isEmpty()) {
            retries.remove(key);
            counts.done(day, domain);
            return;
        }
        Retry before = retries.get(key);
        Duration wait = before == null ? FIRST_RETRY : before.next;
        retries.put(key, new Retry(now.plus(wait), wait.multipliedBy(2)));
        LOGGER.info("The TLS report to {} about {} could not be brought, and is tried again: {}", domain, day, failure);
    }

    /** @return why it has to be tried again; empty when it is brought, or nobody wants it */
    private String failure(LocalDate day, String domain, List<PolicyCount> seen, Instant now) {
        Optional<ReportRecord> record;
        try {
            record = ReportRecord.of(dns.texts("_smtp._tls." + domain));
        } catch (UnansweredException silent) {
            return String.valueOf(silent.getMessage());
        }
        if (record.isEmpty()) {
            return "";
        }
        TlsReport report = new TlsReport(domain, day, seen, contact, day + "-" + UUID.randomUUID());
        StringBuilder failures = new StringBuilder();
        boolean brought = false;
        for (MailAddress address : record.get().addresses()) {
            brought |= tried(
                    failures,
                    domain,
                    day,
                    "mailto:" + address.asString(),
                    () -> OwnMail.send(
                            server,
                            "tls-report-" + UUID.randomUUID(),
                            List.of(address),
                            report.message(address, now),
                            new Attribute(TlsSessions.REPORT, AttributeValue.of(true))));
        }
        for (URI site : record.get().sites()) {
            brought |= tried(failures, domain, day, site.toString(), () -> post.send(site, report.gzip()));
        }
        return brought ? "" : failures.toString();
    }

    /** Brings a report to one place. */
    private interface Way {
        void go() throws IOException, MessagingException;
    }

    private static boolean tried(StringBuilder failures, String domain, LocalDate day, String place, Way way) {
        String failure = "";
        try {
            way.go();
        } catch (IOException | MessagingException fault) {
            failure = String.valueOf(fault.getMessage());
            failures.append(place).append(": ").append(failure).append("; ");
        }
        AuditEvent event = AuditEvent.now("tls-report")
                .with("domain", domain)
                .with("day", day.toString())
                .with("to", place);
        (failure.isEmpty() ? event : event.saying("failure", failure)).log();
        return failure.isEmpty();
    }

    /** Ends it, and keeps what is counted. */
    @Override
    public void close() {
        closed = true;
        background.shutdownNow();
        counts.save();
    }
}
