/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.rempart.testsupport.RawClient;

@DisplayName("Hostile and heavy clients are cut off, and everybody else is served")
// Nearly all of the time they wait, each for the end of its own connections.
@Execution(ExecutionMode.CONCURRENT)
class ConnectionLimitsContractTest {
    private static final Duration DRIP = Duration.ofMillis(300);
    private static final int LIMIT = 5;
    private static final int MESSAGE_SIZE = 26 * 1024 * 1024;
    private static final String PASSWORD = "correct horse";
    private static final AtomicInteger ADDRESSES = new AtomicInteger();

    private static Variant server;
    private static String domain;

    @BeforeAll
    static void start() throws Exception {
        domain = Trial.server().domain();
        server = new Variant("limits");
        server.edit(
                "smtpserver.xml",
                "<maxExecutorCount>32</maxExecutorCount>",
                "$0<commandDeadline>4</commandDeadline><dataGrace>4</dataGrace><dataRate>1000</dataRate>"
                        + "<handshakeDeadline>5</handshakeDeadline>");
        server.edit("smtpserver.xml", "<connectiontimeout>300<", "<connectiontimeout>10<");
        server.edit("smtpserver.xml", "<connectionLimitPerIP>20<", "<connectionLimitPerIP>" + LIMIT + "<");
        server.edit("smtpserver.xml", "<maxmessagesize>25M<", "<maxmessagesize>100K<");
        server.edit(
                "imapserver.xml",
                "<timeout>1800</timeout>",
                "$0<loginDeadline>10</loginDeadline><handshakeDeadline>5</handshakeDeadline>");
        server.start();
        server.addUser("limits@" + domain, PASSWORD);
    }

    @AfterAll
    static void stop() throws IOException {
        if (server != null) {
            server.close();
        }
    }

    private static InetAddress nextAddress() throws IOException {
        return InetAddress.getByName("127.0.1." + ADDRESSES.incrementAndGet());
    }

    /** An MX connection, from an address that no other test has. */
    private static RawClient smtp() throws IOException {
        return smtp(nextAddress());
    }

    /** Once the address has fewer connections than it may have. */
    private static RawClient smtp(InetAddress from) {
        return await().atMost(Duration.ofSeconds(60))
                .until(
                        () -> {
                            RawClient client = new RawClient(from, server.smtp());
                            if (client.line().startsWith("220 ")) {
                                return client;
                            }
                            client.close();
                            return null;
                        },
                        client -> client != null);
    }

    private static RawClient message() throws IOException {
        RawClient client = smtp();
        assertThat(client.command("EHLO client.example")).startsWith("250 ");
        assertThat(client.command("MAIL FROM:<f@client.example>")).startsWith("250 ");
        assertThat(client.command("RCPT TO:<limits@" + domain + ">")).startsWith("250 ");
        assertThat(client.command("DATA")).startsWith("354 ");
        return client;
    }

    @Test
    void oneAddressMayHaveSoManyConnectionsAndIsServedAgainWhenItHasFewer() throws Exception {
        InetAddress from = nextAddress();
        List<RawClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < LIMIT; i++) {
                clients.add(smtp(from));
            }
            for (int i = 0; i < LIMIT; i++) {
                try (RawClient refused = new RawClient(from, server.smtp())) {
                    assertThat(refused.untilClosed()).isEqualTo("421 4.7.0 Too many connections\r\n");
                }
            }
            assertThat(clients.get(0).command("NOOP")).startsWith("250 ");
            clients.remove(0).close();
            clients.add(smtp(from));
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void aCommandThatComesByteByByteIsCutOff() throws Exception {
        try (RawClient client = smtp()) {
            assertThat(client.drip("E", DRIP)).isEqualTo("421 4.4.2 The command comes too slowly\r\n");
        }
        try (RawClient client = new RawClient(server.submissions()).tls()) {
            assertThat(client.line()).startsWith("220 ");
            assertThat(client.drip("E", DRIP)).isEqualTo("421 4.4.2 The command comes too slowly\r\n");
        }
    }

    @Test
    void aHandshakeThatDoesNotEndIsCutOff() throws Exception {
        try (RawClient client = new RawClient(server.submissions())) {
            assertThat(client.untilClosed()).isEmpty();
        }
        try (RawClient client = new RawClient(server.imaps())) {
            // A handshake record of 512 bytes that never comes.
            client.send(new byte[] {22, 3, 1, 2, 0});
            assertThat(client.drip("\1", DRIP)).isEmpty();
        }
        try (RawClient client = smtp()) {
            client.command("EHLO client.example");
            assertThat(client.command("STARTTLS")).startsWith("220 ");
            assertThat(client.untilClosed()).doesNotContain("250");
        }
    }

    @Test
    void aMessageThatComesDropByDropIsCutOff() throws Exception {
        try (RawClient client = message()) {
            assertThat(client.drip("a\r\n", DRIP)).isEqualTo("421 4.4.2 The message comes too slowly\r\n");
        }
    }

    @Test
    void whoSaysNothingIsCutOff() throws Exception {
        try (RawClient client = smtp()) {
            assertThat(client.untilClosed()).isEqualTo("421 4.4.2 Idle for too long\r\n");
        }
    }

    @Test
    void whoErrsAllTheTimeIsCutOff() throws Exception {
        try (RawClient client = smtp()) {
            client.send("XYZZY\r\n".repeat(25));
            String said = client.untilClosed();
            assertThat(said).endsWith("421 4.7.0 Too many errors\r\n");
            assertThat(said.lines()).hasSize(21);
        }
    }

    @Test
    void aMessageThatIsTooBigIsAnsweredAndOneWithoutEndIsCutOff() throws Exception {
        String line = "0123456789".repeat(7) + "\r\n";
        try (RawClient client = message()) {
            client.send(line.repeat(150 * 1024 / line.length()));
            assertThat(client.command(".")).isEqualTo("552 5.3.4 Message too big\r\n");
            assertThat(client.command("NOOP")).startsWith("250 ");
        }
        try (RawClient client = message()) {
            assertThat(client.drip(line.repeat(100), Duration.ofMillis(1))).isEqualTo("552 5.3.4 Message too big\r\n");
        }
    }

    @Test
    void nobodySendsMuchToImapBeforeLogin() throws Exception {
        for (String begin : new String[] {"a LOGIN {2000000000}\r\n", "a LOGIN {2000000000+}\r\n", "a LOGIN "}) {
            try (RawClient client = new RawClient(server.imap())) {
                assertThat(client.line()).startsWith("* OK ");
                client.send(begin);
                if (begin.endsWith("0}\r\n")) {
                    assertThat(client.line()).startsWith("+ ");
                }
                String said = client.drip("0123456789".repeat(200), Duration.ofMillis(1));
                assertThat(said).endsWith("* BYE Too much before login\r\n");
            }
        }
    }

    @Test
    void nobodyStaysInImapWithoutLogin() throws Exception {
        try (RawClient client = new RawClient(server.imap())) {
            assertThat(client.line()).startsWith("* OK ");
            assertThat(client.untilClosed()).isEqualTo("* BYE No login within 10 seconds\r\n");
        }
    }

    @Test
    void imapDoesNotNameTheProduct() throws Exception {
        try (RawClient client = new RawClient(server.imaps()).tls()) {
            String said =
                    client.send("a CAPABILITY\r\nb ID NIL\r\nc LOGOUT\r\n").untilClosed();
            assertThat(said).startsWith("* OK ").contains("\r\nc OK ");
            assertThat(said.toLowerCase(Locale.ROOT)).doesNotContain("james");
        }
    }

    @Test
    void aMessageOfTheLargestSizeCanBeAppended() throws Exception {
        try (RawClient client = new RawClient(server.imaps()).tls()) {
            assertThat(client.line()).startsWith("* OK ");
            client.send("a LOGIN \"limits@" + domain + "\" \"" + PASSWORD + "\"\r\n");
            assertThat(tagged(client, "a")).startsWith("a OK");
            client.send("b APPEND INBOX {" + MESSAGE_SIZE + "}\r\n");
            assertThat(client.line()).startsWith("+ ");
            byte[] line = ("0123456789".repeat(102) + "AB\r\n").getBytes(StandardCharsets.US_ASCII);
            byte[] head = ("Subject: " + "x".repeat(1011) + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
            client.send(head);
            for (int i = 1; i < MESSAGE_SIZE / line.length; i++) {
                client.send(line);
            }
            client.send("\r\n");
            assertThat(tagged(client, "b")).startsWith("b OK");
        }
    }

    private static String tagged(RawClient client, String tag) throws IOException {
        String line = client.line();
        while (!line.isEmpty() && !line.startsWith(tag + " ")) {
            line = client.line();
        }
        return line;
    }

    @Test
    void withoutRoomForAMessageTheClientKeepsIt() throws Exception {
        try (Variant full = new Variant("no-room")) {
            full.edit(
                    "smtpserver.xml",
                    "<handlerchain coreHandlersPackage=\"org.rempart.smtp.MxHandlers\" enableJmx=\"false\">",
                    "<handlerchain coreHandlersPackage=\"org.rempart.smtp.MxHandlers\" enableJmx=\"false\"><handler class=\"org.rempart.smtp.QueueSpaceHook\"><reserve>100000000000000000</reserve></handler>");
            full.start();
            try (RawClient client = new RawClient(full.smtp())) {
                client.line();
                client.command("EHLO client.example");
                assertThat(client.command("MAIL FROM:<f@client.example> SIZE=100"))
                        .isEqualTo("452 4.3.1 Insufficient system storage\r\n");
                assertThat(client.command("NOOP")).startsWith("250 ");
            }
        }
    }
}
