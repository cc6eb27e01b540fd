/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.rempart.it.contract.Contract;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;
import org.rempart.quickstart.client.TlsClient;
import org.rempart.testsupport.MilterServer;

/** Mail by the word of a filter. */
@Contract
@DisplayName("A filter: what becomes of mail that it speaks against")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FilterContractTest {
    private static final String PASSWORD = "correct horse battery";
    private static final String REPOSITORY = "/mailRepositories/var%2Fmail%2Fquarantine/mails";

    private MilterServer filter;
    private Variant variant;
    private String alice;

    @BeforeAll
    void start() throws Exception {
        filter = MilterServer.start(FilterContractTest::judge);
        variant = new Variant("filter");
        variant.edit(
                "rempart.xml",
                "</policy>",
                "<filters><filter name=\"scan\" at=\"milter://127.0.0.1:" + filter.port() + "\"/></filters></policy>");
        variant.start();
        alice = "alice@" + variant.domain();
        variant.addUser(alice, PASSWORD);
    }

    private static void judge(MilterServer.Talk talk) throws IOException {
        talk.untilEnd();
        if (talk.saw("X-Wish|spam|")) {
            talk.send('h', "X-Spam-Flag\0YES\0").send('c');
        } else if (talk.saw("X-Wish|aside|")) {
            talk.send('q', "a virus\0").send('c');
        } else if (talk.saw("X-Wish|reject|")) {
            talk.send('y', "554 5.7.9 Not wanted\0");
        } else {
            talk.send('h', "X-Spam-Flag\0NO\0").send('c');
        }
    }

    @AfterAll
    void stop() throws Exception {
        if (variant != null) {
            variant.close();
        }
        if (filter != null) {
            filter.close();
        }
    }

    private SmtpReply deliver(String marker, String... fields) throws Exception {
        try (SmtpClient client = SmtpClient.connect(variant.smtp())) {
            client.command("EHLO mx.far.example");
            return client.send(
                    "eve@far.example", List.of(alice), Mails.message("eve@far.example", alice, marker, fields));
        }
    }

    private TlsClient tls() throws Exception {
        return TlsClient.trusting(variant.ca(), "localhost");
    }

    private String header(String folder, String marker) throws Exception {
        return Mails.header(Mails.awaitLocal(variant.imaps(), tls(), alice, PASSWORD, folder, marker));
    }

    private boolean isInInbox(String marker) throws Exception {
        try (ImapClient imap = ImapClient.connectTls(variant.imaps(), tls())) {
            imap.login(alice, PASSWORD);
            return imap.messages("INBOX").stream()
                    .anyMatch(message -> Mails.text(message).contains(marker));
        }
    }

    @Test
    void spamGoesIntoTheFolderForJunkAndTheRestDoesNot() throws Exception {
        String spam = Mails.marker();
        String good = Mails.marker();
        assertThat(deliver(spam, "X-Wish: spam", "X-Spam-Flag: NO").code()).isEqualTo(250);
        assertThat(deliver(good, "X-Spam-Flag: NO by eve").code()).isEqualTo(250);
        assertThat(header("Junk", spam)).contains("X-Spam-Flag: YES").doesNotContain("X-Spam-Flag: NO");
        assertThat(header("INBOX", good)).contains("X-Spam-Flag: NO").doesNotContain("by eve");
        assertThat(isInInbox(spam)).isFalse();
        try (ImapClient imap = ImapClient.connectTls(variant.imaps(), tls())) {
            imap.login(alice, PASSWORD);
            assertThat(imap.command("LSUB \"\" \"*\"").lines()).anyMatch(line -> line.contains("Junk"));
        }
    }

    @Test
    void whatItPutsAsideIsKept() throws Exception {
        String marker = Mails.marker();
        assertThat(deliver(marker, "X-Wish: aside").code()).isEqualTo(250);
        Awaitility.await()
                .atMost(Mails.PATIENCE)
                .until(() -> variant.administration("/mailRepositories").contains("quarantine")
                        && !variant.administration(REPOSITORY).equals("[]"));
        String after = Mails.marker();
        assertThat(deliver(after).code()).isEqualTo(250);
        assertThat(header("INBOX", after)).contains("X-Spam-Flag: NO");
        assertThat(isInInbox(marker)).isFalse();
    }

    @Test
    void whatItRejectsIsRefused() throws Exception {
        assertThat(deliver(Mails.marker(), "X-Wish: reject").toString()).startsWith("550 5.7.9 Not wanted");
    }
}
