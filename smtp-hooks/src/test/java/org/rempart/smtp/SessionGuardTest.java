/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.smtp.SmtpTestServer.Listener;

/** What was said in clear text does not count after STARTTLS (RFC 3207). */
@Tag("james-3.8")
class SessionGuardTest {
    private static final int MX = 0;
    private static final int STOCK = 1;
    private static final int SUBMISSION = 2;

    private static SmtpTestServer server;

    @BeforeAll
    static void start(@TempDir Path home) throws Exception {
        server = SmtpTestServer.start(home, null, Listener.mx(), Listener.stock(), Listener.submission());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void emptySpool() {
        server.spool().clear();
    }

    @Test
    void starttlsForgetsTheTransaction() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<injected@foreign.example>", "250");
            client.command("RCPT TO:<alice@ours.example>", "250");
            client.startTls().ehlo();
            client.command("RCPT TO:<bob@ours.example>", "503").command("DATA", "503");
        }
    }

    @Test
    void starttlsForgetsTheGreeting() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().startTls();
            client.command("MAIL FROM:<f@foreign.example>", "503");
            client.ehlo().envelope("f@foreign.example", "alice@ours.example");
            client.send(SmtpClient.message("Hello")).expect(250);
        }
        assertThat(server.spool().only().content()).contains("with ESMTPS");
    }

    @Test
    void jamesAloneRemembersTheGreetingOfTheClearText() throws IOException {
        try (SmtpClient client = server.connect(STOCK)) {
            client.command("EHLO injected.example", "250").startTls();
            client.envelope("f@foreign.example", "alice@ours.example");
            client.send(SmtpClient.message("Hello")).expect(250);
        }
        assertThat(server.spool().only().content()).contains("injected.example");
    }

    /** Whatever follows STARTTLS in clear text, the handshake of a victim behind it must never be answered. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "STARTTLS\r\nEHLO injected.example\r\n",
                "STARTTLS\r\nMAIL FROM:<injected@foreign.example>\r\nRCPT TO:<alice@ours.example>\r\n",
                "starttls\r\nRSET\r\n",
                " STARTTLS\r\nRSET\r\n",
                "\tSTARTTLS\r\nRSET\r\n",
                "STARTTLS \r\nRSET\r\n",
                "STARTTLS\nRSET\n",
                "STARTTLS\r\nNO",
                "STARTTLS\r\nRSET",
                "NOOP\r\n STARTTLS\r\nRSET\r\n",
                "NOOP\r\n STARTTLS\r\nNO",
                "NOOP\r\n\0STARTTLS\r\nNO",
                "EHLO x.example\r\nSTARTTLS\r\nMAIL FROM:<injected@foreign.example>\r\n",
            })
    void whatIsInjectedBehindStarttlsIsNeverExecuted(String injection) throws IOException {
        for (int listener : new int[] {MX, SUBMISSION}) {
            try (SmtpClient client = server.connect(listener)) {
                client.ehlo().send(injection);
                assertNothingSurvives(client);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"EHLO injected.example\r\n", "MAIL FROM:<i@foreign.example>\r\n", "NO", "\r\n", "\0"})
    void norIsItInASegmentOfItsOwn(String injected) throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("STARTTLS", "220");
            client.send(injected);
            assertThatThrownBy(() -> {
                        client.handshake();
                        client.ehlo();
                    })
                    .isInstanceOfAny(IOException.class, AssertionError.class);
            assertThat(client.untilClosed()).isEmpty();
        }
    }

    /** From the first DATA on, James's own detection is off. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "STARTTLS\r\nNOOP ",
                "STARTTLS\r\nEHLO injected.example\r\n",
                "RSET\r\nSTARTTLS\r\nMAIL FROM:<injected@foreign.example>\r\nRCPT TO:<alice@ours.example>\r\n"
            })
    void afterDataThereIsNoStarttls(String injection) throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().envelope("f@foreign.example", "alice@ours.example");
            client.send(SmtpClient.message("Hello")).expect(250);
            client.send(injection);
            String reply = client.reply();
            if (injection.startsWith("RSET")) {
                assertThat(reply).startsWith("250");
                reply = client.reply();
            }
            assertThat(reply).startsWith("503 5.5.1 STARTTLS");
        }
    }

    @Test
    void jamesAloneTakesHalfACommandAcrossStarttls() throws IOException {
        try (SmtpClient client = server.connect(STOCK)) {
            client.ehlo().envelope("f@foreign.example", "alice@ours.example");
            client.send(SmtpClient.message("Hello")).expect(250);
            client.send("STARTTLS\r\nNOOP ").expect(220);
            client.handshake();
            // The victim greets; the server has "NOOP EHLO …".
            assertThat(client.command("EHLO victim.example")).startsWith("250 2.0.0 OK");
        }
    }

    private static void assertNothingSurvives(SmtpClient client) throws IOException {
        String reply;
        do {
            reply = client.reply();
        } while (reply.startsWith("250"));
        if (reply.startsWith("220")) {
            // An attacker has relayed the 220; the victim now shakes hands, and must find the connection dead.
            boolean alive;
            try {
                client.handshake();
                reply = client.command("EHLO victim.example");
                alive = reply.startsWith("250");
            } catch (IOException dead) {
                alive = false;
            }
            assertThat(alive).as("the connection serves on: " + reply).isFalse();
        } else {
            assertThat(reply).matches("(?s)(421|451|500|503|501).*|");
            assertThat(client.untilClosed()).doesNotContain("220 ");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"NOOP\0", "MAIL FROM:<f@foreign.example\0>", "EHLO a\rb", "NO\0OP x", "XYZ\u0001", "\u007fNOOP"})
    void controlCharactersInACommandAreRefused(String command) throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command(command + " x", "500 5.5.2").command("NOOP", "250");
        }
    }

    @Test
    void starttlsTwiceIsRefusedAndHarmless() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().startTls().ehlo().command("STARTTLS", "503");
            client.envelope("f@foreign.example", "alice@ours.example");
        }
    }

    @Test
    void aDataThatWasRefusedForWantOfTlsKeepsNobodyFromTls() throws IOException {
        try (SmtpClient client = server.connect(SUBMISSION)) {
            client.ehlo()
                    .command("DATA", "530")
                    .command("DATA x", "501")
                    .startTls()
                    .ehlo();
            client.authenticate("alice@ours.example").envelope("alice@ours.example", "bob@ours.example");
        }
    }

    @Test
    void aCommandThatEndsInLfAloneIsRefusedAndHasNoEffect() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.send("EHLO client.example\nMAIL FROM:<f@foreign.example>\nDATA\r\n\nNOOP\r\n");
            client.expect(500).expect(500).expect(503).expect(500).expect(250);
            client.ehlo().envelope("f@foreign.example", "alice@ours.example");
            client.send(SmtpClient.message("Hello")).expect(250);
        }
        assertThat(server.spool().only().content()).contains("Hello");
    }

    @Test
    void nothingBehindALineEndInAnAddressIsACommand() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo();
            client.send("MAIL FROM:<f@foreign.example>\nRCPT TO:<alice@ours.example>\n> SIZE=1\r\n");
            client.expect(500).expect(500).expect(500);
            client.command("RCPT TO:<bob@ours.example>", "503");
        }
    }

    @Test
    void anAnswerToAuthThatEndsInLfAloneLogsNobodyIn() throws IOException {
        try (SmtpClient client = server.connect(SUBMISSION)) {
            client.ehlo().startTls().ehlo().command("AUTH PLAIN", "334");
            client.send(SmtpClient.plain("alice@ours.example", SmtpTestServer.PASSWORD) + "\n");
            client.expect(500);
            client.command("MAIL FROM:<alice@ours.example>", "530");
        }
    }
}
