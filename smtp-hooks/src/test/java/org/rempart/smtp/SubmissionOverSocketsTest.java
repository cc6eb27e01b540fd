/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.mailet.AttributeName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.policy.trail.AuditEvent;
import org.rempart.smtp.SmtpTestServer.Listener;
import org.slf4j.LoggerFactory;

/** Identity, rates and login failures in James's own server: 0 is the listener with STARTTLS, 1 that with TLS at once. */
@Tag("james-3.8")
class SubmissionOverSocketsTest {
    private final List<String> trail = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            trail.add(event.getFormattedMessage());
        }
    };
    private final Logger logger = (Logger) LoggerFactory.getLogger(AuditEvent.LOGGER_NAME);

    @TempDir
    private Path home;

    private SmtpTestServer server;

    @BeforeEach
    void record() {
        appender.start();
        logger.addAppender(appender);
        logger.setLevel(Level.INFO);
        logger.setAdditive(false);
    }

    @AfterEach
    void stop() {
        logger.detachAppender(appender);
        logger.setLevel(null);
        logger.setAdditive(true);
        if (server != null) {
            server.close();
        }
    }

    private void start(String submission) throws Exception {
        server = SmtpTestServer.start(
                home,
                "<policy><submission>" + submission + "</submission></policy>",
                Listener.submission(),
                Listener.submission().implicitTls());
    }

    private SmtpClient login(int listener, String user) throws IOException {
        SmtpClient client = listener == 0 ? server.connect(0).ehlo().startTls() : server.connectTls(1);
        return client.ehlo().authenticate(user);
    }

    private static String message(String from) {
        return "From: " + from + "\r\nMessage-ID: <1@client.example>\r\n\r\nbody\r\n.\r\n";
    }

    private List<String> events(String event) {
        List<String> found = new ArrayList<>();
        for (String line : trail) {
            if (line.contains("\"event\":\"" + event + "\"")) {
                found.add(line);
            }
        }
        return found;
    }

    /** RFC 6409, section 8. */
    @Test
    void aMessageGetsTheDateAndTheIdThatItLacks() throws Exception {
        start("");
        try (SmtpClient client = login(0, "alice@ours.example")) {
            client.envelope("alice@ours.example", "bob@ours.example");
            client.send("From: alice@ours.example\r\nSubject: \u00fc\r\n\r\nbody\r\n.\r\n")
                    .expect(250);
            assertThat(server.spool().only().content())
                    .containsPattern("(?s)From: alice@ours.example\r\nSubject: [^\r]*\r\nDate: [^\r]* [+]0000\r\n"
                            + "Message-ID: <[a-z0-9]+@[^>]+>\r\n\r\nbody\r\n$");
            server.spool().clear();
            String whole = "From: alice@ours.example\r\nDate: today\r\nmessage-id: x\r\n\r\nbody\r\n";
            client.envelope("alice@ours.example", "bob@ours.example");
            client.send(whole + ".\r\n").expect(250);
            assertThat(server.spool().only().content()).endsWith(whole);
            server.spool().clear();
            String signed = "DKIM-Signature: v=1\r\nFrom: alice@ours.example\r\n\r\nbody\r\n";
            client.envelope("alice@ours.example", "bob@ours.example");
            client.send(signed + ".\r\n").expect(250);
            assertThat(server.spool().only().content()).endsWith(signed);
        }
    }

    @Test
    void anAccountWritesAsItselfAndNobodyElse() throws Exception {
        start("");
        try (SmtpClient client = login(0, "alice@ours.example")) {
            client.command("MAIL FROM:<bob@ours.example>", "553 5.7.1");
            client.command("MAIL FROM:<u@foreign.example>", "553 5.7.1");
            client.envelope("info@ours.example", "bob@ours.example", "u@foreign.example");
            client.send(message("Alice <alice@ours.example>")).expect(250);
            client.envelope("alice@ours.example", "bob@ours.example");
            assertThat(client.send(message("alice@ours.example, bob@ours.example"))
                            .reply())
                    .startsWith("553 5.7.1");
            client.envelope("", "bob@ours.example");
            assertThat(client.send(message("alice@ours.example")).reply()).startsWith("553 5.7.1");
            client.envelope("", "bob@ours.example");
            client.send("From: alice@ours.example\r\nContent-Type: multipart/report; boundary=b;\r\n"
                            + " report-type=disposition-notification\r\n\r\n--b\r\n\r\nIt was read.\r\n--b\r\n"
                            + "Content-Type: message/disposition-notification\r\n\r\n"
                            + "Final-Recipient: rfc822;alice@ours.example\r\n"
                            + "Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n.\r\n")
                    .expect(250);
        }
        assertThat(server.spool().mails()).hasSize(2);
        assertThat(events("login")).hasSize(1);
        assertThat(events("identity-refused")).hasSize(4);
        assertThat(events("submission")).hasSize(4);
        assertThat(events("submission").get(0))
                .contains(
                        "\"account\":\"alice@ours.example\"",
                        "\"client\":\"127.0.0.1\"",
                        "\"helo\":\"client.example\"",
                        "\"listener\":" + server.port(0),
                        "\"tls\":\"TLSv1.",
                        "\"verdict\":\"accepted\"",
                        "\"from\":\"info@ours.example\"",
                        "\"recipients\":[\"bob@ours.example\",\"u@foreign.example\"]",
                        "\"messageId\":\"<1@client.example>\"",
                        "\"size\":",
                        "\"mail\":",
                        "\"v\":1,",
                        "\"mechanism\":\"PLAIN\"",
                        "\"subject\":\"" + AuditEvent.subjectHash("") + "\"",
                        "\"rule\":");
        assertThat(events("submission").get(1)).contains("\"verdict\":\"refused\"", "\"answer\":\"553 5.7.1");
    }

    @Test
    void aRateCountsOnAllListenersTogether() throws Exception {
        start("<rate per=\"account\" messages=\"3/1h\" then=\"defer\"/>");
        for (int i = 0; i < 3; i++) {
            try (SmtpClient client = login(i % 2, "alice@ours.example")) {
                client.envelope("alice@ours.example", "bob@ours.example");
                client.send(message("alice@ours.example")).expect(250);
            }
        }
        for (int listener = 0; listener < 2; listener++) {
            try (SmtpClient client = login(listener, "alice@ours.example")) {
                client.command("MAIL FROM:<alice@ours.example>", "452 4.7.28");
            }
        }
        try (SmtpClient client = login(1, "bob@ours.example")) {
            client.command("MAIL FROM:<bob@ours.example>", "250");
        }
        assertThat(events("rate-exceeded")).hasSize(2);
        assertThat(events("rate-exceeded").get(0)).contains("\"messages\":3", "<rate");
    }

    @Test
    void whatIsRefusedDoesNotCount() throws Exception {
        start("<rate per=\"account\" messages=\"1/1h\" then=\"defer\"/>");
        try (SmtpClient client = login(0, "alice@ours.example")) {
            for (int i = 0; i < 3; i++) {
                client.envelope("alice@ours.example", "bob@ours.example");
                client.send(message("bob@ours.example")).expect(553);
            }
            client.envelope("alice@ours.example", "bob@ours.example");
            client.send(message("alice@ours.example")).expect(250);
            client.command("MAIL FROM:<alice@ours.example>", "452 4.7.28");
        }
    }

    @Test
    void recipientsAreLimitedWhileTheyAreNamed() throws Exception {
        start("<rate per=\"account\" recipients=\"2/1h\" then=\"defer\"/>");
        try (SmtpClient client = login(0, "alice@ours.example")) {
            client.command("MAIL FROM:<alice@ours.example>", "250");
            client.command("RCPT TO:<a@foreign.example>", "250");
            client.command("RCPT TO:<b@foreign.example>", "250");
            client.command("RCPT TO:<c@foreign.example>", "452 4.7.28");
            client.command("DATA", "354");
            client.send(message("alice@ours.example")).expect(250);
            client.command("MAIL FROM:<alice@ours.example>", "452 4.7.28");
        }
        assertThat(events("submission")).hasSize(1);
        assertThat(events("submission").get(0)).contains("\"verdict\":\"accepted\"", "<identity");
    }

    @Test
    void anAccountThatExceedsIsHeld() throws Exception {
        start("<rate per=\"account\" messages=\"1/1h\" then=\"hold\"/>");
        try (SmtpClient open = login(1, "alice@ours.example");
                SmtpClient client = login(0, "alice@ours.example")) {
            open.envelope("alice@ours.example", "bob@ours.example");
            client.envelope("alice@ours.example", "bob@ours.example");
            client.send(message("alice@ours.example")).expect(250);
            client.command("MAIL FROM:<alice@ours.example>", "550 5.7.28");
            assertThat(open.send(message("alice@ours.example")).reply()).startsWith("550 5.7.28");
        }
        try (SmtpClient client = login(1, "alice@ours.example")) {
            client.command("MAIL FROM:<alice@ours.example>", "550 5.7.28");
        }
        assertThat(events("held")).hasSize(1);
        assertThat(events("held").get(0)).contains("\"account\":\"alice@ours.example\"", "\"messages\":1");
        assertThat(events("held-refused")).hasSize(2);
        assertThat(server.noticesToPostmaster())
                .singleElement()
                .satisfies(notice -> assertThat(notice)
                        .contains(
                                "Subject: Account alice@ours.example is held",
                                "<rate",
                                "In the window: 1 messages",
                                "127.0.0.1  1",
                                AuditEvent.subjectHash(""),
                                "accounts release alice@ours.example"));
    }

    private void pipeline(String mailets) throws IOException {
        Files.writeString(
                Files.createDirectories(home.resolve("conf")).resolve("mailetcontainer.xml"),
                "<mailetcontainer><processors><processor state=\"root\">" + mailets
                        + "</processor></processors></mailetcontainer>");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<mailet match=\"org.rempart.matcher.AccountIsHeld\" class=\"ToRepository\"/>",
                "<mailet match=\"org.rempart.matcher.AccountIsHeld=kept\" class=\"org.rempart.mailet.AuditMail\"/>",
                "<!-- <mailet match=\"org.rempart.matcher.AccountIsHeld=kept\" class=\"ToRepository\"/> -->",
                "<mailet",
            })
    void aServerThatWouldNotKeepItDoesNotStart(String mailets) throws Exception {
        pipeline(mailets);
        assertThatThrownBy(() -> start("<held mail=\"keep\"/>"))
                .hasRootCauseInstanceOf(Exception.class)
                .hasStackTraceContaining("conf/mailetcontainer.xml");
    }

    @Test
    void whatAHeldAccountSendsIsTakenAndMarkedWhereItIsToBeKept() throws Exception {
        pipeline("<mailet match=\"org.rempart.matcher.AccountIsHeld=kept\" class=\"ToRepository\"/>");
        start("<rate per=\"account\" messages=\"1/1h\" then=\"hold\"/><held mail=\"keep\"/>");
        try (SmtpClient client = login(0, "alice@ours.example")) {
            for (int i = 0; i < 3; i++) {
                client.envelope("alice@ours.example", "bob@ours.example");
                client.send(message("alice@ours.example")).expect(250);
            }
            // Only what it may send is taken: as whom, to whom.
            client.command("MAIL FROM:<bob@ours.example>", "553 5.7.1");
        }
        try (SmtpClient client = login(0, "bob@ours.example")) {
            client.envelope("bob@ours.example", "alice@ours.example");
            client.send(message("bob@ours.example")).expect(250);
        }
        AttributeName kept = AttributeName.of("org.rempart.kept-for-held-account");
        assertThat(server.spool().mails())
                .extracting(mail -> mail.attribute(kept) != null)
                .containsExactly(false, true, true, false);
        assertThat(events("held")).hasSize(1);
        assertThat(events("held-kept")).hasSize(2);
        assertThat(events("held-refused")).isEmpty();
        assertThat(server.noticesToPostmaster())
                .singleElement()
                .satisfies(notice -> assertThat(notice)
                        .contains("kept in the repository var/mail/held")
                        .doesNotContain("550 5.7.28"));
    }

    @Test
    void aRestartKeepsSignsOfUnusualUse() throws Exception {
        String policy = "<unusual networks=\"1/1h\" then=\"notify\"/><unusual refused=\"2/1h\" then=\"hold\"/>";
        start(policy);
        try (SmtpClient client = login(1, "bob@ours.example")) {
            client.command("MAIL FROM:<bob@ours.example>", "250");
            client.command("RCPT TO:<nobody1@ours.example>", "550 5.1.1");
            client.command("RCPT TO:<nobody2@ours.example>", "550 5.1.1");
        }
        assertThat(events("unusual")).isEmpty();
        server.close();
        Files.delete(home.resolve("conf/keystore"));
        start(policy);
        try (SmtpClient client = SmtpClient.connectTls("127.0.5.1", server.port(1))) {
            client.expect(220);
            client.ehlo().authenticate("bob@ours.example");
            assertThat(events("unusual")).hasSize(1);
            client.command("MAIL FROM:<bob@ours.example>", "250");
            client.command("RCPT TO:<nobody3@ours.example>", "550 5.1.1");
            client.command("RCPT TO:<alice@ours.example>", "550 5.7.28");
        }
        assertThat(events("unusual")).hasSize(2);
    }

    @Test
    void aRestartKeepsHoldsCountsAndBlocks() throws Exception {
        String policy = "<rate per=\"account\" messages=\"1/1h\" then=\"hold\"/>"
                + "<failures per=\"address\" limit=\"2/10m\" then=\"block/1h\"/>";
        start(policy);
        try (SmtpClient alice = login(0, "alice@ours.example");
                SmtpClient bob = login(0, "bob@ours.example")) {
            alice.envelope("alice@ours.example", "bob@ours.example");
            alice.send(message("alice@ours.example")).expect(250);
            alice.command("MAIL FROM:<alice@ours.example>", "550 5.7.28");
            bob.envelope("bob@ours.example", "alice@ours.example");
            bob.send(message("bob@ours.example")).expect(250);
        }
        server.close();
        Files.delete(home.resolve("conf/keystore"));
        start(policy);
        try (SmtpClient alice = login(0, "alice@ours.example");
                SmtpClient bob = login(0, "bob@ours.example")) {
            alice.command("MAIL FROM:<alice@ours.example>", "550 5.7.28");
            bob.command("MAIL FROM:<bob@ours.example>", "550 5.7.28");
            alice.command("RSET", "250");
        }
        try (SmtpClient client = SmtpClient.connectTls("127.0.5.2", server.port(1))) {
            client.expect(220);
            client.ehlo();
            client.command("AUTH PLAIN " + SmtpClient.plain("alice@ours.example", "guess1"), "535");
            client.command("AUTH PLAIN " + SmtpClient.plain("alice@ours.example", "guess2"), "535");
        }
        server.close();
        Files.delete(home.resolve("conf/keystore"));
        start(policy);
        try (SmtpClient client = SmtpClient.connectTls("127.0.5.2", server.port(1))) {
            assertThat(client.reply()).startsWith("421 4.7.0");
        }
        login(0, "alice@ours.example").close();
    }

    @Test
    void whatAHeldAccountIsRefusedIsNoNews() throws Exception {
        start("<rate per=\"account\" messages=\"1/1h\" then=\"hold\"/><unusual refused=\"1/1h\" then=\"notify\"/>");
        try (SmtpClient open = login(1, "alice@ours.example");
                SmtpClient client = login(0, "alice@ours.example")) {
            open.command("MAIL FROM:<alice@ours.example>", "250");
            client.envelope("alice@ours.example", "bob@ours.example");
            client.send(message("alice@ours.example")).expect(250);
            client.command("MAIL FROM:<alice@ours.example>", "550 5.7.28");
            for (int i = 0; i < 3; i++) {
                open.command("RCPT TO:<bob@ours.example>", "550 5.7.28");
            }
        }
        assertThat(events("unusual")).isEmpty();
        assertThat(server.noticesToPostmaster()).hasSize(1);
    }

    @Test
    void unusualUseIsToldAndHeld() throws Exception {
        start("<unusual networks=\"1/1h\" then=\"notify\"/><unusual refused=\"2/1h\" then=\"hold\"/>");
        for (int network = 1; network <= 3; network++) {
            try (SmtpClient client = SmtpClient.connectTls("127.0." + network + ".1", server.port(1))) {
                client.expect(220);
                client.ehlo().authenticate("alice@ours.example");
            }
        }
        assertThat(events("unusual")).hasSize(1);
        assertThat(server.noticesToPostmaster()).hasSize(1);
        try (SmtpClient client = login(1, "bob@ours.example")) {
            client.command("MAIL FROM:<bob@ours.example>", "250");
            for (int i = 0; i < 3; i++) {
                client.command("RCPT TO:<nobody" + i + "@ours.example>", "550 5.1.1");
            }
            client.command("RCPT TO:<alice@ours.example>", "550 5.7.28");
        }
        assertThat(events("held"))
                .singleElement()
                .satisfies(held -> assertThat(held).contains("bob@ours.example", "<unusual refused"));
        assertThat(server.noticesToPostmaster()).hasSize(2);
    }

    @Test
    void manyClientsAtOnceGetExactlyTheLimit() throws Exception {
        start("<rate per=\"account\" messages=\"10/1h\" then=\"defer\"/>");
        ExecutorService clients = Executors.newFixedThreadPool(20);
        try {
            List<Future<String>> replies = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                int listener = i % 2;
                replies.add(clients.submit(() -> {
                    try (SmtpClient client = login(listener, "alice@ours.example")) {
                        String mail = client.command("MAIL FROM:<alice@ours.example>");
                        if (!mail.startsWith("250")) {
                            return mail;
                        }
                        client.command("RCPT TO:<bob@ours.example>");
                        String data = client.command("DATA");
                        return data.startsWith("354")
                                ? client.send(message("alice@ours.example")).reply()
                                : data;
                    }
                }));
            }
            int accepted = 0;
            for (Future<String> reply : replies) {
                accepted += reply.get().startsWith("250") ? 1 : 0;
            }
            assertThat(accepted).isEqualTo(10);
            assertThat(server.spool().mails()).hasSize(10);
        } finally {
            clients.shutdownNow();
        }
    }

    @Test
    void anAddressThatGuessesIsBlocked() throws Exception {
        start("<failures per=\"address\" limit=\"3/10m\" then=\"block/1h\"/>");
        try (SmtpClient working = login(0, "bob@ours.example");
                SmtpClient client = server.connectTls(1).ehlo()) {
            client.command("AUTH PLAIN " + SmtpClient.plain("alice@ours.example", "guess1"), "535");
            client.command("AUTH PLAIN", "334").command(SmtpClient.plain("alice@ours.example", "guess2"), "535");
            client.command("AUTH LOGIN", "334")
                    .command(SmtpClient.base64("alice@ours.example"), "334")
                    .command(SmtpClient.base64("guess3"), "535");
            // Bob has logged in at this address: that is room for one failure more, and connections are still taken.
            client.command("AUTH PLAIN " + SmtpClient.plain("alice@ours.example", "guess4"), "535");
            client.command(
                    "AUTH PLAIN " + SmtpClient.plain("alice@ours.example", SmtpTestServer.PASSWORD), "454 4.7.0");
            login(0, "bob@ours.example").close();

            working.envelope("bob@ours.example", "alice@ours.example");
            working.send(message("bob@ours.example")).expect(250);
        }
        assertThat(events("login-failed")).hasSize(4).allMatch(line -> line.contains("alice@ours.example"));
        assertThat(events("blocked")).hasSize(1);
        assertThat(events("blocked-refused")).hasSize(1);
    }

    @Test
    void whereNobodyHasLoggedInABlockedAddressGetsNoConnection() throws Exception {
        start("<failures per=\"address\" limit=\"2/10m\" then=\"block/1h\"/>");
        try (SmtpClient client = server.connectTls(1).ehlo()) {
            client.command("AUTH PLAIN " + SmtpClient.plain("alice@ours.example", "guess1"), "535");
            client.command("AUTH PLAIN " + SmtpClient.plain("alice@ours.example", "guess2"), "535");
            client.command(
                    "AUTH PLAIN " + SmtpClient.plain("alice@ours.example", SmtpTestServer.PASSWORD), "421 4.7.0");
        }
        for (int listener = 0; listener < 2; listener++) {
            try (SmtpClient next = listener == 0 ? server.connectSilently(0) : SmtpClient.connectTls(server.port(1))) {
                assertThat(next.reply()).startsWith("421 4.7.0");
                next.untilClosed();
            }
        }
    }

    @Test
    void manyRightLoginsAtOnceAreAllTaken() throws Exception {
        start("<failures per=\"address\" limit=\"3/10m\" delay=\"1s\" then=\"block/1h\"/>"
                + "<failures per=\"account\" limit=\"3/10m\" then=\"block/1h\"/>");
        ExecutorService clients = Executors.newFixedThreadPool(20);
        try {
            List<Future<String>> replies = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String user = i % 2 == 0 ? "alice@ours.example" : "bob@ours.example";
                replies.add(clients.submit(() -> {
                    try (SmtpClient client = server.connectTls(1).ehlo()) {
                        return client.send("AUTH PLAIN " + SmtpClient.plain(user, SmtpTestServer.PASSWORD) + "\r\n")
                                .reply();
                    }
                }));
            }
            for (Future<String> reply : replies) {
                assertThat(reply.get()).startsWith("235");
            }
        } finally {
            clients.shutdownNow();
        }
    }

    @Test
    void theOwnerOfAnAccountThatIsGuessedAtIsTold() throws Exception {
        start("<failures per=\"account\" limit=\"2/10m\" then=\"block/1h\"/>");
        try (SmtpClient client = server.connectTls(1).ehlo()) {
            for (String user : List.of("alice@ours.example", "nobody@ours.example")) {
                client.command("AUTH PLAIN " + SmtpClient.plain(user, "guess1"), "535");
                client.command("AUTH PLAIN " + SmtpClient.plain(user, "guess2"), "535");
            }
        }
        assertThat(server.noticesToPostmaster())
                .hasSize(2)
                .anySatisfy(notice -> assertThat(notice)
                        .contains("To: alice@ours.example", "Somebody guesses the password", "Auto-Submitted:")
                        .containsPattern("Message-ID: <[0-9a-f-]{36}@ours[.]example>"))
                .anySatisfy(notice -> assertThat(notice).contains("To: postmaster@ours.example"));
    }

    @Test
    void aBlockedClientThatGoesOnTalkingIsNotHeard() throws Exception {
        start("<failures per=\"address\" limit=\"1/10m\" then=\"block/1h\"/>");
        try (SmtpClient client = server.connectTls(1).ehlo()) {
            client.command("AUTH PLAIN " + SmtpClient.plain("alice@ours.example", "guess"), "535");
        }
        trail.clear();
        try (SmtpClient client = server.connectSilently(0)) {
            client.send("EHLO client.example\r\nNOOP\r\nQUIT\r\n");
            String all = client.untilClosed();
            assertThat(all).startsWith("421 4.7.0");
            assertThat(all).doesNotContain("250", "221");
        }
        await().untilAsserted(() -> assertThat(events("blocked-refused")).hasSize(1));
    }

    @Test
    void anAccountThatIsGuessedAtIsBlocked() throws Exception {
        start("<failures per=\"account\" limit=\"2/10m\" then=\"block/1h\"/>");
        try (SmtpClient client = server.connectTls(1).ehlo()) {
            for (String user : List.of("alice@ours.example", "nobody@ours.example")) {
                client.command("AUTH PLAIN " + SmtpClient.plain(user, "guess1"), "535");
                client.command("AUTH PLAIN " + SmtpClient.plain(user, "guess2"), "535");
                client.command("AUTH PLAIN " + SmtpClient.plain(user, SmtpTestServer.PASSWORD), "454 4.7.0");
            }
            client.authenticate("bob@ours.example");
        }
    }

    @Test
    void anEmptyPasswordIsWrong() throws Exception {
        start("<failures per=\"address\" limit=\"20/10m\" then=\"block/1h\"/>");
        for (String password : List.of("", "\0")) {
            try (SmtpClient client = server.connectTls(1).ehlo()) {
                client.command(
                        "AUTH PLAIN " + SmtpClient.plain("alice@ours.example", password),
                        password.isEmpty() ? "535" : "501");
                client.command("MAIL FROM:<alice@ours.example>", "530");
            }
        }
    }

    @Test
    void aDirectoryThatIsDownBlocksNobodyAndLetsNobodyPass() throws Exception {
        start("<failures per=\"address\" limit=\"2/10m\" then=\"block/1h\"/>");
        try (SmtpClient working = login(0, "alice@ours.example");
                SmtpClient client = server.connectTls(1).ehlo()) {
            server.breakUsers(true);
            for (int i = 0; i < 5; i++) {
                client.command(
                        "AUTH PLAIN " + SmtpClient.plain("bob@ours.example", SmtpTestServer.PASSWORD), "454 4.7.0");
            }
            working.command("MAIL FROM:<alice@ours.example>", "451 4.3.0");
            server.breakUsers(false);
            client.authenticate("bob@ours.example");
        }
    }
}
