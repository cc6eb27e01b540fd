/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tlsrpt;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.james.core.Domain;
import org.rempart.mailet.delivery.TlsSessions;
import org.rempart.mailet.delivery.tls.PublishedPolicy;
import org.rempart.mailet.delivery.tls.TlsResult;
import org.rempart.policy.DomainNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts sessions by day (UTC), domain and policy, and keeps the counts in a folder, a file for each day. What was counted
 * since {@link #save} is lost when the process dies: a minute at most.
 *
 * <p>Of a day, so many domains, and of a domain so many policies are counted; the rest is told in the log and not counted.
 * Safe for use by many threads.
 */
final class SessionCounts implements TlsSessions {
    static final int MOST_DOMAINS = 20_000;
    static final int MOST_POLICIES = 5;

    private static final Logger LOGGER = LoggerFactory.getLogger(SessionCounts.class);

    private final Path folder;
    private final Clock clock;
    private final Map<LocalDate, Map<String, List<PolicyCount>>> days = new TreeMap<>();
    private final Set<LocalDate> changed = new HashSet<>();
    /** Held while files are written. */
    private final Object writing = new Object();

    private LocalDate toldFull = LocalDate.MIN;

    /** @throws IOException when the folder can't be made */
    SessionCounts(Path folder, Clock clock) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.clock = clock;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + DayFile.SUFFIX)) {
            for (Path file : files) {
                load(file);
            }
        }
    }

    private void load(Path file) {
        String name = file.getFileName().toString();
        try {
            LocalDate day = LocalDate.parse(name.substring(0, name.length() - DayFile.SUFFIX.length()));
            days.put(day, DayFile.read(file));
        } catch (IOException | DateTimeException unread) {
            LOGGER.warn("{} can't be read, and no TLS report is made of it ({}); delete it", file, unread.getMessage());
        }
    }

    @Override
    public synchronized void ended(
            Domain recipientDomain,
            PublishedPolicy policy,
            String mxHost,
            Optional<InetAddress> address,
            Optional<TlsResult> failure,
            String reason) {
        LocalDate today = LocalDate.now(clock.withZone(ZoneOffset.UTC));
        Map<String, List<PolicyCount>> domains = days.computeIfAbsent(today, fresh -> new LinkedHashMap<>());
        String domain = DomainNames.comparable(recipientDomain.asString());
        List<PolicyCount> counts = domains.get(domain);
        if (counts == null) {
            if (domains.size() >= MOST_DOMAINS) {
                tellFull(today);
                return;
            }
            counts = new ArrayList<>();
            domains.put(domain, counts);
        }
        PolicyCount count = counts.stream()
                .filter(known -> known.policy().equals(policy))
                .findFirst()
                .orElse(null);
        if (count == null) {
            if (counts.size() >= MOST_POLICIES) {
                return;
            }
            count = new PolicyCount(policy);
            counts.add(count);
        }
        if (failure.isPresent()) {
            count.failed(
                    new PolicyCount.Failure(
                            failure.get().keyword(),
                            mxHost,
                            address.map(InetAddress::getHostAddress).orElse(""),
                            reason),
                    1);
        } else {
            count.succeeded(1);
        }
        changed.add(today);
    }

    private void tellFull(LocalDate today) {
        if (!toldFull.equals(today)) {
            toldFull = today;
            LOGGER.warn("Of more than {} domains a day no TLS sessions are counted for reports", MOST_DOMAINS);
        }
    }

    /** The domains of days before a day, each with a copy of its counts. */
    synchronized Map<LocalDate, Map<String, List<PolicyCount>>> before(LocalDate day) {
        Map<LocalDate, Map<String, List<PolicyCount>>> past = new TreeMap<>();
        days.forEach((each, domains) -> {
            if (each.isBefore(day)) {
                past.put(each, copies(domains));
            }
        });
        return past;
    }

    /** A domain has its report of a day, or gets none. */
    synchronized void done(LocalDate day, String domain) {
        Map<String, List<PolicyCount>> domains = days.get(day);
        if (domains != null) {
            domains.remove(domain);
            changed.add(day);
        }
    }

    /** Writes what has changed; nobody who counts waits for the disk. */
    void save() {
        synchronized (writing) {
            Map<LocalDate, Map<String, List<PolicyCount>>> written = new TreeMap<>();
            synchronized (this) {
                changed.forEach(day -> written.put(day, copies(days.getOrDefault(day, Map.of()))));
                changed.clear();
                written.forEach((day, domains) -> {
                    if (domains.isEmpty()) {
                        days.remove(day);
                    }
                });
            }
            written.forEach(this::write);
        }
    }

    private void write(LocalDate day, Map<String, List<PolicyCount>> domains) {
        try {
            if (domains.isEmpty()) {
                Files.deleteIfExists(DayFile.of(folder, day));
            } else {
                DayFile.write(folder, day, domains);
            }
        } catch (IOException unwritten) {
            LOGGER.warn("The counts of TLS sessions can't be kept in {}", folder, unwritten);
            synchronized (this) {
                changed.add(day);
            }
        }
    }

    private static Map<String, List<PolicyCount>> copies(Map<String, List<PolicyCount>> domains) {
        Map<String, List<PolicyCount>> copies = new LinkedHashMap<>();
        domains.forEach((domain, counts) ->
                copies.put(domain, counts.stream().map(PolicyCount::copy).collect(Collectors.toList())));
        return copies;
    }
}
