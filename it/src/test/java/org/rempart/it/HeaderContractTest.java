/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.it.contract.Contract;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.sink.SinkMail;

@Contract
@DisplayName("H: header stripping")
class HeaderContractTest {
    private static final String[] REVEALING = {
        "Received: from pc17.corp.local (pc17.corp.local [10.1.2.3])\r\n\tby relay.corp.local (Postfix) with ESMTP id"
                + " 4AbCdEf\r\n\tfor <partner@partner.example>; Tue, 24 Nov 2026 20:49:00 +0100 (CET)",
        "X-Originating-IP: [10.1.2.3]",
        "User-Agent: Mozilla Thunderbird",
        "x-MAILER: Outlook 16.0,\r\n\tfolded 10.9.9.9",
        "X-Spam-Status: No, score=-1.9 on filter1.corp.local",
        "X-MS-Exchange-Organization-AuthSource: EX01.corp.local"
    };
    private static final List<String> SECRETS = List.of(
            "10.1.2.3", "10.9.9.9", "corp.local", "Postfix", "Thunderbird", "Outlook", "filter1", "EX01", "127.0.0.1");

    private final Endpoints server = Trial.server();

    private SinkMail sendBoth(String marker) throws Exception {
        try (SmtpClient client = Mails.submission(server)) {
            assertThat(client.send(
                                    server.user(),
                                    List.of(server.user2(), "partner@partner.example"),
                                    Mails.message(server.user(), "partner@partner.example", marker, REVEALING))
                            .code())
                    .isEqualTo(250);
        }
        return Mails.awaitRemote(server, marker);
    }

    @Test
    void h1_nothingOfTheInsideLeaves() throws Exception {
        SinkMail mail = sendBoth(Mails.marker());
        String header = Mails.header(mail.raw());
        assertThat(SECRETS).allSatisfy(secret -> assertThat(header).doesNotContainIgnoringCase(secret));
        assertThat(header).contains("From: <" + server.user() + ">").contains("Subject: ");
    }

    @Test
    void h1_theHopsAreStillThere() throws Exception {
        SinkMail mail = sendBoth(Mails.marker());
        List<String> hops = Mails.header(mail.raw())
                .lines()
                .filter(line -> line.startsWith("Received:"))
                .toList();
        assertThat(hops).hasSize(2);
        assertThat(hops.get(1)).contains("with ESMTP id 4AbCdEf").contains("Tue, 24 Nov 2026 20:49:00 +0100");
    }

    @Test
    void h2_internalRecipientsKeepThem() throws Exception {
        String marker = Mails.marker();
        sendBoth(marker);
        String header = Mails.header(Mails.awaitLocal(server, server.user2(), server.password2(), marker));
        assertThat(header)
                .contains("from pc17.corp.local (pc17.corp.local [10.1.2.3])")
                .contains("X-Originating-IP: [10.1.2.3]")
                .contains("User-Agent: Mozilla Thunderbird")
                .contains("X-Spam-Status: No, score=-1.9 on filter1.corp.local")
                .contains("X-MS-Exchange-Organization-AuthSource: EX01.corp.local");
    }

    @Test
    void h2_rawCharactersOfTheHeaderStayAsTheyAre() throws Exception {
        String marker = Mails.marker();
        // UTF-8, and Latin-1 as old programs write it.
        String from = "From: J\u00c3\u00bcrgen <x@partner.example>";
        String note = "X-Note: Gr\u00fc\u00dfe";
        String message = from + "\r\n" + note + "\r\nTo: <" + server.user2()
                + ">\r\nSubject: Gr\u00c3\u00bc\u00c3\u009fe " + marker + "\r\n\r\nK\u00c3\u00b6rper\r\n";
        try (SmtpClient client = SmtpClient.connect(server.smtp())) {
            client.command("EHLO partner.example");
            assertThat(client.command("MAIL FROM:<x@partner.example> BODY=8BITMIME")
                            .code())
                    .isEqualTo(250);
            assertThat(client.command("RCPT TO:<" + server.user2() + ">").code())
                    .isEqualTo(250);
            assertThat(client.data(Mails.bytes(message)).code()).isEqualTo(250);
        }
        String received = Mails.text(Mails.awaitLocal(server, server.user2(), server.password2(), marker));
        assertThat(received).contains(from + "\r\n", note + "\r\n").endsWith("\r\n\r\nK\u00c3\u00b6rper\r\n");
        assertThat(received).contains("Subject: Gr\u00c3\u00bc\u00c3\u009fe " + marker);
    }

    @Test
    void h3_whatAnotherLayerStrippedBeforeStaysStripped() throws Exception {
        String marker = Mails.marker();
        try (SmtpClient client = Mails.submission(server)) {
            client.send(
                    server.user(),
                    List.of("partner@partner.example"),
                    Mails.message(server.user(), "partner@partner.example", marker));
        }
        String header = Mails.header(Mails.awaitRemote(server, marker).raw());
        assertThat(header.lines().map(line -> line.substring(0, line.indexOf(':'))))
                .containsExactlyInAnyOrder("Received", "From", "To", "Subject", "Date", "Message-ID");
    }

    @Test
    void h1_blindCopiesStayBlind() throws Exception {
        String marker = Mails.marker();
        try (SmtpClient client = Mails.submission(server)) {
            client.send(
                    server.user(),
                    List.of("partner@partner.example"),
                    Mails.message(server.user(), "partner@partner.example", marker, "Bcc: secret@partner.example"));
        }
        assertThat(Mails.header(Mails.awaitRemote(server, marker).raw())).doesNotContain("secret@");
    }
}
