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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.rempart.testsupport.PostgresServer;

@Tag("fire")
@DisplayName("Many sessions on few mailboxes, doing everything at once")
class MailboxesTest {
    private static final int CLIENTS = 8;
    private static final Pattern LINE = Pattern.compile("FETCH \\(.*\\bUID (\\d+).*Subject: (\\S+)", Pattern.DOTALL);

    /** What must not stand in the log: each is an answer that somebody did not get. */
    private static final Pattern FAULTS = Pattern.compile(
            "(?i).*(deadlock|40001|40P01|40XL|08000|Unexpected error during IMAP|no connection was free|Cannot get a connection).*");

    /** A command of a client that has hung up meets a session without a mailbox: nobody waits for its answer. */
    private static final Pattern HUNG_UP = Pattern.compile("(?s).*(getSelected\\(\\)|selected)\" is null.*");

    @Test
    @Tag("quick")
    void each_is_answered_in_time_and_right_with_the_embedded_database() throws Exception {
        try (FireServer server = FireServer.make("mailboxes")) {
            run(server, "Derby");
        }
    }

    @Test
    @Tag("quick")
    void each_is_answered_in_time_and_right_with_postgresql() throws Exception {
        try (PostgresServer postgres = PostgresServer.start();
                FireServer server = FireServer.make("mailboxes-postgresql")) {
            server.variant().write("james-database.properties", "database.url=" + postgres.url() + "\n");
            run(server, "PostgreSQL");
            assertThat(postgres.log()).doesNotContain("deadlock detected");
        }
    }

    private static void run(FireServer server, String database) throws Exception {
        server.variant().edit("imapserver.xml", "<connectionLimitPerIP>\\d+<", "<connectionLimitPerIP>400<");
        server.startNew();
        long process = server.process().orElseThrow().pid();
        List<MailboxTruth> mailboxes =
                Stream.of("INBOX", "a", "b").map(MailboxTruth::new).toList();
        Duration bound = Duration.ofSeconds(Fire.isLong() ? 10 : 30);
        try (ImapWire wire = new ImapWire(server.variant().imaps(), server.tls(), bound)) {
            wire.command("LOGIN " + server.account(0) + " " + server.password());
            for (MailboxTruth mailbox : mailboxes) {
                // The INBOX may be there already.
                wire.command("CREATE " + mailbox.name());
            }
        }
        Map<String, Integer> counts = new TreeMap<>();
        long began = System.nanoTime();
        try {
            for (int round = 0; round < Fire.rounds(1, 60); round++) {
                work(server, mailboxes, bound, round)
                        .forEach((name, count) -> counts.merge(
                                name, count, (a, b) -> name.equals("slowest ms") ? Math.max(a, b) : a + b));
                audit(server, mailboxes, bound);
            }
        } finally {
            Fire.figures(
                    "mailboxes, " + database,
                    counts + " in "
                            + Duration.ofNanos(System.nanoTime() - began).toSeconds() + " s");
            assertThat(threads(process, server)).doesNotContain("Java-level deadlock");
        }
        assertThat(faults(server)).isEmpty();
    }

    private static Map<String, Integer> work(FireServer server, List<MailboxTruth> mailboxes, Duration bound, int round)
            throws InterruptedException {
        int commands = Integer.getInteger("rempart.fire.commands", 200);
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        Map<String, Integer> counts = new TreeMap<>();
        List<String> faults = new ArrayList<>();
        try {
            List<Future<Map<String, AtomicInteger>>> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                String name = "c" + round + "." + i;
                clients.add(threads.submit(new BusyClient(
                        server,
                        server.account(0),
                        mailboxes,
                        bound,
                        commands,
                        name,
                        Fire.random(name).nextLong())));
            }
            for (Future<Map<String, AtomicInteger>> client : clients) {
                try {
                    client.get()
                            .forEach((name, count) -> counts.merge(
                                    name, count.get(), (a, b) -> name.equals("slowest ms") ? Math.max(a, b) : a + b));
                } catch (ExecutionException fault) {
                    faults.add(String.valueOf(fault.getCause().getMessage()));
                }
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(faults).as("what the clients found").isEmpty();
        return counts;
    }

    /** Nobody works: now all ways of counting agree with each other, and with what was acknowledged. */
    private static void audit(FireServer server, List<MailboxTruth> mailboxes, Duration bound) throws Exception {
        try (ImapWire wire = new ImapWire(server.variant().imaps(), server.tls(), bound)) {
            wire.command("LOGIN " + server.account(0) + " " + server.password());
            for (MailboxTruth mailbox : mailboxes) {
                Map<Long, String> messages = messages(wire, mailbox);
                mailbox.end(messages);
                String status = String.join(
                        " ",
                        wire.command("STATUS " + mailbox.name() + " (MESSAGES UNSEEN)")
                                .lines());
                assertThat(status).contains("MESSAGES " + messages.size());
                assertThat(found(wire, "ALL")).hasSize(messages.size());
                assertThat(status).contains("UNSEEN " + found(wire, "UNSEEN").size());
                List<String> deleted = found(wire, "DELETED");
                mailbox.doom(deleted.stream().map(Long::valueOf).toList());
                ImapWire.Answer expunged = wire.command("EXPUNGE");
                assertThat(expunged.lines().stream().filter(line -> line.endsWith("EXPUNGE")))
                        .hasSize(deleted.size());
                deleted.forEach(uid -> mailbox.gone(Long.parseLong(uid)));
                mailbox.end(messages(wire, mailbox));
            }
            assertThat(counted(wire))
                    .as("the account's usage and the sum of its mailboxes")
                    .isEqualTo(usage(server));
        }
    }

    private static Map<Long, String> messages(ImapWire wire, MailboxTruth mailbox) throws IOException {
        Map<Long, String> messages = new TreeMap<>();
        ImapWire.Answer selected = wire.command("SELECT " + mailbox.name());
        assertThat(selected.ok()).isTrue();
        if (!selected.lines().contains("0 EXISTS")) {
            ImapWire.Answer fetched = wire.command("FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
            for (String line : fetched.lines()) {
                Matcher message = LINE.matcher(line);
                if (message.find()) {
                    messages.put(Long.valueOf(message.group(1)), message.group(2));
                }
            }
        }
        assertThat(selected.lines()).contains(messages.size() + " EXISTS");
        return messages;
    }

    private static List<String> found(ImapWire wire, String key) throws IOException {
        return wire.command("UID SEARCH " + key).lines().stream()
                .filter(line -> line.startsWith("SEARCH "))
                .flatMap(line -> Stream.of(line.substring(7).trim().split(" ", -1)))
                .filter(uid -> !uid.isEmpty())
                .toList();
    }

    private static long counted(ImapWire wire) throws IOException {
        long sum = 0;
        for (String line : wire.command("LIST \"\" *").lines()) {
            String name = line.substring(line.lastIndexOf(' ') + 1);
            Matcher messages = Pattern.compile("MESSAGES (\\d+)")
                    .matcher(String.join(
                            " ", wire.command("STATUS " + name + " (MESSAGES)").lines()));
            assertThat(messages.find()).isTrue();
            sum += Long.parseLong(messages.group(1));
        }
        return sum;
    }

    private static long usage(FireServer server) throws IOException, InterruptedException {
        String quota = server.variant().administration("/quota/users/" + server.account(0));
        Matcher count =
                Pattern.compile("\"occupation\":\\{[^}]*?\"count\":(\\d+)").matcher(quota);
        assertThat(count.find()).as(quota).isTrue();
        return Long.parseLong(count.group(1));
    }

    /** What each thread of the server does, which is also left in its folder. */
    private static String threads(long process, FireServer server) throws IOException, InterruptedException {
        Path dump = server.variant().home().resolve("var/log/threads.txt");
        new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        String.valueOf(process),
                        "Thread.print")
                .redirectErrorStream(true)
                .redirectOutput(dump.toFile())
                .start()
                .waitFor();
        return Files.readString(dump);
    }

    private static List<String> faults(FireServer server) throws IOException {
        List<String> lines = Files.readAllLines(server.variant().home().resolve("var/log/server.log"));
        List<String> faults = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String fault = String.join("\n", lines.subList(i, Math.min(lines.size(), i + 3)));
            if (FAULTS.matcher(lines.get(i)).matches()
                    && !HUNG_UP.matcher(fault).matches()) {
                faults.add(fault);
            }
        }
        return faults;
    }
}
