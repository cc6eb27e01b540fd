/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.smtp.SmtpTestServer.Listener;

/** Commands with parameters that they have not, or without those that they need (RFC 5321, section 4.1.1). */
@Tag("james-3.8")
class CommandParametersTest {
    private static final int MX = 0;
    private static final int SUBMISSION = 1;
    private static final int IMPLICIT_TLS = 2;
    private static final int STOCK_CORE = 3;

    private static SmtpTestServer server;

    @BeforeAll
    static void start(@TempDir Path home) throws Exception {
        server = SmtpTestServer.start(
                home,
                "<policy><tls><clients>optional</clients></tls></policy>",
                Listener.mx(),
                Listener.submission(),
                Listener.submission().implicitTls(),
                Listener.mx().stockCore());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    STARTTLS x | 501 5.5.4
                    starttls x=y | 501 5.5.4
                    ' STARTTLS x' | 501 5.5.4
                    STARTTLSX | 500 5.5.1
                    RSET x | 501 5.5.4
                    QUIT x | 501 5.5.4
                    DATA x | 501 5.5.4
                    NOOP | 250
                    NOOP x | 250
                    HELP | 502 5.3.3
                    HELP MAIL | 502 5.3.3
                    VRFY | 502 5.3.3
                    VRFY alice | 502 5.3.3
                    EXPN | 502 5.3.3
                    EXPN team | 502 5.3.3
                    EHLO | 501 5.5.4
                    HELO | 501 5.5.4
                    MAIL | 501 5.5.4
                    MAIL x | 501 5.5.4
                    XYZZY | 500 5.5.1
                    """)
    void theAnswerIsRightAndTheConversationGoesOn(String command, String answer) throws IOException {
        for (int listener : new int[] {MX, STOCK_CORE}) {
            try (SmtpClient client = server.connect(listener)) {
                client.ehlo().command(command, answer);
                client.startTls().ehlo().command(command, answer);
                client.command("NOOP", "250");
            }
        }
    }

    @Test
    void anEnvelopeNeedsItsAddresses() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("RCPT", "501 5.5.4").command("RCPT x", "501 5.5.4");
            client.command("MAIL FROM:<f@foreign.example>", "250");
            client.command("RCPT", "501 5.5.4").command("RCPT x", "501 5.5.4");
            client.command("RCPT TO:<alice@ours.example>", "250");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"RSET x", "QUIT x", "DATA x", "STARTTLS x"})
    void whatIsRefusedHasNoEffect(String command) throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<f@foreign.example>", "250");
            client.command("RCPT TO:<alice@ours.example>", "250");
            client.command(command, "501 5.5.4");
            client.command("DATA", "354").send(SmtpClient.message("Hello")).expect(250);
        }
    }

    @Test
    void aCommandMayComeInSegments() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo();
            client.sendInSegments("ST", "ARTTLS", " x", "\r\n").expect(501);
            client.sendInSegments("NO", "OP STARTTLS x\r\n").expect(250);
            client.sendInSegments("STARTTLS", "\r\n").expect(220);
            client.handshake();
            client.ehlo();
        }
    }

    @Test
    void startTlsOutOfPlaceDoesNotEndTheConversation() throws IOException {
        try (SmtpClient client = server.connect(SUBMISSION)) {
            client.ehlo().startTls().ehlo().command("STARTTLS", "503 5.5.1");
            client.authenticate("alice@ours.example").command("STARTTLS", "503 5.5.1");
            client.command("NOOP", "250");
        }
        try (SmtpClient client = server.connectTls(IMPLICIT_TLS)) {
            client.ehlo().command("STARTTLS", "500 5.5.1");
            client.command("STARTTLS x", "501 5.5.4");
            client.authenticate("alice@ours.example");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "STARTTLS\r\nNOOP\r\n",
                "STARTTLS\r\nNO",
                "STARTTLS x\r\nNOOP\r\n",
                "NOOP\r\nSTARTTLS\r\n",
            })
    void whatComesWithStartTlsIsAnInjection(String segment) throws IOException {
        try (AuditRecorder trail = new AuditRecorder();
                SmtpClient client = server.connect(MX)) {
            client.ehlo().send(segment);
            assertThat(client.untilClosed()).startsWith("421 4.7.0").hasLineCount(1);
            assertThat(trail.events("command-injection")).hasSize(1);
        }
    }
}
