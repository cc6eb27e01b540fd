/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.reports;

import java.io.IOException;
import java.net.InetAddress;
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
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.mailet.MailetContext;
import org.rempart.message.OwnMail;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.UnansweredException;
import org.rempart.message.proof.Evaluation;
import org.rempart.message.proof.ReportPlaces;
import org.rempart.policy.trail.AuditEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts mail in the name of other domains, and reports it to those that ask for it (RFC 7489, section 7.2). A day's reports
 * leave in the first four hours of the next (UTC), each at a random time, {@value #MOST_A_ROUND} a minute at most; those whose
 * places the DNS does not tell are tried again for a day.
 */
public final class AggregateReports {
    static final int MOST_A_ROUND = 100;

    private static final Logger LOGGER = LoggerFactory.getLogger(AggregateReports.class);
    private static final Duration SPREAD = Duration.ofHours(4);
    private static final Duration LATEST = Duration.ofHours(28);
    private static final Duration RETRY = Duration.ofMinutes(30);
    private static final Duration DNS_TIME = Duration.ofSeconds(10);

    /** Every listener counts into the same. */
    private static final Map<Path, AggregateReports> OPEN = new ConcurrentHashMap<>();

    private final MailAddress contact;
    private final ReportCounts counts;
    private final Dns dns;
    private final Supplier<MailetContext> server;
    private final Clock clock;
    private final int secret = new SecureRandom().nextInt();
    private final Map<String, Instant> retries = new HashMap<>();

    AggregateReports(MailAddress contact, Path folder, Dns dns, Supplier<MailetContext> server, Clock clock)
            throws IOException {
        this.contact = contact;
        this.counts = new ReportCounts(folder);
        this.dns = dns;
        this.server = server;
        this.clock = clock;
    }

    /**
     * Begins to report, or goes on with it where another listener has begun.
     *
     * @param contact who sends the reports, and takes questions about them
     * @param folder where counts are kept
     * @throws IOException when the folder can't be made
     */
    public static synchronized AggregateReports open(
            MailAddress contact, Path folder, Dns dns, Supplier<MailetContext> server) throws IOException {
        AggregateReports before = OPEN.get(folder);
        if (before != null) {
            return before;
        }
        AggregateReports opened = new AggregateReports(contact, folder, dns, server, Clock.systemUTC());
        ScheduledThreadPoolExecutor background = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "dmarc-reports");
            thread.setDaemon(true);
            return thread;
        });
        ScheduledFuture<?> always = background.scheduleWithFixedDelay(opened::run, 1, 1, TimeUnit.MINUTES);
        LOGGER.debug("DMARC reports begin: {}", always);
        OPEN.put(folder, opened);
        return opened;
    }

    /**
     * Counts a mail, if its domain wants reports.
     *
     * @param disposition what became of it: {@code none}, {@code quarantine} or {@code reject}
     * @param override why that is not what the domain asks for, a type of section 7.2; empty where it is
     * @param sender the domain of the envelope sender; empty for a null sender
     */
    public void count(InetAddress client, String disposition, String override, String sender, Evaluation evaluation) {
        if (evaluation.wantsReports()) {
            counts.count(
                    LocalDate.now(clock.withZone(ZoneOffset.UTC)),
                    evaluation.domain(),
                    ReportRow.of(client, disposition, override, sender, evaluation));
        }
    }

    /** Keeps what is counted. */
    public void save() {
        counts.save();
    }

    private void run() {
        try {
            round();
        } catch (RuntimeException | Error unexpected) {
            LOGGER.warn("DMARC reports could not be sent; they are tried again", unexpected);
        }
    }

    /** Keeps the counts, and sends what is due. */
    void round() {
        Instant now = clock.instant();
        counts.save();
        int left = MOST_A_ROUND;
        for (Map.Entry<LocalDate, Map<String, Map<ReportRow, Long>>> day :
                counts.before(LocalDate.ofInstant(now, ZoneOffset.UTC)).entrySet()) {
            for (Map.Entry<String, Map<ReportRow, Long>> domain : day.getValue().entrySet()) {
                if (left > 0 && isDue(day.getKey(), domain.getKey(), now)) {
                    left--;
                    bring(day.getKey(), domain.getKey(), domain.getValue(), now);
                }
            }
        }
        counts.save();
    }

    private static Instant end(LocalDate day) {
        return day.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    private boolean isDue(LocalDate day, String domain, Instant now) {
        Instant retry = retries.get(day + " " + domain);
        long delay = Math.floorMod((day + " " + domain).hashCode() * 31 + secret, (int) SPREAD.toSeconds());
        return !now.isBefore(retry == null ? end(day).plusSeconds(delay) : retry);
    }

    private void bring(LocalDate day, String domain, Map<ReportRow, Long> rows, Instant now) {
        String key = day + " " + domain;
        if (now.isBefore(end(day).plus(LATEST))) {
            try {
                send(day, domain, rows, now);
            } catch (UnansweredException | MessagingException failure) {
                retries.put(key, now.plus(RETRY));
                LOGGER.info("The DMARC report to {} about {} is tried again: {}", domain, day, failure.getMessage());
                return;
            }
        }
        retries.remove(key);
        counts.done(day, domain);
    }

    private void send(LocalDate day, String domain, Map<ReportRow, Long> rows, Instant now)
            throws UnansweredException, MessagingException {
        Map<MailAddress, OptionalLong> places = ReportPlaces.of(dns.within(DNS_TIME), domain);
        if (places.isEmpty() || rows.isEmpty()) {
            return;
        }
        AggregateReport report = new AggregateReport(domain, day, rows, contact, day + "-" + UUID.randomUUID());
        byte[] gzip = report.gzip();
        for (Map.Entry<MailAddress, OptionalLong> place : places.entrySet()) {
            AuditEvent event = AuditEvent.now("dmarc-report")
                    .with("domain", domain)
                    .with("day", day.toString())
                    .with("to", place.getKey().asString());
            if (place.getValue().isPresent() && gzip.length > place.getValue().getAsLong()) {
                event.saying("failure", "the report is larger than what is taken there")
                        .log();
                continue;
            }
            OwnMail.send(
                    server.get(),
                    "dmarc-report-" + UUID.randomUUID(),
                    List.of(place.getKey()),
                    report.message(place.getKey(), gzip, now));
            event.log();
        }
    }
}
