/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.james.core.Domain;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.UnansweredException;
import org.rempart.policy.Rule;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What domains publish by MTA-STS (RFC 8461).
 *
 * <p>The first mail to a domain waits for the DNS and, where the domain announces a policy, for its web server, a minute
 * at most. Then the policy holds as long as it says, over restarts, too, whatever DNS and web server say meanwhile: who
 * can silence them can't take it away. Newer ones are looked for in the background: for each domain that gets mail every
 * {@value #CHECK_MINUTES} minutes in the DNS, and every day over HTTPS although the id is the same; for the others before
 * theirs ends. Where no policy can be had, mail goes as if there were none, and the domain is asked again after a few
 * minutes.
 *
 * <p>A policy is of the domain that published it, not of the hosts that it names: another domain with the same MX hosts
 * is not touched by it.
 */
public final class MtaSts implements TlsPolicySource {
    /** Where policies are kept in a James installation. */
    public static final String DEFAULT_FOLDER = "file://var/mta-sts/";

    private static final Logger LOGGER = LoggerFactory.getLogger(MtaSts.class);
    private static final long CHECK_MINUTES = 15;
    private static final Duration CHECK = Duration.ofMinutes(CHECK_MINUTES);
    private static final Duration FETCH = Duration.ofDays(1);

    /** So much is remembered, in domains and hosts of policies: some 20 MiB. */
    private static final long MOST = 100_000;

    private final Dns dns;
    private final MtaStsFetcher fetcher;
    private final Optional<MtaStsStore> store;
    private final List<String> protocols;
    private final Clock clock;
    private final MtaStsMemory entries;
    private final Map<String, CompletableFuture<MtaStsEntry>> lookUps = new ConcurrentHashMap<>();
    private final Set<String> used = ConcurrentHashMap.newKeySet();
    private final ScheduledThreadPoolExecutor background;

    MtaSts(Dns dns, MtaStsFetcher fetcher, Optional<Path> folder, List<String> protocols, Clock clock)
            throws IOException {
        this.dns = dns;
        this.fetcher = fetcher;
        this.store = folder.isPresent() ? Optional.of(new MtaStsStore(folder.get())) : Optional.empty();
        this.entries = new MtaStsMemory(MOST, lost -> store.ifPresent(kept -> kept.delete(lost.domain())));
        this.protocols = List.copyOf(protocols);
        this.clock = clock;
        this.background = new ScheduledThreadPoolExecutor(2, task -> {
            Thread thread = new Thread(task, "mta-sts");
            thread.setDaemon(true);
            return thread;
        });
        background.setRemoveOnCancelPolicy(true);
        store.ifPresent(kept -> kept.load().forEach(entries::put));
    }

    /**
     * Policies that are kept in James's {@value #DEFAULT_FOLDER} and looked after in the background until this is closed.
     *
     * @param protocols JSSE names of the TLS versions that may be used
     * @throws IOException when the folder can't be made
     */
    public static MtaSts open(Dns dns, FileSystem files, List<String> protocols) throws IOException {
        return open(dns, Optional.of(files.getFile(DEFAULT_FOLDER).toPath()), protocols);
    }

    /**
     * Policies that are looked after in the background until this is closed.
     *
     * @param folder where they are kept; empty: nowhere
     * @param protocols JSSE names of the TLS versions that may be used
     * @throws IOException when the folder can't be made
     */
    public static MtaSts open(Dns dns, Optional<Path> folder, List<String> protocols) throws IOException {
        MtaSts opened = new MtaSts(dns, new MtaStsFetcher(dns), folder, protocols, Clock.systemUTC());
        ScheduledFuture<?> unusedUntilClose = opened.background.scheduleWithFixedDelay(
                opened::refresh, CHECK_MINUTES, CHECK_MINUTES, TimeUnit.MINUTES);
        return opened;
    }

    @Override
    public String name() {
        return "mta-sts";
    }

    @Override
    public Optional<Statement> find(Domain recipientDomain, String mxHost) {
        String domain = HostNames.normalise(recipientDomain.asString());
        if (HostNames.isAddress(domain) || domain.indexOf('.') < 0) {
            return Optional.empty();
        }
        MtaStsEntry entry = entry(domain);
        return entry.policy()
                .filter(policy -> policy.mode() != MtaStsPolicy.Mode.NONE)
                .map(policy -> statement(entry, policy));
    }

    @Override
    public Optional<TlsResult> failure(Domain recipientDomain) {
        return entries.get(HostNames.normalise(recipientDomain.asString())).flatMap(MtaStsEntry::failure);
    }

    @Override
    public boolean isUncertain(Domain recipientDomain) {
        return entries.get(HostNames.normalise(recipientDomain.asString()))
                .filter(MtaStsEntry::isUncertain)
                .isPresent();
    }

    /** What is known of a domain, in a line for the administrator; looks where nothing is known. */
    public String describe(Domain recipientDomain) {
        MtaStsEntry entry = entry(HostNames.normalise(recipientDomain.asString()));
        return entry.policy()
                .map(policy -> policy + ", until " + entry.end())
                .orElseGet(() -> "none: " + entry.reason().orElseThrow());
    }

    private Statement statement(MtaStsEntry entry, MtaStsPolicy policy) {
        Rule rule = Rule.from(
                MtaStsFetcher.uri(entry.domain()) + ", id " + entry.id() + ", until " + entry.end(), policy.toString());
        TlsRequirement requirement = TlsRequirement.ofMtaSts(policy.mx(), rule, protocols)
                .publishedAs(new PublishedPolicy(
                        "sts",
                        entry.domain(),
                        List.of(policy.toFile().strip().split("\n", -1)),
                        policy.mx().stream().map(MxPattern::toString).collect(Collectors.toList())));
        return policy.mode() == MtaStsPolicy.Mode.ENFORCE
                ? Statement.enforced(requirement)
                : Statement.tested(requirement);
    }

    private MtaStsEntry entry(String domain) {
        Instant now = clock.instant();
        MtaStsEntry entry = entries.get(domain).orElse(null);
        if (entry == null || !entry.holds(now)) {
            entry = lookUp(domain);
        } else if (entry.policy().isPresent() && isOlder(entry.checked(), CHECK, now)) {
            inBackground(domain);
        }
        if (entry.policy().isPresent()) {
            used.add(domain);
        }
        return entry;
    }

    private void inBackground(String domain) {
        if (!lookUps.containsKey(domain) && !background.isShutdown()) {
            background.execute(() -> lookUp(domain));
        }
    }

    /** One round of looking after the policies: those that get mail, and those that end before long. */
    void refresh() {
        Instant now = clock.instant();
        for (MtaStsEntry entry : entries.all()) {
            if (!entry.holds(now)) {
                entries.remove(entry);
                used.remove(entry.domain());
                store.ifPresent(kept -> kept.delete(entry.domain()));
            } else if (entry.policy().isPresent() && isDue(entry, now)) {
                lookUp(entry.domain());
            }
        }
    }

    private boolean isDue(MtaStsEntry entry, Instant now) {
        Duration life = Duration.between(entry.fetched(), entry.end());
        boolean ending = now.isAfter(entry.end().minus(life.dividedBy(4)));
        return isOlder(entry.checked(), CHECK, now) && (ending || used.remove(entry.domain()));
    }

    private static boolean isOlder(Instant then, Duration age, Instant now) {
        return !now.isBefore(then.plus(age)) || now.isBefore(then);
    }

    /** Looks once for all that ask at the same time. */
    private MtaStsEntry lookUp(String domain) {
        CompletableFuture<MtaStsEntry> mine = new CompletableFuture<>();
        CompletableFuture<MtaStsEntry> other = lookUps.putIfAbsent(domain, mine);
        if (other != null) {
            MtaStsEntry found = other.join();
            // It may have begun before the end of a policy that it found still in force.
            return found.holds(clock.instant()) ? found : lookUp(domain);
        }
        Instant now = clock.instant();
        MtaStsEntry found = MtaStsEntry.none(domain, now, "the look-up failed");
        try {
            found = look(domain, entries.get(domain).filter(known -> known.holds(now)), now);
            entries.put(found);
        } catch (RuntimeException unexpected) {
            LOGGER.error(
                    "Looking for the MTA-STS policy of {} failed; mail goes as if it had none", domain, unexpected);
        } finally {
            lookUps.remove(domain);
            mine.complete(found);
        }
        return found;
    }

    private MtaStsEntry look(String domain, Optional<MtaStsEntry> holding, Instant now) {
        Optional<MtaStsEntry> policy = holding.filter(known -> known.policy().isPresent());
        String name = "_mta-sts." + domain;
        String id;
        try {
            id = MtaStsRecord.id(name, dns.texts(name));
        } catch (MtaStsException none) {
            return policy.map(known -> known.checkedAt(now))
                    .orElseGet(() -> MtaStsEntry.none(domain, now, String.valueOf(none.getMessage())));
        } catch (UnansweredException silent) {
            return policy.map(known -> known.checkedAt(now))
                    .orElseGet(() -> MtaStsEntry.unanswered(domain, now, String.valueOf(silent.getMessage())));
        }
        if (policy.isPresent()
                && policy.get().id().equals(id)
                && !isOlder(policy.get().fetched(), fetchAge(policy.get()), now)) {
            return policy.get().checkedAt(now);
        }
        try {
            MtaStsEntry fetched = MtaStsEntry.policy(domain, id, fetcher.fetch(domain), now);
            tell(policy, fetched);
            store.ifPresent(kept -> kept.save(fetched));
            return fetched;
        } catch (MtaStsException failure) {
            LOGGER.warn(
                    "The MTA-STS policy of {} can't be had{}: {}",
                    domain,
                    policy.isPresent() ? ", the one of " + policy.get().fetched() + " holds" : ", mail goes without it",
                    failure.getMessage());
            return policy.map(known -> known.checkedAt(now)).orElseGet(() -> MtaStsEntry.failed(domain, now, failure));
        }
    }

    /** A short-lived policy is fetched before its last quarter. */
    private static Duration fetchAge(MtaStsEntry entry) {
        Duration most =
                Duration.between(entry.fetched(), entry.end()).multipliedBy(3).dividedBy(4);
        return most.compareTo(FETCH) < 0 ? most : FETCH;
    }

    private static void tell(Optional<MtaStsEntry> before, MtaStsEntry fetched) {
        String policy = fetched.policy().orElseThrow().toString();
        if (before.isEmpty() || !before.get().policy().orElseThrow().toString().equals(policy)) {
            LOGGER.info("The MTA-STS policy of {} is {}, until {}", fetched.domain(), policy, fetched.end());
        }
    }

    /** Ends the looking after. */
    @Override
    public void close() {
        background.shutdownNow();
    }
}
