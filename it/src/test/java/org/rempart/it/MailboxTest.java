/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.testsupport.RawClient;

@DisplayName("What IMAP clients do with the packaged server's mailboxes")
class MailboxTest {
    private final Endpoints server = Trial.server();

    @Test
    void aClientThatIdlesIsToldOfNewMail() throws Exception {
        String marker = Mails.marker();
        try (RawClient client = new RawClient(server.imaps()).tls()) {
            client.line();
            assertThat(tagged(client, "a LOGIN " + server.user2() + " " + server.password2()))
                    .startsWith("a OK");
            // The first mail makes the mailbox.
            deliver(marker + "-first");
            Mails.awaitLocal(server, server.user2(), server.password2(), marker + "-first");
            assertThat(tagged(client, "b SELECT INBOX")).startsWith("b OK");
            client.send("c IDLE\r\n");
            assertThat(client.line()).startsWith("+ ");

            deliver(marker);
            String told = client.line();
            while (!told.contains("EXISTS")) {
                assertThat(told).as("what comes before the EXISTS").startsWith("* ");
                told = client.line();
            }
            assertThat(tagged(client, "DONE", "c ")).startsWith("c OK");
        }
    }

    @Test
    void messagesAreAppendedCopiedFoundAndExpunged() throws Exception {
        String folder = "folder-" + Mails.marker();
        String copies = folder + "-copies";
        String first = Mails.marker();
        String second = Mails.marker();
        try (ImapClient imap = ImapClient.connectTls(server.imaps(), Mails.tls(server))) {
            assertThat(imap.login(server.user(), server.password()).ok()).isTrue();
            assertThat(imap.command("CREATE " + folder).ok()).isTrue();
            assertThat(imap.command("CREATE " + copies).ok()).isTrue();
            append(folder, "(\\Flagged $Own)", message(first));
            append(folder, "()", message(second));

            assertThat(imap.command("SELECT " + folder).ok()).isTrue();
            assertThat(String.join("\n", imap.command("FETCH 1:2 (FLAGS)").lines()))
                    .contains("\\Flagged")
                    .contains("$Own");
            assertThat(imap.command("SEARCH TEXT " + second).lines()).contains("* SEARCH 2");
            assertThat(imap.command("COPY 1:2 " + copies).ok()).isTrue();
            assertThat(imap.command("STORE 1 +FLAGS (\\Deleted)").ok()).isTrue();
            assertThat(imap.command("EXPUNGE").lines()).contains("* 1 EXPUNGE");

            assertThat(Mails.text(imap.messages(folder).get(0))).isEqualTo(message(second));
            assertThat(imap.messages(folder)).hasSize(1);
            List<byte[]> copied = imap.messages(copies);
            assertThat(copied.stream().map(Mails::text)).containsExactly(message(first), message(second));
        }
    }

    @Test
    void aMailboxIsRenamedWithAllBelowItOrNot() throws Exception {
        String one = "one-" + Mails.marker();
        String other = "other-" + Mails.marker();
        try (ImapClient imap = ImapClient.connectTls(server.imaps(), Mails.tls(server))) {
            assertThat(imap.login(server.user(), server.password()).ok()).isTrue();
            assertThat(imap.command("CREATE " + one + ".below").ok()).isTrue();
            assertThat(imap.command("CREATE " + other + ".below").ok()).isTrue();
            assertThat(imap.command("DELETE " + other).ok()).isTrue();

            assertThat(imap.command("RENAME " + one + " " + other).status()).contains("exists");
            assertThat(imap.command("STATUS " + one + " (MESSAGES)").ok()).isTrue();
            assertThat(imap.command("STATUS " + other + " (MESSAGES)").ok()).isFalse();

            assertThat(imap.command("DELETE " + other + ".below").ok()).isTrue();
            assertThat(imap.command("RENAME " + one + " " + other).ok()).isTrue();
            assertThat(imap.command("STATUS " + other + ".below (MESSAGES)").ok())
                    .isTrue();

            assertThat(imap.command("RENAME " + other + " " + other + ".itself").status())
                    .startsWith("NO");
            assertThat(imap.command("STATUS " + other + ".below (MESSAGES)").ok())
                    .isTrue();
        }
    }

    @Test
    void anEmptyMailboxMayBeAskedForUidsButNotForNumbers() throws Exception {
        String folder = "empty-" + Mails.marker();
        try (ImapClient imap = ImapClient.connectTls(server.imaps(), Mails.tls(server))) {
            assertThat(imap.login(server.user(), server.password()).ok()).isTrue();
            assertThat(imap.command("CREATE " + folder).ok()).isTrue();
            assertThat(imap.command("SELECT " + folder).ok()).isTrue();
            for (String command : List.of(
                    "UID FETCH 1:* (FLAGS)",
                    "UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)",
                    "UID STORE 7 +FLAGS (\\Seen)",
                    "UID COPY 7 INBOX",
                    "UID EXPUNGE 7")) {
                assertThat(imap.command(command).ok()).as(command).isTrue();
            }
            assertThat(imap.command("UID COPY 7 nowhere").ok()).isFalse();
            assertThat(imap.command("FETCH 1 (FLAGS)").ok()).isFalse();
        }
    }

    private static String message(String marker) {
        return "From: a@example.com\r\nSubject: " + marker + "\r\n\r\nThe body of " + marker + "\r\n";
    }

    private void append(String folder, String flags, String message) throws IOException {
        try (RawClient client = new RawClient(server.imaps()).tls()) {
            client.line();
            assertThat(tagged(client, "a LOGIN " + server.user() + " " + server.password()))
                    .startsWith("a OK");
            client.send("b APPEND " + folder + " " + flags + " {" + message.length() + "}\r\n");
            assertThat(client.line()).startsWith("+ ");
            assertThat(tagged(client, message, "b ")).startsWith("b OK");
        }
    }

    private void deliver(String marker) throws IOException {
        try (SmtpClient client = Mails.submission(server)) {
            client.send(server.user(), List.of(server.user2()), Mails.message(server.user(), server.user2(), marker));
        }
    }

    private static String tagged(RawClient client, String command) throws IOException {
        return tagged(client, command, command.substring(0, 2));
    }

    /** Sends a line, and reads to the answer with the tag. */
    private static String tagged(RawClient client, String line, String tag) throws IOException {
        client.send(line + "\r\n");
        String answer = client.line();
        while (!answer.startsWith(tag)) {
            assertThat(answer).as("before the answer " + tag).isNotEmpty();
            answer = client.line();
        }
        return answer;
    }
}
