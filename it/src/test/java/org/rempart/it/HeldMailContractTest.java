/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.it.Variant.Result;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;

@DisplayName("A3: what a held account sends is kept, where the policy says so")
class HeldMailContractTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String REPOSITORY = "var/mail/held";

    private final Endpoints server = Trial.server();

    private String send(Variant variant, String recipient) throws IOException {
        String marker = Mails.marker();
        try (SmtpClient client = SmtpClient.connectTls(variant.submissions(), Mails.tls(server))) {
            client.command("EHLO client.example");
            client.authPlain(server.user(), server.password());
            SmtpReply reply =
                    client.send(server.user(), List.of(recipient), Mails.message(server.user(), recipient, marker));
            assertThat(reply.code()).as(reply.toString()).isEqualTo(250);
        }
        return marker;
    }

    private JsonNode account(Variant variant) throws Exception {
        return JSON.readTree(
                variant.run("", "accounts", "show", "--json", server.user()).output());
    }

    /** Over HTTP, not by the command: a JVM for each look costs more than all else here. */
    private void awaitKept(Variant variant, int mails) {
        Awaitility.await("mail that is kept")
                .atMost(Mails.PATIENCE)
                .untilAsserted(() -> assertThat(
                                JSON.readTree(variant.administration("/rempart/accounts/" + server.user()))
                                        .path("keptMail")
                                        .asInt())
                        .isEqualTo(mails));
    }

    private String inbox(Variant variant) throws IOException {
        try (ImapClient imap = ImapClient.connectTls(variant.imaps(), Mails.tls(server))) {
            imap.login(server.user2(), server.password2());
            StringBuilder inbox = new StringBuilder();
            imap.messages("INBOX").forEach(message -> inbox.append(Mails.text(message)));
            return inbox.toString();
        }
    }

    private void awaitInbox(Variant variant, String marker) {
        Awaitility.await("mail " + marker)
                .atMost(Mails.PATIENCE)
                // The first mail makes the mailbox.
                .ignoreExceptionsInstanceOf(ImapClient.ImapException.class)
                .untilAsserted(() -> assertThat(inbox(variant)).contains(marker));
    }

    @Test
    void a3_itIsSeenKeptAndGoesOnOrIsDeletedWithTheRelease() throws Exception {
        try (Variant variant = new Variant("held-mail")) {
            variant.edit("rempart.xml", "<rate [^>]*/>", "<rate per=\"account\" messages=\"2/1h\" then=\"hold\"/>");
            variant.edit("rempart.xml", "<held [^>]*/>", "<held mail=\"keep\"/>");
            variant.start();
            variant.addUser(server.user(), server.password());
            variant.addUser(server.user2(), server.password2());

            String before = send(variant, server.user2());
            send(variant, server.user2());
            String inside = send(variant, server.user2());
            String outside = send(variant, "partner@partner.example");
            awaitKept(variant, 2);
            assertThat(account(variant).path("held").asBoolean()).isTrue();
            awaitInbox(variant, before);

            assertThat(variant.run("", "stop").exitCode()).isZero();
            assertThat(variant.run("", "start").exitCode()).isZero();
            assertThat(account(variant).path("keptMail").asInt()).isEqualTo(2);
            assertThat(inbox(variant)).doesNotContain(inside);
            assertThat(Mails.hasLeft(server, outside)).isFalse();
            assertThat(variant.run("", "queue", "list", "--queue", REPOSITORY).output())
                    .contains(server.user2(), "partner@partner.example");
            assertThat(variant.administration("/mailRepositories")).contains(REPOSITORY);
            assertThat(variant.run("", "trace", "<" + inside + "@client.example>")
                            .output())
                    .contains("  held-kept", "  kept");

            Result undecided = variant.run("", "accounts", "release", server.user());
            assertThat(undecided.exitCode()).isEqualTo(1);
            assertThat(undecided.output()).contains("mail=send");
            Result released = variant.run("", "accounts", "release", server.user(), "--mail", "send");
            assertThat(released.output()).contains("2 mails go on");
            awaitInbox(variant, inside);
            Mails.awaitRemote(server, outside);
            awaitKept(variant, 0);

            assertThat(variant.run("", "accounts", "hold", server.user()).exitCode())
                    .isZero();
            String deleted = send(variant, server.user2());
            awaitKept(variant, 1);
            assertThat(variant.run("", "accounts", "release", server.user(), "--mail", "delete")
                            .output())
                    .contains("1 are deleted");
            assertThat(account(variant).path("keptMail").asInt()).isZero();
            awaitInbox(variant, send(variant, server.user2()));
            assertThat(inbox(variant)).doesNotContain(deleted);
        }
    }

    @Test
    void a3_aServerThatWouldDeliverItDoesNotStart() throws Exception {
        Variant variant = new Variant("held-mail-undone");
        variant.edit("rempart.xml", "<held [^>]*/>", "<held mail=\"keep\"/>");
        variant.edit("mailetcontainer.xml", "AccountIsHeld=kept", "AccountIsHeld");
        Result check = variant.run("", "check-config");
        assertThat(check.exitCode()).isEqualTo(78);
        assertThat(check.output()).contains("conf/rempart.xml: <held mail=\"keep\"/>", "AccountIsHeld=kept");
    }
}
