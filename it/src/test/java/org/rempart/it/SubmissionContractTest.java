/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.it.contract.Contract;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;

@Contract
@DisplayName("A: authentication")
class SubmissionContractTest {
    private final Endpoints server = Trial.server();

    @Test
    void a1_noMailBeforeAnAccountIsProved() throws Exception {
        try (SmtpClient client = SmtpClient.connect(server.submission())) {
            client.command("EHLO client.example");
            client.startTls(Mails.tls(server));
            client.command("EHLO client.example");
            assertThat(client.command("MAIL FROM:<" + server.user() + ">").toString())
                    .isEqualTo("530 5.7.0 Authentication required");
        }
        try (SmtpClient client = SmtpClient.connectTls(server.submissions(), Mails.tls(server))) {
            client.command("EHLO client.example");
            assertThat(client.command("MAIL FROM:<" + server.user() + ">").toString())
                    .isEqualTo("530 5.7.0 Authentication required");
        }
    }

    @Test
    void a1_anAccountSendsInsideAndOutside() throws Exception {
        for (boolean implicit : List.of(true, false)) {
            String marker = Mails.marker();
            try (SmtpClient client = implicit
                    ? SmtpClient.connectTls(server.submissions(), Mails.tls(server))
                    : Mails.submission(server)) {
                if (implicit) {
                    client.command("EHLO client.example");
                    assertThat(client.authLogin(server.user(), server.password())
                                    .code())
                            .isEqualTo(235);
                }
                assertThat(client.send(
                                        server.user(),
                                        List.of(server.user2(), "partner@partner.example"),
                                        Mails.message(server.user(), server.user2(), marker))
                                .code())
                        .isEqualTo(250);
            }
            Mails.awaitLocal(server, server.user2(), server.password2(), marker);
            Mails.awaitRemote(server, marker);
        }
    }

    @Test
    void a1_aWrongPasswordIsRefused() throws Exception {
        try (SmtpClient client = SmtpClient.connectTls(server.submissions(), Mails.tls(server))) {
            client.command("EHLO client.example");
            assertThat(client.authPlain(server.user(), "wrong").code()).isEqualTo(535);
            assertThat(client.command("MAIL FROM:<" + server.user() + ">").code())
                    .isEqualTo(530);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"AUTH PLAIN %s", "auth plain %s", "AUTH PLAIN", "AUTH LOGIN", "AUTH LOGIN %s", "AUTH CRAM-MD5"})
    void a1_noPasswordInClearText(String command) throws Exception {
        String plain = Base64.getEncoder()
                .encodeToString(("\0" + server.user() + "\0" + server.password()).getBytes(StandardCharsets.UTF_8));
        for (boolean greeted : List.of(true, false)) {
            try (SmtpClient client = SmtpClient.connect(server.submission())) {
                if (greeted) {
                    assertThat(client.command("EHLO client.example").announces("AUTH"))
                            .as("AUTH announced in clear text")
                            .isFalse();
                }
                SmtpReply reply = client.command(String.format(command, plain));
                assertThat(reply.toString()).startsWith("538 5.7.11 ");
                // Nothing waits for a password now: the next line is a command again.
                assertThat(client.command("NOOP").code()).isEqualTo(250);
            }
        }
    }

    @Test
    void a1_nobodyLogsInAtTheMx() throws Exception {
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            assertThat(client.command("EHLO outside.example").announces("AUTH")).isFalse();
            assertThat(client.authPlain(server.user(), server.password()).toString())
                    .startsWith("503 5.5.1 ");
            client.startTls(Mails.tls(server));
            assertThat(client.command("EHLO outside.example").announces("AUTH")).isFalse();
            assertThat(client.authPlain(server.user(), server.password()).toString())
                    .startsWith("503 5.5.1 ");
        }
    }

    @Test
    void a1_nobodyWritesAsSomebodyElse() throws Exception {
        try (SmtpClient client = Mails.submission(server)) {
            assertThat(client.command("MAIL FROM:<" + server.user2() + ">").toString())
                    .startsWith("553 5.7.1 ");
            SmtpReply reply = client.send(
                    server.user(),
                    List.of("partner@partner.example"),
                    Mails.message(server.user2(), "partner@partner.example", Mails.marker()));
            assertThat(reply.refused()).as("From of another account: " + reply).isTrue();
        }
    }

    @Test
    void a2_whoSentWhatWhenFromWhere() throws Exception {
        String marker = Mails.marker();
        try (SmtpClient client = Mails.submission(server)) {
            client.send(
                    server.user(),
                    List.of("partner@partner.example"),
                    Mails.message(server.user(), "partner@partner.example", marker));
        }
        JsonNode submission = Awaitility.await()
                .atMost(Mails.PATIENCE)
                .until(
                        () -> AuditLog.of(server.home()).events("submission").stream()
                                .filter(event -> event.toString().contains(marker))
                                .findFirst()
                                .orElse(null),
                        event -> event != null);
        assertThat(submission.path("account").asText()).isEqualTo(server.user());
        assertThat(submission.path("client").asText()).isEqualTo("127.0.0.1");
        assertThat(submission.path("time").asText()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d.*Z");
        assertThat(submission.path("tls").asText()).startsWith("TLSv1.");
        assertThat(submission.toString()).contains("partner@partner.example");
    }

    @Test
    void a3_aStolenAccountIsHeldAndAGuesserIsBlocked() throws Exception {
        try (Variant variant = new Variant("contained")) {
            variant.edit("rempart.xml", "<rate [^>]*/>", "<rate per=\"account\" messages=\"3/1h\" then=\"hold\"/>");
            variant.edit(
                    "rempart.xml",
                    "<failures [^>]*/>(\\s*<failures [^>]*/>)*",
                    "<failures per=\"address\" limit=\"5/10m\" then=\"block/1h\"/>");
            variant.start();
            variant.addUser(server.user(), server.password());
            variant.addUser(server.user2(), server.password2());
            int accepted = 0;
            SmtpReply last;
            try (SmtpClient client = login(variant)) {
                do {
                    last = client.send(
                            server.user(),
                            List.of(server.user2()),
                            Mails.message(server.user(), server.user2(), Mails.marker()));
                    accepted += last.positive() ? 1 : 0;
                } while (last.positive() && accepted < 10);
            }
            assertThat(accepted).isEqualTo(3);
            try (SmtpClient client = login(variant)) {
                assertThat(client.command("MAIL FROM:<" + server.user() + ">").toString())
                        .startsWith("550 5.7.28 ");
            }
            for (int i = 0; i < 5; i++) {
                try (SmtpClient client = guesser(variant)) {
                    client.command("EHLO client.example");
                    client.authPlain(server.user2(), "guess" + i);
                }
            }
            try (SmtpClient client = guesser(variant)) {
                assertThat(client.greeting().toString()).startsWith("421 4.7.0");
            }
        }
    }

    /** At an address where nobody has logged in. */
    private SmtpClient guesser(Variant variant) throws IOException {
        return SmtpClient.connectTls(InetAddress.getByName("127.0.0.9"), variant.submissions(), Mails.tls(server));
    }

    private SmtpClient login(Variant variant) throws IOException {
        SmtpClient client = SmtpClient.connectTls(variant.submissions(), Mails.tls(server));
        client.command("EHLO client.example");
        assertThat(client.authPlain(server.user(), server.password()).code()).isEqualTo(235);
        return client;
    }

    @Test
    void a4_accountsOfADirectory() throws Exception {
        try (Directory directory = Directory.with("carol", server.domain(), "carol's password");
                Variant variant = new Variant("directory")) {
            variant.write("usersrepository.xml", directory.usersRepository());
            variant.start();
            String carol = "carol@" + server.domain();
            try (SmtpClient client = SmtpClient.connectTls(variant.submissions(), Mails.tls(server))) {
                client.command("EHLO client.example");
                assertThat(client.authPlain(carol, "wrong").code()).isEqualTo(535);
                // A failed login delays the next one, by a second at first.
                assertThat(Awaitility.await()
                                .pollInterval(Duration.ofMillis(200))
                                .until(
                                        () -> client.authPlain(carol, "carol's password")
                                                .code(),
                                        code -> code != 454))
                        .isEqualTo(235);
                assertThat(client.send(carol, List.of(carol), Mails.message(carol, carol, Mails.marker()))
                                .code())
                        .isEqualTo(250);
            }
            try (SmtpClient client = SmtpClient.connect(variant.smtp())) {
                client.command("EHLO outside.example");
                client.command("MAIL FROM:<somebody@outside.example>");
                assertThat(client.command("RCPT TO:<" + carol + ">").code()).isEqualTo(250);
                assertThat(client.command("RCPT TO:<dave@" + server.domain() + ">")
                                .code())
                        .isEqualTo(550);
            }
        }
    }
}
