/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.it.contract.Contract;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;
import org.rempart.quickstart.sink.SinkMail;

@Contract
@DisplayName("R: what an address of ours sends on to the outside")
class ForwardContractTest {
    private static final String SENDER = "somebody@outside.example";
    private static final String TARGET = "away@partner.example";

    private final Endpoints server = Trial.server();
    private final String address = "away@" + server.domain();

    @BeforeEach
    void forward() throws Exception {
        HttpResponse<String> made = new Administration(server.webadmin(), Trial.DEPLOYMENT.webAdminToken(server.home()))
                .ask("POST", "/mappings/address/" + address + "/targets/" + TARGET, "", "*/*");
        assertThat(made.statusCode()).as(made.body()).isBetween(200, 299);
    }

    /** As another server delivers it. */
    private SmtpReply deliver(String sender, String from, String recipient, String marker) throws IOException {
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            client.command("EHLO outside.example");
            return client.send(sender, List.of(recipient), Mails.message(from, recipient, marker));
        }
    }

    private SinkMail forwarded(String marker) throws Exception {
        assertThat(deliver(SENDER, SENDER, address, marker).code()).isEqualTo(250);
        return Mails.awaitRemote(server, marker);
    }

    @Test
    void r1_itLeavesWithASenderOfOurs() throws Exception {
        SinkMail mail = forwarded(Mails.marker());
        assertThat(mail.rcptTo()).containsExactly(TARGET);
        assertThat(mail.mailFrom())
                .matches("SRS0=[A-Z2-7]{8}=[A-Z2-7]{2}=outside\\.example=somebody@.*")
                .endsWith("@" + server.domain());
        assertThat(Mails.header(mail.raw())).contains("From: <" + SENDER + ">");
    }

    @Test
    void r1_aBounceComesBackToTheFirstSender() throws Exception {
        String sender = forwarded(Mails.marker()).mailFrom();
        String marker = Mails.marker();
        // Not everybody keeps the case of a local part.
        assertThat(deliver("", "mailer-daemon@partner.example", sender.toLowerCase(Locale.ROOT), marker)
                        .code())
                .isEqualTo(250);
        SinkMail bounce = Mails.awaitRemote(server, marker);
        assertThat(bounce.rcptTo()).containsExactly(SENDER);
        assertThat(bounce.mailFrom()).isEmpty();
    }

    @Test
    void r4_theBouncesAddressOpensNothingElse() throws Exception {
        String sender = forwarded(Mails.marker()).mailFrom();
        String changed = sender.replace("=somebody@", "=victim@");
        String marker = Mails.marker();
        assertThat(deliver("", "x@partner.example", changed, marker).toString()).startsWith("550 5.7.1 ");
        assertThat(deliver("spammer@partner.example", "x@partner.example", sender, marker)
                        .toString())
                .startsWith("550 5.7.1 ");
        assertThat(deliver("", "x@partner.example", "SRS0=AAAA=AA=outside.example=victim@" + server.domain(), marker)
                        .toString())
                .startsWith("550 5.7.1 ");
        Mails.settle(server);
        assertThat(Mails.hasLeft(server, marker)).isFalse();
    }

    @Test
    void r3_whatClaimsToBeOursIsNotSentOn() throws Exception {
        String envelope = Mails.marker();
        String from = Mails.marker();
        assertThat(deliver(server.user(), server.user(), address, envelope).code())
                .isEqualTo(250);
        assertThat(deliver(SENDER, server.user(), address, from).code()).isEqualTo(250);
        forwarded(Mails.marker());
        assertThat(Mails.hasLeft(server, envelope)).isFalse();
        assertThat(Mails.hasLeft(server, from)).isFalse();
    }
}
