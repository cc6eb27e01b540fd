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
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.message.MailAttributes;
import org.rempart.smtp.SmtpTestServer.Listener;

/** T3 and A1: TLS before anything that matters, an account before any mail. */
@Tag("james-3.8")
class RequireTlsHookTest {
    private static final String ALICE = "alice@ours.example";
    private static final String FIRST_STARTTLS = "530 5.7.0 Must issue a STARTTLS command first";

    private static final String ANY_FROM = "<submission><identity header=\"any\"/></submission>";

    private static SmtpTestServer required;
    private static SmtpTestServer optional;
    private static SmtpTestServer excepted;

    @BeforeAll
    static void start(@TempDir Path home) throws Exception {
        required = SmtpTestServer.start(
                home.resolve("required"),
                "<policy>" + ANY_FROM + "</policy>",
                Listener.submission(),
                Listener.submission().implicitTls(),
                Listener.stock());
        optional = SmtpTestServer.start(
                home.resolve("optional"),
                "<policy>" + ANY_FROM + "<tls><clients>optional</clients></tls></policy>",
                Listener.submission());
        excepted = SmtpTestServer.start(
                home.resolve("excepted"),
                "<policy><networks><network name=\"printers\">10.30.4.0/24</network></networks>"
                        + "<tls><clients>required <except network=\"printers\" reason=\"old firmware\"/></clients></tls>"
                        + ANY_FROM + "</policy>",
                Listener.submission().with("proxyRequired", "true"));
    }

    @AfterAll
    static void stop() {
        required.close();
        optional.close();
        excepted.close();
    }

    /** Each way to say AUTH; in clear text none gets further than a refusal. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "AUTH PLAIN AGFsaWNlQG91cnMuZXhhbXBsZQBjb3JyZWN0LWhvcnNl",
                "auth plain AGFsaWNlQG91cnMuZXhhbXBsZQBjb3JyZWN0LWhvcnNl",
                "AuTh PlAiN AGFsaWNlQG91cnMuZXhhbXBsZQBjb3JyZWN0LWhvcnNl",
                "  AUTH   PLAIN AGFsaWNlQG91cnMuZXhhbXBsZQBjb3JyZWN0LWhvcnNl",
                "AUTH PLAIN",
                "AUTH PLAIN =",
                "AUTH LOGIN",
                "AUTH LOGIN YWxpY2VAb3Vycy5leGFtcGxl",
                "AUTH CRAM-MD5",
                "AUTH XOAUTH2 abc",
                "AUTH OAUTHBEARER abc",
                "AUTH NO-SUCH-MECHANISM",
                "AUTH",
            })
    void authInClearTextIsRefused(String auth) throws IOException {
        for (SmtpTestServer server : new SmtpTestServer[] {required, optional}) {
            for (boolean greets : new boolean[] {true, false}) {
                try (SmtpClient client = server.connect(0)) {
                    if (greets) {
                        client.ehlo();
                    }
                    client.command(auth, "538 5.7.11");
                    // No exchange is under way: the next line is a command again.
                    client.command("NOOP", "250");
                    client.command(
                            "MAIL FROM:<" + ALICE + ">", greets && server == optional ? "530 5.7.0 Auth" : "530");
                }
            }
        }
    }

    @Test
    void jamesAloneTakesAPasswordInClearTextWhateverItIsTold() throws IOException {
        try (SmtpClient client = required.connect(2)) {
            assertThat(client.command("EHLO client.example")).doesNotContain("AUTH");
            client.authenticate(ALICE);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "MAIL FROM:<alice@ours.example>",
                "mail from:<alice@ours.example>",
                "RCPT TO:<bob@ours.example>",
                "DATA",
                "VRFY alice",
                "EXPN alice"
            })
    void nothingThatMattersWorksBeforeTls(String command) throws IOException {
        try (SmtpClient client = required.connect(0)) {
            client.ehlo().command(command, FIRST_STARTTLS);
        }
    }

    @Test
    void authIsNotOfferedBeforeTls() throws IOException {
        try (SmtpClient client = required.connect(0)) {
            assertThat(client.command("EHLO client.example"))
                    .contains("STARTTLS")
                    .doesNotContain("AUTH");
            client.startTls();
            assertThat(client.command("EHLO client.example"))
                    .contains("AUTH LOGIN PLAIN")
                    .doesNotContain("STARTTLS");
        }
    }

    @Test
    void tlsAndAnAccountOpenTheWay() throws IOException {
        required.spool().clear();
        try (SmtpClient client = required.connect(0)) {
            client.ehlo().startTls().ehlo();
            client.command("MAIL FROM:<" + ALICE + ">", "530 5.7.0 Authentication required");
            client.command("RCPT TO:<bob@ours.example>", "530 5.7.0 Authentication required");
            client.command("DATA", "530 5.7.0 Authentication required");
            client.authenticate(ALICE).envelope(ALICE, "u@foreign.example");
            client.send(SmtpClient.message("Hello")).expect(250);
        }
        Spool.Accepted mail = required.spool().only();
        assertThat(mail.attribute(MailAttributes.TLS_PROTOCOL)).isEqualTo("TLSv1.3");
        assertThat(mail.attribute(MailAttributes.TLS_CIPHER)).startsWith("TLS_");
    }

    @Test
    void tlsFromTheFirstByteDoesToo() throws IOException {
        required.spool().clear();
        try (SmtpClient client = required.connectTls(1)) {
            assertThat(client.command("EHLO client.example"))
                    .contains("AUTH LOGIN PLAIN")
                    .doesNotContain("STARTTLS");
            client.command("MAIL FROM:<" + ALICE + ">", "530 5.7.0 Authentication required");
            client.command("AUTH LOGIN", "334");
            client.command(SmtpClient.base64(ALICE), "334");
            client.command(SmtpClient.base64(SmtpTestServer.PASSWORD), "235");
            client.envelope(ALICE, "u@foreign.example");
            client.send(SmtpClient.message("Hello")).expect(250);
        }
        assertThat(required.spool().only().attribute(MailAttributes.TLS_PROTOCOL))
                .isEqualTo("TLSv1.3");
    }

    @Test
    void aFailedLoginOpensNothing() throws IOException {
        try (SmtpClient client = required.connectTls(1)) {
            client.ehlo().command("AUTH PLAIN " + SmtpClient.plain(ALICE, "wrong"), "535");
            client.command("MAIL FROM:<" + ALICE + ">", "530 5.7.0 Authentication required");
        }
    }

    @Test
    void whereTlsIsOptionalMailStillNeedsAnAccountAndThatNeedsTls() throws IOException {
        try (SmtpClient client = optional.connect(0)) {
            client.ehlo().command("MAIL FROM:<" + ALICE + ">", "530 5.7.0 Authentication required");
            client.startTls().ehlo().authenticate(ALICE).envelope(ALICE, "u@foreign.example");
        }
    }

    @Test
    void anExceptedClientMayDoWithoutAndIsAudited() throws IOException {
        excepted.spool().clear();
        try (AuditRecorder audit = new AuditRecorder();
                SmtpClient client = excepted.connect(0)) {
            client.send("PROXY TCP4 10.30.4.7 192.0.2.1 40000 587\r\n");
            assertThat(client.command("EHLO printer.example")).contains("AUTH PLAIN LOGIN");
            client.command("MAIL FROM:<" + ALICE + ">", "530 5.7.0 Authentication required");
            client.authenticate(ALICE).envelope(ALICE, "bob@ours.example");
            client.send(SmtpClient.message("Scan")).expect(250);
            assertThat(audit.events("clear-text-exception"))
                    .hasSize(3)
                    .allSatisfy(event -> assertThat(event)
                            .contains("\"client\":\"10.30.4.7\"")
                            .contains("old firmware"));
        }
        assertThat(excepted.spool().only().attribute(MailAttributes.TLS_PROTOCOL))
                .isNull();
    }

    @Test
    void theExceptionIsForThatNetworkAlone() throws IOException {
        try (SmtpClient client = excepted.connect(0)) {
            client.send("PROXY TCP4 10.30.5.7 192.0.2.1 40000 587\r\n");
            assertThat(client.command("EHLO printer.example")).doesNotContain("AUTH");
            client.command("AUTH PLAIN " + SmtpClient.plain(ALICE, SmtpTestServer.PASSWORD), "538 5.7.11");
            client.command("MAIL FROM:<" + ALICE + ">", FIRST_STARTTLS);
        }
    }
}
