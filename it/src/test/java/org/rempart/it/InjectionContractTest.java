/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.it.contract.Contract;
import org.rempart.it.contract.NotIn;
import org.rempart.it.contract.Way;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;

@Contract
@DisplayName("What a peer or somebody in between injects has no effect")
class InjectionContractTest {
    private final Endpoints server = Trial.server();

    @ParameterizedTest
    @ValueSource(strings = {"\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r.\r\n", "\r\n.\r", "\n"})
    void aSmuggledMessageIsNotAccepted(String end) throws Exception {
        String smuggled = Mails.marker();
        String segment = "From: <x@outside.example>\r\n\r\nfirst" + end + "RSET\r\nMAIL FROM:<ceo@" + server.domain()
                + ">\r\nRCPT TO:<" + server.user2() + ">\r\nDATA\r\nSubject: " + smuggled + "\r\n\r\nsecond\r\n.\r\n";
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            client.command("EHLO outside.example");
            client.command("MAIL FROM:<x@outside.example>");
            client.command("RCPT TO:<" + server.user2() + ">");
            assertThat(client.command("DATA").code()).isEqualTo(354);
            client.write(segment);
            SmtpReply reply = client.read();
            assertThat(reply.refused()).as(reply.toString()).isTrue();
        }
        Mails.settle(server);
        assertThat(inbox()).noneMatch(mail -> mail.contains(smuggled));
    }

    private List<String> inbox() throws IOException {
        try (var imap = org.rempart.quickstart.client.ImapClient.connectTls(server.imaps(), Mails.tls(server))) {
            imap.login(server.user2(), server.password2());
            return imap.messages("INBOX").stream().map(Mails::text).toList();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"STARTTLS\r\n", " STARTTLS\r\n", "NOOP\r\n STARTTLS\r\n", "STARTTLS \r\n", "starttls\r\n"})
    void commandsBehindStartTlsInOneSegmentDoNothing(String startTls) throws Exception {
        for (InetSocketAddress address : List.of(server.smtp(), server.submission())) {
            try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
                socket.setSoTimeout((int) Mails.PATIENCE.toMillis());
                InputStream in = socket.getInputStream();
                reply(in);
                socket.getOutputStream().write("EHLO outside.example\r\n".getBytes(StandardCharsets.US_ASCII));
                reply(in);
                socket.setSoTimeout(1500);
                socket.getOutputStream()
                        .write((startTls + "EHLO in-between.example\r\nMAIL FROM:<x@outside.example>\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                String answers = read(in) + read(in);
                assertThat(answers).doesNotContain("2.1.0");
                assertThat(answers).doesNotContain("250-");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "STARTTLS x,501",
        "RSET x,501",
        "QUIT x,501",
        "DATA x,501",
        "NOOP x,250",
        "HELP x,502",
        "VRFY x,502",
        "EXPN x,502",
        "EHLO,501",
        "MAIL x,501"
    })
    void aCommandWithAWrongParameterIsAnsweredAndTheConversationGoesOn(String command, int code) throws Exception {
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            client.command("EHLO outside.example");
            assertThat(client.command(command).code()).isEqualTo(code);
            client.startTls(Mails.tls(server));
            client.command("EHLO outside.example");
            assertThat(client.command(command).code()).isEqualTo(code);
            assertThat(client.command("NOOP").code()).isEqualTo(250);
        }
    }

    /** Reads a whole reply. */
    private static void reply(InputStream in) throws IOException {
        String line;
        do {
            StringBuilder octets = new StringBuilder();
            for (int octet = in.read(); octet >= 0 && octet != '\n'; octet = in.read()) {
                octets.append((char) octet);
            }
            line = octets.toString();
        } while (line.length() > 3 && line.charAt(3) == '-');
    }

    /** What comes within a second and a half, or until the server closes. */
    private static String read(InputStream in) throws IOException {
        StringBuilder text = new StringBuilder();
        byte[] buffer = new byte[8192];
        try {
            int count = in.read(buffer);
            if (count > 0) {
                text.append(new String(buffer, 0, count, StandardCharsets.ISO_8859_1));
            }
        } catch (SocketTimeoutException | SocketException silent) {
            // Nothing more to come.
        }
        return text.toString();
    }

    @Test
    void whatWasSaidBeforeStartTlsIsForgotten() throws Exception {
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            client.command("EHLO in-between.example");
            client.command("MAIL FROM:<in-between@outside.example>");
            client.command("RCPT TO:<" + server.user2() + ">");
            client.startTls(Mails.tls(server));
            assertThat(client.command("DATA").code()).isEqualTo(503);
            assertThat(client.command("MAIL FROM:<x@outside.example>").code()).isEqualTo(503);
            client.command("EHLO outside.example");
            assertThat(client.command("MAIL FROM:<x@outside.example>").code()).isEqualTo(250);
        }
    }

    @Test
    @NotIn(
            value = Way.DROP_IN,
            because =
                    "James itself drops lines above 8192 bytes: their message is refused, which CorpusContractTest shows")
    void aLongLineArrivesWhole() throws Exception {
        String marker = Mails.marker();
        String line = "x".repeat(100_000);
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            client.command("EHLO outside.example");
            assertThat(client.send(
                                    "x@outside.example",
                                    List.of(server.user2()),
                                    Mails.bytes("From: <x@outside.example>\r\nSubject: " + marker + "\r\n\r\n" + line
                                            + "\r\nend\r\n"))
                            .code())
                    .isEqualTo(250);
        }
        assertThat(Mails.text(Mails.awaitLocal(server, server.user2(), server.password2(), marker)))
                .contains("\r\n" + line + "\r\nend");
    }

    @Test
    void aLineWithoutEndIsRefusedAndSoIsItsMessage() throws Exception {
        String marker = Mails.marker();
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            client.command("EHLO outside.example");
            client.command("MAIL FROM:<x@outside.example>");
            client.command("RCPT TO:<" + server.user2() + ">");
            client.command("DATA");
            client.write("Subject: " + marker + "\r\n\r\n");
            SmtpReply reply;
            try {
                client.write("y".repeat(1 << 20) + "\r\n.\r\n");
                reply = client.read();
                assertThat(reply.refused()).as(reply.toString()).isTrue();
            } catch (IOException closed) {
                // The server closed before it took all of it, which refuses it, too.
            }
        }
        Mails.settle(server);
        assertThat(inbox()).noneMatch(mail -> mail.contains(marker));
    }

    @Test
    void commandsBeforeTheGreetingAreHarmless() throws Exception {
        try (SmtpClient client = SmtpClient.connectWithoutGreeting(server.smtp())) {
            client.write("EHLO early.example\r\nMAIL FROM:<x@outside.example>\r\nRCPT TO:<victim@partner.example>\r\n");
            assertThat(client.read().code()).isEqualTo(220);
            assertThat(client.read().code()).isEqualTo(250);
            assertThat(client.read().code()).isEqualTo(250);
            assertThat(client.read().code()).isEqualTo(550);
        }
    }
}
