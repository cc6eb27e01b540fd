/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import org.apache.mailet.DsnParameters;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.smtp.SmtpTestServer.Listener;

/** RFC 5321, 3461, 4616 and 4954 in James's own server. */
@Tag("james-3.8")
class ByTheLetterTest {
    private static final int MX = 0;
    private static final int SUBMISSION = 1;

    private static SmtpTestServer server;

    @BeforeAll
    static void start(@TempDir Path home) throws Exception {
        server = SmtpTestServer.start(
                home, null, Listener.mx(), Listener.submission().implicitTls());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void emptySpool() {
        server.spool().clear();
    }

    @ParameterizedTest
    @CsvSource({
        "SIZE=100,250",
        "BODY=8BITMIME,250",
        "body=7bit,250",
        "RET=HDRS ENVID=QQ314159,250",
        "ENVID=a+2Bb,250",
        "REQUIRETLS,555 5.5.4",
        "REQUIRETLS=yes,555 5.5.4",
        "SMTPUTF8,555 5.5.4",
        "BY=100;R,555 5.5.4",
        "MT-PRIORITY=9,555 5.5.4",
        "HOLDFOR=100,555 5.5.4",
        "AUTH=<>,555 5.5.4",
        "FOO,555 5.5.4",
        "FOO=BAR,555 5.5.4",
        "SIZE=100 FOO=BAR,555 5.5.4",
        "BODY=BINARYMIME,501 5.5.4",
        "SIZE=many,501 5.5.4",
        "RET=SOME,501 5.5.4",
        "ENVID=a=b,501 5.5.4",
        "ENVID=a+2,501 5.5.4",
        "RET=FULL RET=HDRS,501 5.5.4",
    })
    void aParameterOfMailIsOneThatWasOffered(String parameters, String answer) throws Exception {
        try (SmtpClient client = server.connect(MX).ehlo()) {
            client.command("MAIL FROM:<a@sender.example> " + parameters.replace("<>", "+3C+3E"), answer);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "NOTIFY=NEVER|250",
                "NOTIFY=success,Delay|250",
                "ORCPT=rfc822;bob+40ours.example|250",
                "NOTIFY=FAILURE ORCPT=rfc822;bob@ours.example|250",
                "FOO=BAR|555 5.5.4",
                "REQUIRETLS|555 5.5.4",
                "SIZE=1|555 5.5.4",
                "NOTIFY=NEVER,SUCCESS|501 5.5.4",
                "NOTIFY=SUCCESS,SUCCESS|501 5.5.4",
                "NOTIFY=|501 5.5.4",
                "NOTIFY=SOMETIMES|501 5.5.4",
                "ORCPT=bob@ours.example|501 5.5.4",
                "ORCPT=rfc822;bob+|501 5.5.4",
                "ORCPT=rfc822;bob|501 5.5.4",
            })
    void aParameterOfRcptIsOneThatWasOffered(String parameters, String answer) throws Exception {
        try (SmtpClient client = server.connect(MX).ehlo()) {
            client.command("MAIL FROM:<a@sender.example>", "250");
            client.command("RCPT TO:<bob@ours.example> " + parameters, answer);
        }
    }

    @Test
    void whoSaidHeloWasOfferedNothing() throws Exception {
        try (SmtpClient client = server.connect(MX)) {
            client.command("HELO client.example", "250");
            client.command("MAIL FROM:<a@sender.example> SIZE=5", "555 5.5.4");
            client.command("MAIL FROM:<a@sender.example>", "250");
        }
    }

    @Test
    void whatASenderWantsToBeToldIsKeptWithTheMail() throws Exception {
        try (SmtpClient client = server.connect(MX)) {
            assertThat(client.send("EHLO client.example\r\n").reply()).contains("DSN");
            client.command("MAIL FROM:<a@sender.example> RET=HDRS ENVID=QQ314159", "250");
            client.command("RCPT TO:<bob@ours.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;info@ours.example", "250");
            client.command("RCPT TO:<alice@ours.example> NOTIFY=NEVER", "250");
            client.command("DATA", "354");
            client.send(SmtpClient.message("Hello")).expect(250);
        }
        DsnParameters kept = server.spool().mails().get(0).dsn().orElseThrow();
        assertThat(kept.getRetParameter()).contains(DsnParameters.Ret.HDRS);
        assertThat(kept.getEnvIdParameter())
                .hasValueSatisfying(id -> assertThat(id.asString()).isEqualTo("QQ314159"));
        assertThat(kept.getRcptParameters()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"bob\"@ours.example", "@relay.example:bob@ours.example", "BOB@ours.example"})
    void formsOfOneAddressAreThatAddress(String form) throws Exception {
        try (SmtpClient client = server.connect(MX).ehlo()) {
            client.command("MAIL FROM:<@relay.example:a@sender.example>", "250");
            client.command("RCPT TO:<" + form + ">", "250");
        }
    }

    @Test
    void aLocalPartOfMoreThan64OctetsIsRefused() throws Exception {
        try (SmtpClient client = server.connect(MX).ehlo()) {
            client.command("MAIL FROM:<" + "a".repeat(65) + "@sender.example>", "501 5.1.7");
            client.command("MAIL FROM:<a@sender.example>", "250");
            client.command("RCPT TO:<" + "b".repeat(65) + "@ours.example>", "553 5.1.3");
        }
    }

    @Test
    void anAddressLiteralNamesAClient() throws Exception {
        try (SmtpClient client = server.connect(MX)) {
            client.command("EHLO [IPv6:2001:db8::1]", "250");
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource({
        "'|alice@ours.example|correct-horse',235 2.7.0",
        "'alice@ours.example|alice@ours.example|correct-horse',235 2.7.0",
        "'bob@ours.example|alice@ours.example|correct-horse',535 5.7.8",
        "'alice@ours.example||correct-horse',535 5.7.8",
        "'||correct-horse',535 5.7.8",
        "'|alice@ours.example|',535 5.7.8",
        "'alice@ours.example|correct-horse',501 5.5.2",
        "'|alice@ours.example|correct-horse|',501 5.5.2",
        "'||alice@ours.example|correct-horse',501 5.5.2",
        "alice@ours.example,501 5.5.2",
    })
    void plainIsJudgedAsRfc4616Says(String message, String answer) throws Exception {
        String response = base64(message.replace('|', '\0'));
        try (SmtpClient client = server.connectTls(SUBMISSION).ehlo()) {
            client.command("AUTH PLAIN " + response, answer);
        }
        try (SmtpClient client = server.connectTls(SUBMISSION).ehlo()) {
            client.command("AUTH PLAIN", "334 ");
            client.command(response, answer);
            client.command("NOOP", "250");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "alice@ours.example,correct-horse,235 2.7.0",
        "alice@ours.example,'',535 5.7.8",
        "'',correct-horse,535 5.7.8",
    })
    void loginAsksForBoth(String name, String password, String answer) throws Exception {
        try (SmtpClient client = server.connectTls(SUBMISSION).ehlo()) {
            client.command("AUTH LOGIN", "334 ");
            client.command(base64(name), "334 ");
            client.command(base64(password), answer);
            client.command("NOOP", "250");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "AUTH,501 5.5.4",
        "AUTH CRAM-MD5,504 5.5.4",
        "AUTH OAUTHBEARER,504 5.5.4",
        "AUTH PLAIN ???,501 5.5.2",
        "AUTH PLAIN =,501 5.5.2",
        "AUTH LOGIN ???,501 5.5.2",
    })
    void eachAnswerToAuthHasItsEnhancedCode(String command, String answer) throws Exception {
        try (SmtpClient client = server.connectTls(SUBMISSION).ehlo()) {
            client.command(command, answer);
            client.command("AUTH PLAIN", "334 ");
            client.command("*", "501 5.7.0");
            client.authenticate("alice@ours.example");
            client.command("AUTH PLAIN", "503 5.5.1");
        }
    }

    @Test
    void aMessageThatWouldHangWhoOpensItIsRefused() throws Exception {
        StringBuilder message = new StringBuilder("From: a@sender.example\r\n");
        for (int i = 0; i < 10_000; i++) {
            message.append("Content-Type: multipart/mixed; boundary=b")
                    .append(i)
                    .append("\r\n\r\n--b");
            message.append(i).append("\r\n");
        }
        try (SmtpClient client = server.connect(MX).ehlo()) {
            client.envelope("a@sender.example", "bob@ours.example");
            client.send(message.append("\r\n.\r\n").toString());
            assertThat(client.reply()).startsWith("554 5.6.0 The parts of the message are nested too deeply");
            client.command("NOOP", "250");
        }
        assertThat(server.spool().mails()).isEmpty();
    }
}
