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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.message.MailAttributes;
import org.rempart.smtp.SmtpTestServer.Listener;

/** R1 to R4: who may send to domains that are not ours, over real sockets. */
@Tag("james-3.8")
class RelayHookTest {
    private static final String POLICY = "<policy><networks>"
            + "<network name=\"app-servers\">10.20.0.0/16, 2001:db8:20::/48</network>"
            + "<network name=\"printers\">10.30.4.0/24</network>"
            + "</networks><relay><allow authenticated=\"true\"/>"
            + "<allow network=\"app-servers\" senderDomains=\"app.example, *.app.example\"/>"
            + "<allow network=\"printers\"/></relay><submission><identity header=\"any\"/></submission>"
            + "<tls><clients>optional</clients></tls></policy>";

    private static final int MX = 0;
    private static final int SUBMISSION = 1;
    private static final int BEHIND_PROXY = 2;
    private static final int STOCK_CORE = 3;
    private static final int AUTH_ON_OFFER = 4;
    private static final int MISORDERED = 5;

    private static SmtpTestServer server;

    @BeforeAll
    static void start(@TempDir Path home) throws Exception {
        server = SmtpTestServer.start(
                home,
                POLICY,
                // James's own setting opens nothing: the policy is the only authority.
                Listener.mx().with("authorizedAddresses", "127.0.0.0/8"),
                Listener.submission(),
                Listener.mx().with("proxyRequired", "true").with("authorizedAddresses", "127.0.0.0/8"),
                Listener.mx().stockCore().with("authorizedAddresses", "127.0.0.0/8"),
                Listener.mx()
                        .handlers(SessionGuard.class, StrictLinesFilter.class, RequireTlsHook.class, RelayHook.class)
                        .announce("always"),
                Listener.mx()
                        .handlers(
                                SessionGuard.class,
                                StrictLinesFilter.class,
                                RefuseAuthHook.class,
                                TakesAnyRecipient.class,
                                RelayHook.class));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void emptySpool() {
        server.spool().clear();
    }

    /** For six listeners, with a dozen handlers each that ask the policy. */
    @Test
    void thePolicyIsReadOnce() {
        assertThat(server.policiesRead()).isOne();
    }

    @Test
    void r1MailForOurDomainIsTaken() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().envelope("u@foreign.example", "alice@ours.example");
            client.send(SmtpClient.message("Hello")).expect(250);
        }
        assertThat(server.spool().only().recipients()).containsExactly("alice@ours.example");
        assertThat(server.spool().only().attribute(MailAttributes.GATE)).isEqualTo("rcpt");
    }

    /** A queue writes the message that it is given, as James's queues in memory and of ActiveMQ do. */
    @Test
    void rawCharactersOfTheHeaderComeToTheSpoolAsTheyAre() throws IOException {
        String header = "From: J\u00c3\u00bcrgen <u@foreign.example>\r\nX-Note: Gr\u00fc\u00dfe\r\n";
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().envelope("u@foreign.example", "alice@ours.example");
            client.send(header + "\r\nK\u00c3\u00b6rper\r\n.\r\n").expect(250);
        }
        assertThat(server.spool().only().content()).endsWith(header + "\r\nK\u00c3\u00b6rper\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "f@foreign.example",
                "f@ours.example",
                "alice@ours.example",
                "f@app.example",
                "f@[127.0.0.1]",
                "f@localhost",
                "f",
                "f@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.cccccccccccccccccccccccccccccccccccc.dddddddddddddddddddddddddddddddddd.example"
            })
    void r1NoSenderOpensRelay(String sender) throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<" + sender + ">", "250");
            client.command("RCPT TO:<u@foreign.example>", "550 5.7.1 Relaying denied");
        }
    }

    /** The probes that checkers of open relays send: none is taken, by James's core handlers or by ours. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "550 5.7.1 u%foreign.example@[127.0.0.1]",
                "550 5.1.1 u%foreign.example@ours.example",
                "553 5.1.3 \"u@foreign.example\"",
                "550 5.1.1 \"u%foreign.example\"",
                "553 5.1.3 u@foreign.example@[127.0.0.1]",
                "550 5.7.1 \"u@foreign.example\"@[127.0.0.1]",
                "550 5.1.1 \"u@foreign.example\"@ours.example",
                "550 5.7.1 \"alice@ours.example\"@foreign.example",
                "553 5.1.3 u@foreign.example@ours.example",
                "553 5.1.3 alice@ours.example@foreign.example",
                "553 5.1.3 @[127.0.0.1]:u@foreign.example",
                "553 5.1.3 @ours.example:u@foreign.example",
                "553 5.1.3 @ours.example,@also.example:u@foreign.example",
                "550 5.1.1 foreign.example!u",
                "550 5.7.1 foreign.example!u@[127.0.0.1]",
                "550 5.1.1 foreign.example!u@ours.example",
                "550 5.1.1 ours.example!foreign.example!u",
                "553 5.1.3 u[foreign.example]%ours.example@ours.example",
                "553 5.1.3 user@[321.1.2.3]",
                "553 5.1.3 user@1.2.3",
                "550 5.7.1 user@127.0.0.1",
                "553 5.1.3 user@host:25",
                "553 5.1.3 @",
                "553 5.1.3 a@b@",
                "550 5.1.1 \"foo@foreign.example> ORCPT=a@b\"@ours.example",
                "553 5.1.3 alice@ours.example>,<u@foreign.example",
                "553 5.1.3 u@foreign.example> <alice@ours.example",
                "553 5.1.3 alice@ours.example,u@foreign.example",
                "553 5.1.3 <u@foreign.example>",
                "553 5.1.3 u@foreign.example.",
                "550 5.7.1 U@FOREIGN.EXAMPLE",
                "553 5.1.3 u@b\u00fccher.example",
                "550 5.7.1 u@xn--bcher-kva.example",
                "550 5.1.1 nobody@OURS.EXAMPLE",
                "550 5.7.1 alice@sub.ours.example",
                "550 5.7.1 postmaster@foreign.example",
                "550 5.7.1 abuse@foreign.example",
                "550 5.1.1 alice"
            })
    void r4NoTrickOfAddressingRelays(String probe) throws IOException {
        String code = probe.substring(0, 9);
        String recipient = probe.substring(10);
        for (int listener : new int[] {MX, STOCK_CORE}) {
            try (SmtpClient client = server.connect(listener)) {
                client.ehlo().command("MAIL FROM:<f@foreign.example>", "250");
                if (listener == MX) {
                    // Source routes are ignored there, and what is no argument at all has its own answer.
                    assertThat(client.command("RCPT TO:<" + recipient + ">"))
                            .as(recipient)
                            .matches("(501 5\\.5\\.4|550 5\\.1\\.1|550 5\\.7\\.1|553 5\\.1\\.3) .*\\s*");
                } else {
                    client.command("RCPT TO:<" + recipient + ">", code);
                }
            }
        }
    }

    @Test
    void r1SubdomainsOfOursAreNotOurs() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<f@foreign.example>", "250");
            client.command("RCPT TO:<alice@sub.ours.example>", "550 5.7.1 Relaying denied");
        }
    }

    @Test
    void r4NeitherRsetNorAnotherRecipientOpensRelay() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<f@foreign.example>", "250");
            client.command("RCPT TO:<alice@ours.example>", "250");
            client.command("RCPT TO:<u@foreign.example>", "550 5.7.1");
            client.command("RSET", "250").command("MAIL FROM:<f@foreign.example>", "250");
            client.command("RCPT TO:<u@foreign.example>", "550 5.7.1");
            client.command("DATA", "503");
        }
    }

    @Test
    void r4RefusedRecipientsAreNotInTheMail() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<f@foreign.example>", "250");
            client.command("RCPT TO:<alice@ours.example>", "250");
            client.command("RCPT TO:<u@foreign.example>", "550 5.7.1");
            client.command("DATA", "354").send(SmtpClient.message("Hello")).expect(250);
        }
        assertThat(server.spool().only().recipients()).containsExactly("alice@ours.example");
    }

    @Test
    void whoCouldAuthenticateIsToldSo() throws IOException {
        try (SmtpClient client = server.connect(AUTH_ON_OFFER)) {
            client.ehlo().startTls().ehlo().command("MAIL FROM:<f@foreign.example>", "250");
            client.command("RCPT TO:<u@foreign.example>", "530 5.7.0 Authentication required");
            client.command("RSET", "250");
            client.command("AUTH PLAIN " + SmtpClient.plain("alice@ours.example", "wrong"), "535");
            client.command("MAIL FROM:<f@foreign.example>", "250");
            client.command("RCPT TO:<u@foreign.example>", "530 5.7.0 Authentication required");
        }
    }

    @Test
    void anAuthenticatedClientMayRelayAsThePolicySays() throws IOException {
        try (SmtpClient client = server.connect(SUBMISSION)) {
            client.ehlo().startTls().ehlo().authenticate("alice@ours.example");
            client.envelope("alice@ours.example", "u@foreign.example", "bob@ours.example");
            client.send(SmtpClient.message("Hello")).expect(250);
        }
        Spool.Accepted mail = server.spool().only();
        assertThat(mail.recipients()).containsExactlyInAnyOrder("u@foreign.example", "bob@ours.example");
        assertThat(mail.attribute(MailAttributes.GATE)).isEqualTo("rcpt");
    }

    @ParameterizedTest
    @CsvSource({
        // client, sender, recipient, reply
        "TCP4 10.20.1.2 192.0.2.1, f@app.example, u@foreign.example, 250",
        "TCP4 10.20.1.2 192.0.2.1, f@sub.app.example, u@foreign.example, 250",
        "TCP4 10.20.1.2 192.0.2.1, f@ours.example, u@foreign.example, 550 5.7.1",
        "TCP4 10.20.1.2 192.0.2.1, '', u@foreign.example, 550 5.7.1",
        "TCP4 10.21.1.2 192.0.2.1, f@app.example, u@foreign.example, 550 5.7.1",
        "TCP4 10.30.4.9 192.0.2.1, '', u@foreign.example, 250",
        "TCP4 127.0.0.1 127.0.0.1, f@app.example, u@foreign.example, 550 5.7.1",
        "TCP6 2001:db8:20::9 2001:db8::1, f@app.example, u@foreign.example, 250",
        "TCP6 2001:db8:21::9 2001:db8::1, f@app.example, u@foreign.example, 550 5.7.1",
        "TCP4 198.51.100.9 192.0.2.1, f@foreign.example, alice@ours.example, 250",
    })
    void r2R3BehindAProxyTheClientsOwnAddressCounts(String client, String sender, String recipient, String reply)
            throws IOException {
        try (SmtpClient connection = server.connect(BEHIND_PROXY)) {
            connection.send("PROXY " + client + " 40000 25\r\n");
            connection.ehlo().command("MAIL FROM:<" + sender + ">", "250");
            connection.command("RCPT TO:<" + recipient + ">", reply);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'From: f@app.example', 250",
        "'From: f@app.example, g@sub.app.example', 250",
        "'From: boss@other.example', 550 5.7.1",
        "'From: f@app.example\r\nSender: boss@other.example', 550 5.7.1",
        "'From: f@app.example\r\nFrom: boss@other.example', 550 5.7.1",
        "'no field\r\nFrom: f@app.example', 550 5.7.1",
        "'Subject: no From', 250",
    })
    void r3SenderDomainsAreThoseOfTheHeaderToo(String header, String reply) throws IOException {
        try (SmtpClient connection = server.connect(BEHIND_PROXY)) {
            connection.send("PROXY TCP4 10.20.1.2 192.0.2.1 40000 25\r\n");
            connection.ehlo().envelope("f@app.example", "u@foreign.example");
            connection.send(header + "\r\n\r\nbody\r\n.\r\n");
            assertThat(connection.reply()).startsWith(reply);
        }
    }

    @Test
    void r4AllInOneSegmentIsDecidedLikeAnythingElse() throws IOException {
        String commands = "EHLO client.example\r\nMAIL FROM:<f@app.example>\r\nRCPT TO:<u@foreign.example>\r\n";
        try (SmtpClient client = server.connectSilently(MX)) {
            // Before the greeting, too.
            client.send(commands);
            client.expect(220).expect(250).expect(250).expect(550);
        }
        try (SmtpClient client = server.connect(BEHIND_PROXY)) {
            client.send("PROXY TCP4 198.51.100.9 192.0.2.1 40000 25\r\n" + commands);
            client.expect(250).expect(250).expect(550);
        }
    }

    @Test
    void r4AClientNamesItsOwnAddressInVain() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.command("PROXY TCP4 10.30.4.9 192.0.2.1 40000 25", "500");
            client.ehlo().command("MAIL FROM:<f@app.example>", "250");
            client.command("RCPT TO:<u@foreign.example>", "550 5.7.1");
        }
        try (SmtpClient client = server.connect(BEHIND_PROXY)) {
            client.send("PROXY TCP4 198.51.100.9 192.0.2.1 40000 25\r\n");
            client.command("PROXY TCP4 10.30.4.9 192.0.2.1 40000 25", "500");
            client.ehlo().command("MAIL FROM:<f@app.example>", "250");
            client.command("RCPT TO:<u@foreign.example>", "550 5.7.1");
        }
    }

    @Test
    void behindAProxyNothingIsServedWithoutItsHeader() throws IOException {
        for (String header : new String[] {"EHLO client.example\r\n", "PROXY UNKNOWN\r\nEHLO client.example\r\n"}) {
            try (SmtpClient client = server.connect(BEHIND_PROXY)) {
                client.send(header);
                assertThat(client.untilClosed()).doesNotContain("250");
            }
        }
    }

    @Test
    void aMailOnWhichTheGateWasNotAskedIsRefused() throws IOException {
        try (SmtpClient client = server.connect(MISORDERED)) {
            client.ehlo().envelope("f@foreign.example", "alice@ours.example", "u@foreign.example");
            client.send(SmtpClient.message("Hello")).expect(451);
        }
        assertThat(server.spool().mails()).isEmpty();
    }

    @Test
    void withoutTheDomainsNothingIsDecided() throws IOException {
        try (SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<f@foreign.example>", "250");
            server.breakDomainList(true);
            client.command("RCPT TO:<alice@ours.example>", "451 4.3.0");
            client.command("RCPT TO:<u@foreign.example>", "451 4.3.0");
        } finally {
            server.breakDomainList(false);
        }
    }

    @Test
    void domainsThatCanNoLongerBeLookedUpRefuseNothingForGood() throws IOException {
        for (int lookups = 0; lookups < 8; lookups++) {
            try (SmtpClient client = server.connect(MX)) {
                client.ehlo().command("MAIL FROM:<f@foreign.example>", "250");
                server.breakDomainListAfter(lookups);
                assertThat(client.command("RCPT TO:<alice@ours.example>"))
                        .as("the answer after %d answers of the directory", lookups)
                        .containsPattern("^(250|451) ");
            } finally {
                server.breakDomainList(false);
            }
        }
    }

    @Test
    void theDecisionAndItsRuleAreInTheAuditTrail() throws IOException {
        try (AuditRecorder audit = new AuditRecorder();
                SmtpClient client = server.connect(MX)) {
            client.ehlo().command("MAIL FROM:<f@foreign.example>", "250");
            client.command("RCPT TO:<u@foreign.example>", "550 5.7.1");
            assertThat(audit.events("relay-refused"))
                    .singleElement()
                    .asString()
                    .contains("\"client\":\"127.0.0.1\"")
                    .contains("\"from\":\"f@foreign.example\"")
                    .contains("\"recipient\":\"u@foreign.example\"")
                    .contains("\"rule\":");
        }
    }
}
