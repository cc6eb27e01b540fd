/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.smtp.SmtpTestServer.Listener;

/** SMTP smuggling and lines that James can't take. */
@Tag("james-3.8")
class StrictLinesFilterTest {
    private static final int MX = 0;
    private static final int STOCK = 1;
    private static final int STOCK_CORE = 2;
    private static final String SMUGGLED = "MAIL FROM:<ceo@ours.example>\r\nRCPT TO:<alice@ours.example>\r\nDATA\r\n"
            + "Subject: smuggled\r\n\r\nPay.\r\n.\r\nQUIT\r\n";

    private static SmtpTestServer server;

    @BeforeAll
    static void start(@TempDir Path home) throws Exception {
        server = SmtpTestServer.start(
                home, null, Listener.mx(), Listener.stock(), Listener.mx().stockCore());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void emptySpool() {
        server.spool().clear();
    }

    /** Each way to end a message that some server takes for an end, but that is none (RFC 5321, section 4.1.1.4). */
    static Stream<String> falseEnds() {
        return Stream.of(
                "\n.\n",
                "\n.\r\n",
                "\r.\r",
                "\r.\r\n",
                "\r.\n",
                "\r\n.\n",
                "\r\n.\r",
                "\r\n.\r\r\n",
                "\n\n.\r\n",
                "\r\r\n.\r\n",
                "\r\n\n.\r\n",
                "\r\n.\n\r\n",
                "\r\n\0.\r\n\n");
    }

    @ParameterizedTest
    @MethodSource("falseEnds")
    void aFalseEndSmugglesNothing(String end) throws IOException {
        for (boolean together : new boolean[] {true, false}) {
            for (int listener : new int[] {MX, STOCK_CORE}) {
                try (SmtpClient client = server.connect(listener)) {
                    client.ehlo().envelope("f@foreign.example", "alice@ours.example");
                    String innocent = "Subject: innocent\r\n\r\nHello";
                    if (together) {
                        client.send(innocent + end + SMUGGLED);
                    } else {
                        client.sendInSegments(innocent, end, SMUGGLED);
                    }
                    assertThat(client.untilClosed()).startsWith("554 5.5.2 ").hasLineCount(1);
                }
            }
        }
        assertThat(server.spool().mails()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\rb\r\n", "\rb\r\n", "a\r\r\n", "a\n", "\n", "a\r\n\n"})
    void aBareLineEndAnywhereIsRefused(String text) throws IOException {
        try (AuditRecorder audit = new AuditRecorder();
                SmtpClient client = server.connect(MX)) {
            client.ehlo().envelope("f@foreign.example", "alice@ours.example");
            client.send("Subject: x\r\n\r\n" + text + ".\r\n");
            assertThat(client.untilClosed()).startsWith("554 5.5.2 ").hasLineCount(1);
            assertThat(audit.events("bare-line-end")).hasSize(1);
        }
        assertThat(server.spool().mails()).isEmpty();
    }

    /** A next server that leaves NULs out would see the end of the message. */
    @ParameterizedTest
    @ValueSource(strings = {"\0.\r\n", "a\0b\r\n", "\0\r\n"})
    void aNulIsRefused(String text) throws IOException {
        for (String before : new String[] {"", "Subject: x\r\n\r\n"}) {
            try (AuditRecorder audit = new AuditRecorder();
                    SmtpClient client = server.connect(MX)) {
                client.ehlo().envelope("f@foreign.example", "alice@ours.example");
                client.send(before + text + SMUGGLED);
                assertThat(client.untilClosed()).startsWith("554 5.5.2 ").hasLineCount(1);
                assertThat(audit.events("nul")).hasSize(1);
            }
        }
        assertThat(server.spool().mails()).isEmpty();
    }

    @Test
    void aHeaderThatIsTooLongIsRefusedAtTheEnd() throws IOException {
        for (String header :
                new String[] {"X: y\r\n".repeat(20_001), ("X: " + "y".repeat(980) + "\r\n").repeat(1_100)}) {
            try (AuditRecorder audit = new AuditRecorder();
                    SmtpClient client = server.connect(MX)) {
                client.ehlo().envelope("f@foreign.example", "alice@ours.example");
                client.send(header + "\r\nbody\r\n.\r\n");
                assertThat(client.reply()).startsWith("554 5.6.0 ");
                assertThat(audit.events("header-too-long")).hasSize(1);
                client.envelope("f@foreign.example", "alice@ours.example");
                client.send("Subject: x\r\n\r\n" + header + ".\r\n").expect(250);
            }
            assertThat(server.spool().only().content()).endsWith(header);
            server.spool().clear();
        }
    }

    @Test
    void aMessageInOrderIsTakenAsItCame() throws IOException {
        String message = "From: f@foreign.example\r\nSubject: bear\r\n\r\n..dot\r\n\u0002\u0001\u00ff\r\n\r\nx\r\n";
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().envelope("f@foreign.example", "alice@ours.example");
            client.send(message + ".\r\n").expect(250);
            client.command("NOOP", "250");
        }
        assertThat(server.spool().only().content())
                .endsWith(
                        "\r\nFrom: f@foreign.example\r\nSubject: bear\r\n\r\n.dot\r\n\u0002\u0001\u00ff\r\n\r\nx\r\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 998, 8190})
    void aLineThatJamesCanTakeIsTakenWhole(int length) throws IOException {
        String line = "x".repeat(length);
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().envelope("f@foreign.example", "alice@ours.example");
            client.send("Subject: long\r\n\r\n" + line + "\r\n.\r\n").expect(250);
        }
        assertThat(server.spool().only().content()).endsWith("\r\n\r\n" + line + "\r\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {8193, 20_000, 1_000_000})
    void aLongerOneMakesTheMessageBeRefusedAtItsEnd(int length) throws IOException {
        for (String before : new String[] {"", "Subject: long\r\n\r\n"}) {
            try (AuditRecorder audit = new AuditRecorder();
                    SmtpClient client = server.connect(MX)) {
                client.ehlo().envelope("f@foreign.example", "alice@ours.example");
                client.send(before + "x".repeat(length) + "\r\nlast line\r\n.\r\n");
                assertThat(client.reply()).startsWith("554 5.6.0 ");
                assertThat(audit.events("line-too-long")).hasSize(1);
                // The connection is good for another message.
                client.envelope("f@foreign.example", "alice@ours.example");
                client.send(SmtpClient.message("Short")).expect(250);
            }
            assertThat(server.spool().only().content()).contains("body of short");
            server.spool().clear();
        }
    }

    @Test
    void soItIsOverTls() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().startTls().ehlo().envelope("f@foreign.example", "alice@ours.example");
            client.send("Subject: long\r\n\r\n" + "x".repeat(50_000) + "\r\nlast line\r\n.\r\n");
            assertThat(client.reply()).startsWith("554 5.6.0 ");
            client.command("QUIT", "221");
        }
        assertThat(server.spool().mails()).isEmpty();
    }

    @Test
    void aLongLineHidesNoFalseEnd() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().envelope("f@foreign.example", "alice@ours.example");
            client.send("Subject: x\r\n\r\n" + "x".repeat(9000) + "\r\n\n.\r\n" + SMUGGLED);
            assertThat(client.untilClosed()).startsWith("554 5.5.2 ").hasLineCount(1);
        }
        assertThat(server.spool().mails()).isEmpty();
    }

    @Test
    void aLongCommandIsRefusedAndHarmless() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<f@foreign.example> " + "X".repeat(9000), "500");
            client.command("RCPT TO:<alice@ours.example>", "503");
            client.envelope("f@foreign.example", "alice@ours.example");
            client.send(SmtpClient.message("Hello")).expect(250);
        }
        assertThat(server.spool().only().content()).contains("body of hello");
    }

    @Test
    void jamesAloneAnswersInTheMiddleAndTakesTheRest() throws IOException {
        try (SmtpClient client = server.connect(STOCK)) {
            client.ehlo().envelope("f@foreign.example", "alice@ours.example");
            client.send("Subject: x\r\n\r\n" + "x".repeat(9000) + "\r\nlast line\r\n.\r\n");
            client.expect(500).expect(250);
        }
        assertThat(server.spool().only().content()).contains("last line").doesNotContain("xxx");
    }

    @Test
    void jamesAloneTakesABareCr() throws IOException {
        try (SmtpClient client = server.connect(STOCK)) {
            client.ehlo().envelope("f@foreign.example", "alice@ours.example");
            client.send("Subject: x\r\n\r\nHello\r.\r\n.\r\n").expect(250);
        }
        assertThat(server.spool().only().content()).contains("Hello\r.\r\n");
    }
}
