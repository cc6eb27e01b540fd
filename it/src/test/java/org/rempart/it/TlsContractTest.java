/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.it.contract.Contract;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.TlsProbe;
import org.rempart.quickstart.client.TlsProbe.Version;
import org.rempart.quickstart.sink.Sink;
import org.rempart.quickstart.sink.SinkMail;

@Contract
@DisplayName("T: encryption")
class TlsContractTest {
    private final Endpoints server = Trial.server();

    @Test
    void t1_theMxOffersTlsAndTakesClearText() throws Exception {
        String clear = Mails.marker();
        String encrypted = Mails.marker();
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            assertThat(client.command("EHLO outside.example").announces("STARTTLS"))
                    .isTrue();
            assertThat(client.send(
                                    "somebody@outside.example",
                                    List.of(server.user2()),
                                    Mails.message("somebody@outside.example", server.user2(), clear))
                            .code())
                    .isEqualTo(250);
        }
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            client.command("EHLO outside.example");
            client.startTls(Mails.tls(server));
            client.command("EHLO outside.example");
            assertThat(client.send(
                                    "somebody@outside.example",
                                    List.of(server.user2()),
                                    Mails.message("somebody@outside.example", server.user2(), encrypted))
                            .code())
                    .isEqualTo(250);
        }
        assertThat(received(clear)).contains("with ESMTP id").doesNotContain("using TLS");
        assertThat(received(encrypted)).contains("with ESMTPS id").contains("using TLSv1.3 with cipher");
    }

    private String received(String marker) throws IOException {
        return Mails.header(Mails.awaitLocal(server, server.user2(), server.password2(), marker))
                .lines()
                .filter(line -> line.startsWith("Received:"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void t2_mailLeavesOverTlsWhereThePeerOffersIt() throws Exception {
        String marker = Mails.marker();
        submit(marker, "partner@partner.example");
        SinkMail mail = Mails.awaitRemote(server, marker);
        assertThat(mail.tls()).isPresent();
        assertThat(mail.tls().get().protocol()).isIn("TLSv1.3", "TLSv1.2");
    }

    private void submit(String marker, String recipient) throws IOException {
        try (SmtpClient client = Mails.submission(server)) {
            assertThat(client.send(server.user(), List.of(recipient), Mails.message(server.user(), recipient, marker))
                            .code())
                    .isEqualTo(250);
        }
    }

    @Test
    void t2_clearTextOnlyWhereThePeerHasNoTls_t4_andNotWhereThePolicySaysVerify(@TempDir Path mails) throws Exception {
        try (Sink peer = Sink.start(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        mails,
                        "mx.partner.example",
                        Optional.empty());
                Variant variant = new Variant("outbound")) {
            variant.edit(
                    "mailetcontainer.xml",
                    "<gatewayPort>\\d+</gatewayPort>",
                    "<gatewayPort>" + peer.address().getPort() + "</gatewayPort>");
            variant.edit(
                    "rempart.xml",
                    "<!-- <to domain=\"bank.example\" level=\"verify\"/> -->",
                    "<to domain=\"bank.example\" level=\"verify\"/><to domain=\"gov.example\" level=\"encrypt\"/>");
            variant.start();
            variant.addUser(server.user(), server.password());
            String open = Mails.marker();
            String closed = Mails.marker();
            try (SmtpClient client = SmtpClient.connectTls(variant.submissions(), Mails.tls(server))) {
                client.command("EHLO client.example");
                client.authPlain(server.user(), server.password());
                for (String domain : List.of("bank.example", "gov.example")) {
                    assertThat(client.send(
                                            server.user(),
                                            List.of("partner@" + domain),
                                            Mails.message(server.user(), "partner@" + domain, closed))
                                    .code())
                            .isEqualTo(250);
                }
                assertThat(client.send(
                                        server.user(),
                                        List.of("partner@partner.example"),
                                        Mails.message(server.user(), "partner@partner.example", open))
                                .code())
                        .isEqualTo(250);
            }
            SinkMail mail = peer.await(found -> found.isTo("partner@partner.example"), Mails.PATIENCE)
                    .orElseThrow();
            assertThat(mail.tls()).isEmpty();
            // The others stay in the queue, each told why, and nothing of them was sent.
            Awaitility.await()
                    .atMost(Mails.PATIENCE)
                    .untilAsserted(() -> assertThat(variant.administration("/mailQueues/outgoing/mails"))
                            .containsSubsequence("nextDelivery", "nextDelivery")
                            .contains("partner@bank.example", "partner@gov.example"));
            assertThat(peer.mails()).hasSize(1);
        }
    }

    @Test
    void t3_clientsMustEncrypt() throws Exception {
        try (SmtpClient client = SmtpClient.connect(server.submission())) {
            assertThat(client.command("EHLO client.example").announces("STARTTLS"))
                    .isTrue();
            for (String command : List.of("MAIL FROM:<" + server.user() + ">", "RCPT TO:<x@y.example>", "DATA")) {
                assertThat(client.command(command).toString())
                        .isEqualTo("530 5.7.0 Must issue a STARTTLS command first");
            }
        }
        try (ImapClient imap = ImapClient.connect(server.imap())) {
            assertThat(String.join(" ", imap.command("CAPABILITY").lines())).contains("LOGINDISABLED");
            assertThat(imap.login(server.user(), server.password()).ok()).isFalse();
            assertThat(imap.startTls(Mails.tls(server)).ok()).isTrue();
            assertThat(imap.login(server.user(), server.password()).ok()).isTrue();
        }
    }

    @Test
    void t3_r2_r3_exceptionsAreByNetworkAndNamed() throws Exception {
        try (Variant variant = new Variant("excepted")) {
            variant.edit(
                    "rempart.xml",
                    "<relay>",
                    "<networks><network name=\"here\">127.0.0.1</network></networks><relay>"
                            + "<allow network=\"here\" senderDomains=\"app.example\"/>");
            variant.edit(
                    "rempart.xml",
                    "<clients>required",
                    "<clients>required <except network=\"here\" reason=\"a printer without TLS\"/>");
            variant.start();
            variant.addUser(server.user(), server.password());
            try (SmtpClient client = SmtpClient.connect(variant.submission())) {
                assertThat(client.command("EHLO printer.example").announces("AUTH"))
                        .isTrue();
                assertThat(client.command("MAIL FROM:<" + server.user() + ">").code())
                        .isEqualTo(530);
                assertThat(client.authPlain(server.user(), server.password()).code())
                        .isEqualTo(235);
            }
            assertThat(AuditLog.of(variant.home()).events("clear-text-exception"))
                    .anySatisfy(event -> assertThat(event.path("rule").asText()).contains("a printer without TLS"));
            // R2 and R3: a network together with a sender domain relays, a sender of another domain does not.
            try (SmtpClient client = SmtpClient.connect(variant.smtp())) {
                client.command("EHLO app.example");
                client.command("MAIL FROM:<job@app.example>");
                assertThat(client.command("RCPT TO:<victim@partner.example>").code())
                        .isEqualTo(250);
                client.command("RSET");
                client.command("MAIL FROM:<job@other.example>");
                assertThat(client.command("RCPT TO:<victim@partner.example>").code())
                        .isEqualTo(550);
                client.command("RSET");
                client.command("MAIL FROM:<>");
                assertThat(client.command("RCPT TO:<victim@partner.example>").code())
                        .isEqualTo(550);
            }
        }
    }

    @Test
    void t5_onlyTls12And13OnEveryListener() throws Exception {
        for (Version version : List.of(Version.SSL_3, Version.TLS_1_0, Version.TLS_1_1, Version.TLS_1_2)) {
            boolean wanted = version == Version.TLS_1_2;
            assertThat(TlsProbe.probe(server.submissions(), version).accepted())
                    .as("submissions " + version.label())
                    .isEqualTo(wanted);
            assertThat(TlsProbe.probe(server.imaps(), version).accepted())
                    .as("imaps " + version.label())
                    .isEqualTo(wanted);
            for (InetSocketAddress address : List.of(server.smtp(), server.submission())) {
                try (SmtpClient client = SmtpClient.connect(address)) {
                    client.command("EHLO client.example");
                    client.command("STARTTLS");
                    assertThat(client.probeTls(version).accepted())
                            .as(address.getPort() + " " + version.label())
                            .isEqualTo(wanted);
                }
            }
            try (ImapClient imap = ImapClient.connect(server.imap())) {
                imap.command("STARTTLS");
                assertThat(imap.probeTls(version).accepted())
                        .as("imap " + version.label())
                        .isEqualTo(wanted);
            }
        }
        try (SmtpClient client =
                SmtpClient.connectTls(server.submissions(), Mails.tls(server).offering("TLSv1.3"))) {
            assertThat(client.tls().orElseThrow().getProtocol()).isEqualTo("TLSv1.3");
        }
    }
}
