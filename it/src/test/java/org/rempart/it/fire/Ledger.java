/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.quickstart.sink.SinkMail;

/**
 * What became of the mails of a load. It reads the mailboxes over IMAP and the mails of the sink, each message once and
 * byte by byte, and holds them against what got a 250.
 */
final class Ledger {
    private static final Duration DRAIN = Duration.ofMinutes(10);
    private static final int CHUNK = 20;
    private static final Pattern EXISTS = Pattern.compile("\\* (\\d+) EXISTS");

    private final FireServer server;
    private final Map<String, LoadMail> acknowledged = new HashMap<>();
    private final Map<String, Integer> seen = new HashMap<>();
    private final Map<String, Integer> deliveries = new HashMap<>();
    private final Set<String> damaged = new TreeSet<>();
    private final Set<String> vanished = new TreeSet<>();
    private String unreadable = "";
    private final Set<Path> readAtSink = new HashSet<>();

    /**
     * The outcome.
     *
     * @param acknowledged how many mails got a 250
     * @param lost recipients of acknowledged mails that have it not, while no queue and no repository holds it
     * @param kept acknowledged mails that are in a repository and not with all of their recipients
     * @param damaged mails that came with another body than was sent, and mails that a mailbox had and has not any more
     * @param duplicates mails that somebody has more than once
     * @param unacknowledged mails that were delivered though nobody was told so
     * @param queued how many mails the queues hold
     * @param unreadable what IMAP said instead of giving messages out; empty when it gave all
     */
    record Outcome(
            int acknowledged,
            Set<String> lost,
            Set<String> kept,
            Set<String> damaged,
            Set<String> duplicates,
            int unacknowledged,
            long queued,
            String unreadable) {
        @Override
        public String toString() {
            return acknowledged + " acknowledged, " + lost.size() + " lost, " + kept.size() + " kept, "
                    + damaged.size() + " damaged, " + duplicates.size() + " duplicates, " + unacknowledged
                    + " delivered without an answer, " + queued + " in the queues"
                    + (unreadable.isEmpty() ? "" : ", unreadable: " + unreadable);
        }

        /** Every acknowledged mail is with all of its recipients, whole. */
        void assertDelivered() {
            assertNothingLost();
            assertThat(kept).as("mails kept: %s", this).isEmpty();
            assertThat(queued).as("mails in the queues: %s", this).isZero();
        }

        /** Every acknowledged mail is with all of its recipients, whole, or in a repository. */
        void assertDeliveredOrKept() {
            assertNothingLost();
            assertThat(queued).as("mails in the queues: %s", this).isZero();
        }

        /** Every acknowledged mail is with its recipients or where the administrator sees it, and is what was sent. */
        void assertNothingLost() {
            assertThat(lost).as("mails lost: %s", this).isEmpty();
            assertThat(unreadable).isEmpty();
            assertThat(damaged).as("mails damaged: %s", this).isEmpty();
        }
    }

    Ledger(FireServer server) {
        this.server = server;
    }

    /** Enters what a load has got a 250 for. It has ended. */
    void acknowledge(Load load) {
        acknowledged.putAll(load.acknowledged());
    }

    /**
     * Waits until the queues are empty and all that was acknowledged has arrived, or is known not to: for some time
     * nothing has moved.
     */
    Outcome drain(Duration quiet) throws IOException, InterruptedException {
        long end = System.nanoTime() + DRAIN.toNanos();
        long moved = System.nanoTime();
        Outcome last = null;
        while (true) {
            Outcome now = look();
            boolean still = last != null && now.toString().equals(last.toString());
            if (now.queued() == 0 && now.lost().isEmpty() && still) {
                return now;
            }
            if (!still) {
                moved = System.nanoTime();
            }
            if (System.nanoTime() > end || System.nanoTime() - moved > quiet.toNanos()) {
                return now;
            }
            last = now;
            Thread.sleep(200);
        }
    }

    /** What can be seen now. */
    Outcome look() throws IOException, InterruptedException {
        // The queues first: what leaves them while we look is found further on.
        long queued = server.queued();
        unreadable = "";
        for (String account : server.accounts()) {
            readMailbox(account);
        }
        readSink();
        Set<String> kept = new HashSet<>();
        for (byte[] message : server.kept()) {
            LoadMail.recognise(message).ifPresent(found -> kept.add(found.id()));
        }
        Set<String> lost = new TreeSet<>();
        Set<String> keptOnly = new TreeSet<>();
        for (LoadMail mail : acknowledged.values()) {
            for (String recipient : mail.recipients()) {
                if (!deliveries.containsKey(key(mail.id(), recipient))) {
                    if (kept.contains(mail.id())) {
                        keptOnly.add(mail.id());
                    } else {
                        lost.add(key(mail.id(), recipient));
                    }
                }
            }
        }
        Set<String> duplicates = new TreeSet<>();
        Set<String> unacknowledged = new TreeSet<>();
        deliveries.forEach((delivery, times) -> {
            String id = delivery.substring(0, delivery.indexOf(' '));
            if (times > 1) {
                duplicates.add(id);
            }
            if (!acknowledged.containsKey(id)) {
                unacknowledged.add(id);
            }
        });
        Set<String> wrong = new TreeSet<>(damaged);
        wrong.addAll(vanished);
        return new Outcome(
                acknowledged.size(), lost, keptOnly, wrong, duplicates, unacknowledged.size(), queued, unreadable);
    }

    private void readMailbox(String account) throws IOException {
        try (ImapClient imap = ImapClient.connectTls(server.variant().imaps(), server.tls())) {
            ImapClient.Answer login = imap.login(account, server.password());
            if (!login.ok()) {
                // With the account its mail is gone, which is for the ledger to count.
                lose(account, 0);
                return;
            }
            ImapClient.Answer examined = imap.command("EXAMINE INBOX");
            int exists = examined.lines().stream()
                    .map(EXISTS::matcher)
                    .filter(Matcher::matches)
                    .map(line -> Integer.parseInt(line.group(1)))
                    .findFirst()
                    .orElse(0);
            int from = seen.getOrDefault(account, 0) + 1;
            lose(account, exists);
            while (from <= exists) {
                int to = Math.min(exists, from + CHUNK - 1);
                ImapClient.Answer fetched = imap.command("FETCH " + from + ":" + to + " (BODY.PEEK[])");
                if (!fetched.ok() || fetched.literals().size() != to - from + 1) {
                    // James counts the messages after it has listed them: one that comes in between can't be read yet.
                    // The next look tries again; what can never be read counts as lost.
                    unreadable = account + ": " + fetched + " for messages " + from + " to " + to;
                    return;
                }
                fetched.literals().forEach(message -> count(message, Set.of(account)));
                from = to + 1;
                seen.put(account, to);
            }
        }
    }

    private void lose(String account, int exists) {
        int before = seen.getOrDefault(account, 0);
        if (exists < before) {
            vanished.add(account + " had " + before + " messages and has " + exists);
        }
    }

    private void readSink() throws IOException {
        List<Path> arrived;
        try (Stream<Path> files = Files.list(server.sink().directory())) {
            arrived = files.filter(file -> file.toString().endsWith(".json") && !readAtSink.contains(file))
                    .toList();
        }
        for (Path file : arrived) {
            SinkMail mail = SinkMail.read(file);
            count(mail.raw(), mail.rcptTo());
            readAtSink.add(file);
        }
    }

    private void count(byte[] message, Collection<String> recipients) {
        LoadMail.recognise(message).ifPresent(found -> {
            if (!found.whole()) {
                damaged.add(found.id());
                return;
            }
            for (String recipient : recipients) {
                deliveries.merge(key(found.id(), recipient), 1, Integer::sum);
            }
        });
    }

    private static String key(String id, String recipient) {
        return id + " " + recipient;
    }
}
