/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Whole IMAP sessions of commands that are right, nearly right and wrong, before and after the login. Whatever comes is
 * answered or ends in BYE, nothing is read that belongs to others, and the server is afterwards as it was before.
 */
@Tag("fire")
@DisplayName("IMAP sessions of anything at all")
class ImapFuzzTest {
    private static final int CLIENTS = 4;
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final String SECRET = "for-the-other-alone";

    /** Bytes that are announced at a line's end and were not sent: the server waits for them. */
    private static final Pattern ANNOUNCED = Pattern.compile("(?s).*[{](\\d+)[+]?}\\r?\\n?(.*)");

    private static final Pattern TAGGED = Pattern.compile("f\\d+ (OK|NO|BAD)\\b.*", Pattern.DOTALL);
    private static final Pattern HARMLESS =
            Pattern.compile("(?i)(CAPABILITY|NOOP|ID|NAMESPACE|LOGOUT|ENABLE)\\b.*", Pattern.DOTALL);

    @Test
    void everyCommandIsAnsweredAndNobodySeesWhatIsNotHis() throws Exception {
        int sessions = Fire.rounds(60, 2500) * CLIENTS;
        try (FireServer server = FireServer.make("imap-fuzz")) {
            server.variant().edit("imapserver.xml", "<connectionLimitPerIP>\\d+<", "<connectionLimitPerIP>400<");
            server.startNew();
            fill(server, server.account(1), SECRET);
            fill(server, server.account(0), "own");
            session(server, "warm", false, new TreeMap<>());
            int threads = threads(server);

            Map<String, AtomicInteger> answers = new TreeMap<>();
            ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
            List<String> faults = new ArrayList<>();
            try {
                List<Future<?>> running = new ArrayList<>();
                for (int i = 0; i < sessions; i++) {
                    String name = "s" + i;
                    running.add(clients.submit((Callable<Void>) () -> {
                        session(server, name, name.hashCode() % 5 == 0, answers);
                        return null;
                    }));
                }
                for (Future<?> session : running) {
                    try {
                        session.get();
                    } catch (ExecutionException fault) {
                        faults.add(String.valueOf(fault.getCause()));
                    }
                }
            } finally {
                clients.shutdownNow();
            }
            Fire.figures("IMAP fuzz", sessions + " sessions, " + answers);
            assertThat(faults).isEmpty();
            try (ImapWire wire = new ImapWire(server.variant().imaps(), server.tls(), BOUND)) {
                assertThat(wire.command("LOGIN " + server.account(1) + " " + server.password())
                                .ok())
                        .isTrue();
                assertThat(wire.command("SELECT INBOX").lines()).contains("1 EXISTS");
                assertThat(wire.command("FETCH 1 (FLAGS BODY.PEEK[])").lines())
                        .anyMatch(line -> line.contains(SECRET) && !line.contains("Deleted"));
            }
            Awaitility.await("as many threads as before, " + threads)
                    .atMost(Duration.ofMinutes(2))
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> threads(server) <= threads + 20);
            try (Stream<String> log = Files.lines(server.variant().home().resolve("var/log/server.log"))) {
                assertThat(log.filter(line -> line.contains("StackOverflowError")
                                || line.contains("OutOfMemoryError")
                                || line.contains("was not answered within")))
                        .isEmpty();
            }
        }
    }

    private static void fill(FireServer server, String account, String text) throws IOException {
        try (ImapWire wire = new ImapWire(server.variant().imaps(), server.tls(), BOUND)) {
            String message = "Subject: " + text + "\r\n\r\n" + text + "\r\n";
            assertThat(wire.command("LOGIN " + account + " " + server.password())
                            .ok())
                    .isTrue();
            assertThat(wire.command("APPEND INBOX {" + message.length() + "+}\r\n" + message)
                            .ok())
                    .isTrue();
        }
    }

    private static void session(FireServer server, String name, boolean unknown, Map<String, AtomicInteger> answers)
            throws IOException {
        Random random = Fire.random(name);
        ImapGrammar grammar = new ImapGrammar(random, server.account(1));
        try (ImapWire wire = new ImapWire(server.variant().imaps(), server.tls(), BOUND)) {
            if (!unknown) {
                assertThat(wire.command("LOGIN " + server.account(0) + " " + server.password())
                                .ok())
                        .isTrue();
                wire.command("SELECT INBOX");
            }
            for (int i = 0; i < 15; i++) {
                String command = grammar.command();
                String answer = exchange(wire, name, i, command, unknown);
                synchronized (answers) {
                    answers.computeIfAbsent(answer, any -> new AtomicInteger()).incrementAndGet();
                }
                if (List.of("BYE", "waits", "injected").contains(answer)) {
                    return;
                }
            }
        }
    }

    /** Sends a command, and NOOPs until one is answered. */
    private static String exchange(ImapWire wire, String name, int number, String command, boolean unknown)
            throws IOException {
        String what = name + ": " + printable(command);
        String mark = "f" + number + " ";
        String answer = "none";
        int ahead = 0;
        try {
            wire.sendLine(mark + command);
            if (waits(command)) {
                return "waits";
            }
            for (int again = 0; again < 4; again++) {
                String end = "n" + number + "x" + again + " ";
                wire.sendLine(end + "NOOP");
                ahead++;
                while (true) {
                    String line = wire.line();
                    if (line.contains(SECRET)) {
                        throw new AssertionError(what + " shows what is another's: " + line);
                    }
                    if (line.startsWith("* BYE")) {
                        return "BYE";
                    }
                    Matcher tagged = TAGGED.matcher(line);
                    if (tagged.matches() && line.startsWith(mark)) {
                        answer = tagged.group(1);
                        if (unknown
                                && answer.equals("OK")
                                && !HARMLESS.matcher(command).matches()) {
                            throw new AssertionError(what + " is allowed before the login");
                        }
                    }
                    if (line.startsWith(end)) {
                        return answer;
                    }
                    if (line.startsWith("+")) {
                        break;
                    }
                }
            }
            return "waits";
        } catch (SocketTimeoutException silence) {
            throw new AssertionError(what + " and " + ahead + " NOOPs are not answered", silence);
        } catch (IOException ended) {
            if (command.contains("STARTTLS")) {
                // What follows it in the same packet may have been put there by another (RFC 9051, section 11.1):
                // nobody is
                // answered.
                return "injected";
            }
            throw new AssertionError(what + " ends the connection without BYE: " + ended.getMessage(), ended);
        }
    }

    /** Whether a command announces more bytes than it has. */
    private static boolean waits(String command) {
        Matcher literal = ANNOUNCED.matcher(command);
        return literal.matches()
                && (literal.group(1).length() > 9 || literal.group(2).length() < Integer.parseInt(literal.group(1)));
    }

    private static String printable(String command) {
        StringBuilder text = new StringBuilder();
        for (char c : command.substring(0, Math.min(300, command.length())).toCharArray()) {
            text.append(c >= ' ' && c < 127 ? String.valueOf(c) : String.format("\\x%02x", (int) c));
        }
        return text + (command.length() > 300 ? "… (" + command.length() + ")" : "");
    }

    private static int threads(FireServer server) throws IOException {
        try (Stream<Path> tasks =
                Files.list(Path.of("/proc/" + server.process().orElseThrow().pid() + "/task"))) {
            return (int) tasks.count();
        }
    }
}
