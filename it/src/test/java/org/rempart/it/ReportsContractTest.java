/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.rempart.it.contract.Contract;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.testsupport.Phase;
import org.rempart.testsupport.SmtpPeer;
import org.rempart.testsupport.Tools;

@Contract
@DisplayName("Senders find reports of failure in their mailbox, which programs of others can read")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReportsContractTest {
    /** What Python's email makes of a report: its parts, what is wrong with it, and each recipient's group. */
    private static final String READER = """
        import sys, email, email.policy
        m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
        parts = list(m.iter_parts())
        print(m.get_content_type(), m.get_param('report-type'), m['Auto-Submitted'])
        print([p.get_content_type() for p in parts])
        print([d for p in [m] + parts for d in p.defects])
        for group in parts[1].get_payload()[1:]:
            print(group['Final-Recipient'], group['Action'], group['Status'])
        """;

    private final Endpoints server = Trial.server();
    private SmtpPeer partner;
    private Variant variant;

    /** What senders send. */
    enum Original {
        SEVEN_BIT("text/plain; charset=us-ascii", "7bit", "plain words\r\n"),
        EIGHT_BIT("text/plain; charset=iso-8859-1", "8bit", "caf\u00e9\r\n"),
        UTF_8("text/plain; charset=utf-8", "8bit", "caf\u00c3\u00a9\r\n", "\r\nX-Place: caf\u00c3\u00a9"),
        SIGNED(
                "multipart/signed; boundary=\"=_b\"; protocol=\"application/pgp-signature\"",
                "7bit",
                "--=_b\r\n\r\n"
                        + "text  \r\n"
                        + "--=_b\r\n"
                        + "Content-Type: application/pgp-signature\r\n\r\n"
                        + "signature\r\n"
                        + "--=_b--\r\n"),
        HUGE("text/plain; charset=us-ascii", "7bit", ("x".repeat(998) + "\r\n").repeat(8_000));

        private final String type;
        private final String encoding;
        private final String body;
        /** Further fields, each behind a line end. */
        private final String more;

        Original(String type, String encoding, String body) {
            this(type, encoding, body, "");
        }

        Original(String type, String encoding, String body, String more) {
            this.type = type;
            this.encoding = encoding;
            this.body = body;
            this.more = more;
        }

        byte[] message(String from, String marker) {
            StringBuilder text = new StringBuilder("From: <" + from + ">\r\nTo: <x@partner.example>\r\nSubject: ");
            text.append(marker).append("\r\nDate: Tue, 24 Nov 2026 20:50:07 +0000\r\nMessage-ID: <");
            text.append(marker).append("@client.example>\r\nMIME-Version: 1.0\r\nContent-Type: ");
            text.append(type)
                    .append("\r\nContent-Transfer-Encoding: ")
                    .append(encoding)
                    .append(more);
            return Mails.bytes(text.append("\r\n\r\n").append(body).toString());
        }
    }

    @BeforeAll
    void start() throws Exception {
        partner = SmtpPeer.named("mx.partner.example")
                .at(Phase.RCPT)
                .naming("<dead")
                .says("550 5.1.1 No such user")
                .at(Phase.RCPT)
                .naming("<full")
                .says("552 5.2.2 Mailbox full")
                .start();
        variant = new Variant("reports");
        variant.edit(
                "mailetcontainer.xml",
                "<gatewayPort>\\d+<",
                "<gatewayPort>" + partner.address().getPort() + "<");
        variant.start();
        variant.addUser(server.user(), server.password());
    }

    @AfterAll
    void stop() throws IOException {
        if (variant != null) {
            variant.close();
        }
        partner.close();
    }

    private void submit(byte[] message, List<String> recipients) throws IOException {
        try (SmtpClient client = SmtpClient.connectTls(variant.submissions(), Mails.tls(server))) {
            client.command("EHLO client.example");
            assertThat(client.authPlain(server.user(), server.password()).code())
                    .isEqualTo(235);
            assertThat(client.send(server.user(), recipients, message).code()).isEqualTo(250);
        }
    }

    private byte[] awaitReport(String marker) throws IOException {
        return Mails.awaitLocal(variant.imaps(), Mails.tls(server), server.user(), server.password(), marker);
    }

    private static String read(byte[] report) throws IOException {
        Process python;
        try {
            python = new ProcessBuilder("python3", "-c", READER)
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException absent) {
            Tools.require(false, "there is no python3");
            return "";
        }
        try (OutputStream in = python.getOutputStream()) {
            in.write(report);
        }
        return new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @EnumSource
    void a_report_is_read_by_imap_whatever_was_sent(Original original) throws Exception {
        String marker = Mails.marker();
        submit(
                original.message(server.user(), marker),
                List.of("dead-one@partner.example", "full-one@partner.example", "well@partner.example"));
        byte[] report = awaitReport(marker);

        assertThat(report.length).isLessThan(50_000);
        assertThat(Mails.header(report)).contains("Auto-Submitted: auto-replied");
        assertThat(read(report))
                .startsWith("multipart/report delivery-status auto-replied\n"
                        + "['text/plain', 'message/delivery-status', 'text/rfc822-headers']\n[]\n")
                .contains(
                        "rfc822; dead-one@partner.example failed 5.1.1\n",
                        "rfc822; full-one@partner.example failed 5.2.2\n")
                .doesNotContain("well@partner.example");
    }

    @Test
    void a_list_with_fifty_dead_addresses_is_one_report() throws Exception {
        String marker = Mails.marker();
        List<String> dead = java.util.stream.IntStream.range(0, 50)
                .mapToObj(number -> "dead-" + number + "@partner.example")
                .toList();
        submit(Original.HUGE.message(server.user(), marker), dead);
        String read = read(awaitReport(marker));
        assertThat(dead).allSatisfy(address -> assertThat(read).contains("rfc822; " + address + " failed 5.1.1\n"));

        // What came behind it would be there when a report of a later mail is.
        String later = Mails.marker();
        submit(Original.SEVEN_BIT.message(server.user(), later), List.of("dead-later@partner.example"));
        awaitReport(later);
        try (ImapClient imap = ImapClient.connectTls(variant.imaps(), Mails.tls(server))) {
            imap.login(server.user(), server.password());
            assertThat(imap.messages("INBOX").stream()
                            .filter(message -> Mails.text(message).contains(marker)))
                    .hasSize(1);
        }
    }
}
