/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.testsupport.RawClient;

/**
 * Large messages on many connections at once, in a small heap. {@code -Drempart.memory.connections=50} is the long form;
 * {@code -Drempart.memory.discard=true} measures SMTP alone, with a pipeline that throws everything away.
 */
@Tag("heavy")
@DisplayName("Many large messages at once need no large heap")
class MemoryContractTest {
    private static final int CONNECTIONS = Integer.getInteger("rempart.memory.connections", 20);
    private static final int MESSAGE_BYTES = 25 * 1000 * 1000;
    private static final String PASSWORD = "correct horse";
    private static final Pattern SIZE = Pattern.compile("RFC822\\.SIZE ([0-9]+)");

    @Test
    void largeMessagesOnManyConnectionsAreAllTaken() throws Exception {
        String domain = Trial.server().domain();
        try (Variant server = new Variant("memory")) {
            server.edit("jvm.options", "-Xmx\\S+", "-Xmx512m");
            server.edit(
                    "smtpserver.xml", "<connectionLimitPerIP>20<", "<connectionLimitPerIP>" + (CONNECTIONS + 1) + "<");
            boolean discard = Boolean.getBoolean("rempart.memory.discard");
            if (discard) {
                server.edit(
                        "mailetcontainer.xml",
                        "(<processor state=\"root\"[^>]*>)",
                        "$1<mailet match=\"All\" class=\"Null\"/>");
            }
            server.start();
            server.addUser("large@" + domain, PASSWORD);

            ExecutorService clients = Executors.newFixedThreadPool(CONNECTIONS);
            try {
                List<Future<String>> answers = new ArrayList<>();
                for (int i = 0; i < CONNECTIONS; i++) {
                    answers.add(clients.submit(() -> deliver(server, domain)));
                }
                for (Future<String> answer : answers) {
                    assertThat(answer.get(10, TimeUnit.MINUTES)).startsWith("250 ");
                }
            } finally {
                clients.shutdownNow();
            }
            if (!discard) {
                allArriveWhole(server, "large@" + domain);
            }
            System.out.println(CONNECTIONS + " connections, " + MESSAGE_BYTES + " bytes each: " + peakMemory(server));
            assertThat(server.run("", "status").exitCode()).isZero();
        }
    }

    private static void allArriveWhole(Variant server, String account) throws IOException {
        try (ImapClient imap = ImapClient.connectTls(server.imaps(), Mails.tls(Trial.server()))) {
            assertThat(imap.login(account, PASSWORD).ok()).isTrue();
            Awaitility.await("all in the mailbox")
                    .atMost(Duration.ofMinutes(10))
                    .pollInterval(Duration.ofSeconds(1))
                    .untilAsserted(() -> assertThat(
                                    imap.command("STATUS INBOX (MESSAGES)").lines())
                            .anyMatch(line -> line.contains("(MESSAGES " + CONNECTIONS + ")")));
            assertThat(imap.command("EXAMINE INBOX").ok()).isTrue();
            assertThat(imap.command("FETCH 1:* (RFC822.SIZE)").lines())
                    .hasSize(CONNECTIONS)
                    .allMatch(line -> sizeOf(line) >= MESSAGE_BYTES);
        }
    }

    private static int sizeOf(String fetched) {
        Matcher size = SIZE.matcher(fetched);
        assertThat(size.find()).as(fetched).isTrue();
        return Integer.parseInt(size.group(1));
    }

    private static String deliver(Variant server, String domain) throws IOException {
        byte[] lines = ("0123456789".repeat(7) + "abcdef\r\n").repeat(100).getBytes(StandardCharsets.US_ASCII);
        try (RawClient client = new RawClient(server.smtp())) {
            client.line();
            client.command("EHLO client.example");
            client.command("MAIL FROM:<f@client.example> SIZE=" + (MESSAGE_BYTES + lines.length));
            client.command("RCPT TO:<large@" + domain + ">");
            client.command("DATA");
            client.send("Subject: large\r\n\r\n");
            for (int sent = 0; sent < MESSAGE_BYTES; sent += lines.length) {
                client.send(lines);
            }
            return client.command(".");
        }
    }

    /** As the kernel has it. */
    private static String peakMemory(Variant server) throws IOException {
        String pid = Files.readString(server.home().resolve("var/rempart.pid")).trim();
        Path status = Path.of("/proc", pid, "status");
        return Files.exists(status)
                ? Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("VmHWM"))
                        .findFirst()
                        .orElse("peak unknown")
                : "peak unknown";
    }
}
