/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.it.contract.Contract;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;
import org.rempart.quickstart.sink.SinkMail;

@Contract
@DisplayName("R: no open relay")
class RelayContractTest {
    private static final String FOREIGN = "partner.example";

    private final Endpoints server = Trial.server();

    @Test
    void r1_mailForOurDomainsIsAccepted() throws Exception {
        String marker = Mails.marker();
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            client.command("EHLO outside.example");
            SmtpReply reply = client.send(
                    "somebody@outside.example",
                    List.of(server.user2()),
                    Mails.message("somebody@outside.example", server.user2(), marker));
            assertThat(reply.code()).isEqualTo(250);
        }
        Mails.awaitLocal(server, server.user2(), server.password2(), marker);
    }

    @Test
    void r1_mailForOtherDomainsIsRefused() throws Exception {
        assertThat(recipient("somebody@outside.example", "<victim@" + FOREIGN + ">")
                        .toString())
                .isEqualTo("550 5.7.1 Relaying denied");
    }

    @Test
    void r1_anUnknownRecipientIsRefusedWhileTheClientIsConnected() throws Exception {
        SmtpReply reply = recipient("somebody@outside.example", "<nobody@" + server.domain() + ">");
        assertThat(reply.toString()).startsWith("550 5.1.1 ");
    }

    @Test
    void r1_aDomainBelowOursIsNotOurs() throws Exception {
        assertThat(recipient("somebody@outside.example", "<bob@sub." + server.domain() + ">")
                        .code())
                .isEqualTo(550);
    }

    @Test
    void r1_postmasterIsOursOnly() throws Exception {
        assertThat(recipient("somebody@outside.example", "<postmaster@" + server.domain() + ">")
                        .code())
                .isEqualTo(250);
        assertThat(recipient("somebody@outside.example", "<postmaster@" + FOREIGN + ">")
                        .code())
                .isEqualTo(550);
    }

    @Test
    void r3_aSenderOfOurDomainOpensNothing() throws Exception {
        assertThat(recipient(server.user(), "<victim@" + FOREIGN + ">").code()).isEqualTo(550);
    }

    @Test
    void r4_noProbeOfAnOpenRelayGetsThrough() throws Exception {
        List<String> accepted = new ArrayList<>();
        String marker = Mails.marker();
        for (String sender : senders()) {
            for (String probe : recipients()) {
                SmtpReply reply = relay(sender, probe, marker);
                if (reply.positive()) {
                    accepted.add(sender + " -> " + probe + ": " + reply);
                }
            }
        }
        assertThat(accepted).as("probes that were accepted at RCPT").isEmpty();
        Mails.settle(server);
        assertThat(Mails.hasLeft(server, marker))
                .as("a probe was really relayed")
                .isFalse();
    }

    @Test
    void r4_afterAFailedLoginOrAResetNothingIsOpen() throws Exception {
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            client.command("EHLO outside.example");
            client.authPlain(server.user(), "wrong");
            client.command("MAIL FROM:<" + server.user() + ">");
            assertThat(client.command("RCPT TO:<victim@" + FOREIGN + ">").code())
                    .isEqualTo(550);
            assertThat(client.command("RCPT TO:<" + server.user2() + ">").code())
                    .isEqualTo(250);
            assertThat(client.command("RCPT TO:<victim@" + FOREIGN + ">").code())
                    .isEqualTo(550);
            client.command("RSET");
            client.command("MAIL FROM:<>");
            assertThat(client.command("RCPT TO:<victim@" + FOREIGN + ">").code())
                    .isEqualTo(550);
        }
    }

    @Test
    void r4_refusalsAreInTheAuditTrailWithTheRule() throws Exception {
        String victim = Mails.marker() + "@" + FOREIGN;
        recipient("somebody@outside.example", "<" + victim + ">");
        assertThat(AuditLog.of(server.home()).events("relay-refused")).anySatisfy(event -> {
            assertThat(event.path("recipient").asText()).isEqualTo(victim);
            assertThat(event.path("client").asText()).isEqualTo("127.0.0.1");
            assertThat(event.path("rule").asText()).isNotEmpty();
        });
    }

    private SmtpReply recipient(String sender, String recipient) throws IOException {
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            client.command("EHLO outside.example");
            assertThat(client.command("MAIL FROM:<" + sender + ">").code()).isEqualTo(250);
            return client.command("RCPT TO:" + recipient);
        }
    }

    private SmtpReply relay(String sender, String recipient, String marker) throws IOException {
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            client.command("EHLO outside.example");
            SmtpReply mail = client.command("MAIL FROM:" + sender);
            if (!mail.positive()) {
                return mail;
            }
            SmtpReply reply = client.command("RCPT TO:" + recipient);
            if (reply.positive()) {
                client.data(Mails.message("probe@outside.example", "victim@" + FOREIGN, marker));
            }
            return reply;
        }
    }

    private List<String> senders() {
        return List.of(
                "<>",
                "<f@" + FOREIGN + ">",
                "<f@" + server.domain() + ">",
                "<f@[127.0.0.1]>",
                "<f@localhost>",
                "<f>",
                "<f@" + "a".repeat(60) + "." + "b".repeat(60) + "." + "c".repeat(60) + ".example>");
    }

    /** The tricks that open relays fell for; T is our domain, X a foreign one. */
    private List<String> recipients() {
        return List.of(
                        "u@X",
                        "u@x",
                        "U@X",
                        "u%X@[127.0.0.1]",
                        "u%X@T",
                        "\"u@X\"",
                        "\"u%X\"",
                        "u@X@[127.0.0.1]",
                        "\"u@X\"@[127.0.0.1]",
                        "\"u@X\"@T",
                        "u@X@T",
                        "@[127.0.0.1]:u@X",
                        "@T:u@X",
                        "X!u",
                        "X!u@[127.0.0.1]",
                        "X!u@T",
                        "T!X!u",
                        "u[X]%T@T",
                        "user@[321.1.2.3]",
                        "user@1.2.3",
                        "user@X:25",
                        "@",
                        "a@b@",
                        "\"foo@X> ORCPT=a@b\"@T",
                        "u@X.",
                        "u@xn--bcher-kva.example",
                        "nobody-here@T",
                        "u@sub.T",
                        "postmaster@X")
                .stream()
                .map(probe -> "<" + probe.replace("X", FOREIGN).replace("T", server.domain()) + ">")
                .toList();
    }

    @Test
    void r4_whatLeftIsOnlyWhatAccountsSent() throws Exception {
        Mails.settle(server);
        for (SinkMail mail : SinkMail.all(server.sinkDirectory())) {
            // An address of ours sends on what it gets where another of these tests has said so.
            if (mail.mailFrom().matches("SRS0=\\w+=\\w+=.+@" + Pattern.quote(server.domain()))) {
                continue;
            }
            // Other servers of these tests send to the same sink: for the author, and for an account of a directory.
            assertThat(mail.mailFrom())
                    .isIn(
                            "",
                            server.user(),
                            server.user2(),
                            CorpusContractTest.AUTHOR,
                            "carol@" + server.domain(),
                            "sales@" + server.domain());
        }
    }
}
