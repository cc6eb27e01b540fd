/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.it.contract.Contract;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.SmtpClient;

@Contract
@DisplayName("T: mail that requires TLS all the way (REQUIRETLS, RFC 8689)")
class RequireTlsContractTest {
    private static final String FAR = "far.example";
    private static final String NEAR = "near.example";

    private final Endpoints server = Trial.server();

    private static void submit(SmtpClient client, String sender, String recipient, String marker) throws IOException {
        assertThat(client.command("MAIL FROM:<" + sender + "> REQUIRETLS").code())
                .isEqualTo(250);
        assertThat(client.command("RCPT TO:<" + recipient + ">").code()).isEqualTo(250);
        assertThat(client.data(Mails.message(sender, recipient, marker)).code()).isEqualTo(250);
    }

    @Test
    void itIsOfferedUnderTlsAlone() throws Exception {
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            assertThat(client.command("EHLO outside.example").announces("REQUIRETLS"))
                    .isFalse();
            assertThat(client.command("MAIL FROM:<x@outside.example> REQUIRETLS")
                            .toString())
                    .startsWith("555 5.5.4");
            client.startTls(Mails.tls(server));
            assertThat(client.command("EHLO outside.example").announces("REQUIRETLS"))
                    .isTrue();
            assertThat(client.command("MAIL FROM:<x@outside.example> REQUIRETLS=1")
                            .toString())
                    .startsWith("501 5.5.4");
        }
        try (SmtpClient client = SmtpClient.connectTls(server.submissions(), Mails.tls(server))) {
            assertThat(client.command("EHLO client.example").announces("REQUIRETLS"))
                    .isTrue();
        }
    }

    @Test
    void mailOfOurOwnGoesThere() throws Exception {
        String marker = Mails.marker();
        try (SmtpClient client = Mails.submission(server)) {
            submit(client, server.user(), server.user2(), marker);
        }
        Mails.awaitLocal(server, server.user2(), server.password2(), marker);
    }

    /** The sink, where all mail to the outside goes, offers nothing of it. */
    @Test
    void whoDoesNotOfferItGetsNothingAndTheSenderIsTold() throws Exception {
        String marker = Mails.marker();
        try (SmtpClient client = Mails.submission(server)) {
            submit(client, server.user(), "partner@partner.example", marker);
        }
        byte[] report = Mails.awaitLocal(server, server.user(), server.password(), marker);
        assertThat(Mails.text(report)).contains("Action: failed", "Status: 5.7.30", "text/rfc822-headers");
        assertThat(Mails.hasLeft(server, marker)).isFalse();
    }

    /** A server of ours gives it to another one, whose address there sends it on to where it is not offered. */
    @Test
    void itGoesThroughTwoServersAndThroughAForwardOfTheSecond() throws Exception {
        Administration second = new Administration(server.webadmin(), Trial.DEPLOYMENT.webAdminToken(server.home()));
        second.addDomain(FAR);
        String account = "carol@" + FAR;
        second.addUser(account, server.password());
        String forward = "away@" + FAR;
        second.ask("POST", "/mappings/address/" + forward + "/targets/away@partner.example", "", "*/*");
        try (Variant first = new Variant("require-tls")) {
            first.edit("mailetcontainer.xml", "<gateway>[^<]*</gateway>", "<gateway>localhost</gateway>");
            first.edit(
                    "mailetcontainer.xml",
                    "<gatewayPort>\\d+</gatewayPort>",
                    "<gatewayPort>" + server.smtp().getPort() + "</gatewayPort>");
            first.edit(
                    "rempart.xml",
                    "<outbound default=\"opportunistic\">",
                    "<outbound default=\"opportunistic\">" + "<to domain=\"" + FAR
                            + "\" level=\"verify\" trust=\"conf/tls/ca.pem\"/>");
            Files.createDirectories(first.home().resolve("conf/tls"));
            first.write("tls/ca.pem", Files.readString(server.ca()));
            first.start();
            String sender = "dora@" + NEAR;
            first.administer("PUT", "/domains/" + NEAR, "", "*/*");
            first.addUser(sender, server.password());
            String here = Mails.marker();
            String on = Mails.marker();
            try (SmtpClient client = SmtpClient.connectTls(first.submissions(), Mails.tls(server))) {
                client.command("EHLO client.example");
                client.authPlain(sender, server.password());
                submit(client, sender, account, here);
                submit(client, sender, forward, on);
            }
            byte[] mail = Mails.awaitLocal(server, account, server.password(), here);
            assertThat(Mails.header(mail)).contains("using TLSv1.3");
            // The second server, which has to send it on to the sink, keeps it from there, and the report about it,
            // too.
            Awaitility.await()
                    .atMost(Mails.PATIENCE)
                    .untilAsserted(() -> assertThat(AuditLog.of(server.home()).events("undelivered"))
                            .filteredOn(event -> event.path("reason").asText().startsWith("550 5.7.30"))
                            .anyMatch(event -> event.path("sender").asText().startsWith("SRS0="))
                            .anyMatch(
                                    event -> event.path("recipients").toString().contains(sender)));
            assertThat(Mails.hasLeft(server, on)).isFalse();
        }
    }
}
