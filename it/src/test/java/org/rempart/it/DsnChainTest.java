/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.Postfix;
import org.rempart.testsupport.Tools;

/**
 * What a sender asks for (NOTIFY, ORCPT, ENVID, RET of RFC 3461) when he submits a mail, on its way through two servers of
 * ours to Postfix; and the reports of all of them, as they come back into his mailbox.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DsnChainTest {
    private final Endpoints server = Trial.server();

    @TempDir
    private static Path folder;

    private Postfix postfix;
    private Variant first;
    private Variant second;

    @BeforeAll
    void start() throws Exception {
        Tools.require(Postfix.missing().isEmpty(), Postfix.missing().orElse(""));
        first = new Variant("dsn-first");
        second = new Variant("dsn-second");
        InetSocketAddress last = FreePort.address();
        leadsTo(first, second.smtp());
        leadsTo(second, last);
        second.edit(
                "rempart.xml",
                "<relay>",
                "<networks><network name=\"here\">127.0.0.1</network></networks><relay><allow network=\"here\"/>");
        second.edit("domainlist.xml", "<defaultDomain>[^<]*<", "<defaultDomain>second.example<");
        second.start();
        // Its own reports go the way of all mail, and lead back to the sender by Postfix.
        assertThat(second.administer("DELETE", "/domains/" + second.domain(), "", "application/json")
                        .statusCode())
                .isEqualTo(204);
        first.start();
        first.addUser(server.user(), server.password());
        startPostfix(last);
    }

    private static void leadsTo(Variant variant, InetSocketAddress next) throws IOException {
        variant.edit("mailetcontainer.xml", "<gatewayPort>\\d+<", "<gatewayPort>" + next.getPort() + "<");
    }

    /** One mailbox, and an alias of nobody. */
    private void startPostfix(InetSocketAddress listener) throws Exception {
        // Postfix gives up root's rights, and must reach its folder all the same.
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
        Path files = Files.createDirectories(folder.resolve("postfix"));
        Map<String, String> settings = new LinkedHashMap<>(
                Postfix.delivering(files, "customer.example", Map.of("here@customer.example", "here")));
        settings.put("virtual_alias_maps", "inline:{ dead@customer.example=gone@dead.example }");
        settings.put("transport_maps", "inline:{ { dead.example = error:5.1.6 Gone for good } }");
        settings.put("relayhost", "[127.0.0.1]:" + first.smtp().getPort());
        postfix = Postfix.start(files, Map.of(listener, Map.of()), settings);
    }

    @AfterAll
    void stop() throws Exception {
        for (AutoCloseable each : new AutoCloseable[] {first, second, postfix}) {
            if (each != null) {
                each.close();
            }
        }
    }

    private void submit(String envId, String ret, String recipient, String notify) throws IOException {
        try (SmtpClient client = SmtpClient.connectTls(first.submissions(), Mails.tls(server))) {
            client.command("EHLO client.example");
            assertThat(client.authPlain(server.user(), server.password()).code())
                    .isEqualTo(235);
            for (String command : List.of(
                    "MAIL FROM:<" + server.user() + "> RET=" + ret + " ENVID=" + envId,
                    "RCPT TO:<" + recipient + "> NOTIFY=" + notify + " ORCPT=rfc822;list+2B" + envId
                            + "@customer.example")) {
                assertThat(client.command(command).code()).as(command).isEqualTo(250);
            }
            assertThat(client.data(Mails.message(server.user(), recipient, secret(envId)))
                            .code())
                    .isEqualTo(250);
        }
    }

    private static String secret(String envId) {
        return "secret-words-of-" + envId;
    }

    private List<String> told(String envId) throws IOException {
        try (ImapClient imap = ImapClient.connectTls(first.imaps(), Mails.tls(server))) {
            imap.login(server.user(), server.password());
            return imap.messages("INBOX").stream()
                    .map(Mails::text)
                    .filter(message -> message.contains("Original-Envelope-Id: " + envId + "\r\n"))
                    .toList();
        }
    }

    private String toldOnce(String envId) {
        List<String> told = Awaitility.await("a report of " + envId)
                .atMost(Mails.PATIENCE)
                // The first mail makes the mailbox.
                .ignoreExceptionsInstanceOf(ImapClient.ImapException.class)
                .until(() -> told(envId), reports -> !reports.isEmpty());
        assertThat(told).hasSize(1);
        return told.get(0);
    }

    @Test
    void success_is_reported_by_the_last() throws Exception {
        submit("success", "HDRS", "here@customer.example", "SUCCESS,FAILURE");
        assertThat(toldOnce("success"))
                .contains(
                        "Original-Recipient: rfc822;list+success@customer.example",
                        "Final-Recipient: rfc822; here@customer.example",
                        "Action: delivered")
                .doesNotContain("\r\n" + secret("success") + "\r\n");
        assertThat(postfix.taken()).anySatisfy(mail -> assertThat(mail).contains(secret("success")));
    }

    @Test
    void failure_is_reported_by_who_gives_up() throws Exception {
        submit("failure", "FULL", "dead@customer.example", "FAILURE");
        submit("refused", "FULL", "nobody@customer.example", "FAILURE,DELAY");
        assertThat(toldOnce("failure"))
                .contains(
                        "Original-Recipient: rfc822;list+failure@customer.example",
                        "Action: failed",
                        "\r\n" + secret("failure") + "\r\n");
        // Refused by Postfix, told by the second of ours.
        assertThat(toldOnce("refused"))
                .contains(
                        "Reporting-MTA: dns; mail.example.com\r\n",
                        "Original-Recipient: rfc822; list+refused@customer.example\r\n",
                        "Final-Recipient: rfc822; nobody@customer.example\r\n",
                        "Action: failed\r\nStatus: 5.1.1\r\n",
                        "\r\n" + secret("refused") + "\r\n");
    }

    @Test
    void nobody_reports_what_nobody_wants_to_know() throws Exception {
        submit("never", "FULL", "dead@customer.example", "NEVER");
        submit("unknown", "FULL", "nobody@customer.example", "NEVER");
        submit("delivered", "FULL", "here@customer.example", "FAILURE");
        // Mails after them, of which something is told by the same servers.
        submit("after", "HDRS", "dead@customer.example", "FAILURE");
        submit("after-it", "HDRS", "nobody@customer.example", "FAILURE");
        toldOnce("after");
        toldOnce("after-it");
        for (String envId : List.of("never", "unknown", "delivered")) {
            assertThat(told(envId)).as(envId).isEmpty();
        }
    }
}
