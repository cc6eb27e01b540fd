/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.net.ssl.SSLSession;
import org.rempart.quickstart.RawMessage.Field;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;
import org.rempart.quickstart.client.TlsClient;
import org.rempart.quickstart.client.TlsProbe;
import org.rempart.quickstart.sink.SinkMail;

/**
 * The four checks at work, over real sockets, against a server of which only its endpoints are known: no open relay, no
 * AUTH in clear text, no internals in what leaves, TLS and no old version of it. Each thing that is checked is one line
 * for the reader; what does not behave says what was expected and what was seen.
 */
final class Show {
    private static final Duration DELIVERY_LIMIT = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final String CLIENT_NAME = "laptop-17.corp.example.com";
    private static final String STRANGER = "stranger@outside.example";
    private static final String REMOTE = "someone@partner.example";

    /** Header fields that tell an attacker something, and stand in the mail that the show sends. */
    private static final List<String> REVEALING = List.of(
            String.join(
                    "\r\n\t",
                    "Received: from build-04.corp.example.com (build-04.corp.example.com [10.20.30.40])",
                    "by relay.corp.example.com (Postfix) with ESMTP id 4F1C2A;",
                    "Mon, 2 Nov 2026 09:00:00 +0100 (CET)"),
            "X-Originating-IP: [10.20.30.41]",
            "User-Agent: AcmeMail/3.2 (Windows 10; workstation-17)",
            "X-Mailer: AcmeMail 3.2",
            "X-Spam-Status: No, score=-1.9 required=5.0 tests=BAYES_00 version=3.4.6",
            "X-Spam-Checker-Version: SpamAssassin 3.4.6 on scanner.corp.example.com");

    /** Words that must not be found anywhere in a header outside, in whatever field. */
    private static final List<String> SECRETS = List.of(
            "10.20.30.40",
            "10.20.30.41",
            "127.0.0.1",
            "build-04",
            "relay.corp.example.com",
            "workstation-17",
            CLIENT_NAME,
            "scanner.corp.example.com",
            "SpamAssassin",
            "AcmeMail");

    private final Endpoints endpoints;
    private final TlsClient tls;
    private final Console console;
    private final String token;
    private int failures;

    /**
     * A show.
     *
     * @param mailHost the name that the server's certificate carries
     */
    Show(Endpoints endpoints, String mailHost, Console console) throws IOException {
        this.endpoints = endpoints;
        this.tls = TlsClient.trusting(endpoints.ca(), mailHost);
        this.console = console;
        byte[] random = new byte[6];
        new SecureRandom().nextBytes(random);
        this.token = HexFormat.of().formatHex(random);
    }

    /** Runs all four. Returns how many things did not behave. */
    int run() throws InterruptedException {
        section("1. No open relay", this::relayIsRefused);
        section("2. No AUTH without TLS", this::clearTextAuthIsRefused);
        section("3. An authenticated mail: what insiders see, and what leaves", this::headersAreStripped);
        section("4. TLS everywhere, and only 1.2 and 1.3", this::tlsIsNew);
        return failures;
    }

    private interface Section {
        void run() throws IOException, InterruptedException;
    }

    private void section(String title, Section section) throws InterruptedException {
        console.heading(title);
        try {
            section.run();
        } catch (IOException e) {
            check(
                    "the conversation with the server",
                    false,
                    "that it comes to its end",
                    String.valueOf(e.getMessage()));
        }
    }

    private void check(String what, boolean behaves, String expected, String seen) {
        if (behaves) {
            console.passed(what, seen);
        } else {
            failures++;
            console.failed(what, expected, seen);
        }
    }

    private void relayIsRefused() throws IOException {
        try (SmtpClient client = SmtpClient.connect(endpoints.smtp())) {
            client.command("EHLO outside.example");
            for (String target : List.of(
                    REMOTE,
                    "someone%partner.example@" + endpoints.domain(),
                    "@" + endpoints.domain() + ":" + REMOTE,
                    "\"" + REMOTE + "\"@" + endpoints.domain())) {
                refusedRecipient(client, STRANGER, target);
            }
            // Whose sender says that he is one of us is no less a stranger.
            refusedRecipient(client, endpoints.user(), REMOTE);
            client.command("MAIL FROM:<" + STRANGER + ">");
            SmtpReply ours = client.command("RCPT TO:<" + endpoints.user2() + ">");
            check(
                    "a stranger may write to <" + endpoints.user2() + ">",
                    ours.positive(),
                    "250, since that is one of us",
                    ours.toString());
        }
    }

    private void refusedRecipient(SmtpClient client, String from, String recipient) throws IOException {
        SmtpReply reply = client.command("MAIL FROM:<" + from + ">");
        if (reply.positive()) {
            reply = client.command("RCPT TO:<" + recipient + ">");
        }
        check("<" + from + "> to <" + recipient + ">", reply.refused(), "a refusal for good, 5xx", reply.toString());
        client.command("RSET");
    }

    private void clearTextAuthIsRefused() throws IOException {
        for (InetSocketAddress listener : List.of(endpoints.smtp(), endpoints.submission())) {
            String port = listener.equals(endpoints.smtp()) ? "MX" : "submission";
            try (SmtpClient client = SmtpClient.connect(listener)) {
                SmtpReply hello = client.command("EHLO " + CLIENT_NAME);
                check(
                        port + ": AUTH is not on offer",
                        !hello.announces("AUTH"),
                        "no AUTH among the extensions",
                        String.join(", ", hello.lines().subList(1, hello.lines().size())));
                refusedAuth(
                        port + ": AUTH PLAIN with the right password",
                        client,
                        client.authPlain(endpoints.user(), endpoints.password()));
            }
            try (SmtpClient client = SmtpClient.connect(listener)) {
                client.command("EHLO " + CLIENT_NAME);
                refusedAuth(
                        port + ": AUTH LOGIN with the right password",
                        client,
                        client.authLogin(endpoints.user(), endpoints.password()));
            }
        }
    }

    /** AUTH was refused, and whatever the answer said, the client is nobody. */
    private void refusedAuth(String what, SmtpClient client, SmtpReply answer) throws IOException {
        check(what, answer.refused(), "a refusal for good, 5xx", answer.toString());
        SmtpReply reply = client.command("MAIL FROM:<" + endpoints.user() + ">");
        if (reply.positive()) {
            reply = client.command("RCPT TO:<" + REMOTE + ">");
        }
        if (reply.positive()) {
            check("and sends nothing then", false, "a refusal", reply.toString());
        }
    }

    private void headersAreStripped() throws IOException, InterruptedException {
        byte[] first = message(1);
        byte[] second = message(2);
        List<String> recipients = List.of(endpoints.user2(), REMOTE);
        try (SmtpClient client = SmtpClient.connect(endpoints.submission())) {
            client.command("EHLO " + CLIENT_NAME);
            client.startTls(tls);
            submit("submission, STARTTLS", client, recipients, first);
        }
        try (SmtpClient client = SmtpClient.connectTls(endpoints.submissions(), tls)) {
            submit("submissions, TLS from the first byte", client, recipients, second);
        }
        compare(1, first, true);
        compare(2, second, false);
    }

    private void submit(String port, SmtpClient client, List<String> recipients, byte[] message) throws IOException {
        client.command("EHLO " + CLIENT_NAME);
        SmtpReply auth = client.authPlain(endpoints.user(), endpoints.password());
        check(port + ": <" + endpoints.user() + "> logs in", auth.positive(), "235", auth.toString());
        SmtpReply sent = client.send(endpoints.user(), recipients, message);
        check("and sends to <" + String.join("> and <", recipients) + ">", sent.positive(), "250", sent.toString());
    }

    private void compare(int number, byte[] sent, boolean print) throws IOException, InterruptedException {
        Optional<RawMessage> local = awaitInMailbox(messageId(number));
        Optional<SinkMail> atSink = SinkMail.await(
                endpoints.sinkDirectory(), mail -> mail.isTo(REMOTE) && hasId(mail, number), DELIVERY_LIMIT);
        check(
                "mail " + number + " reached <" + endpoints.user2() + "> (read over IMAP)",
                local.isPresent(),
                "the mail in INBOX within " + DELIVERY_LIMIT.toSeconds() + " s",
                local.isPresent() ? "" : "nothing");
        check(
                "mail " + number + " reached <" + REMOTE + "> (kept by the sink)",
                atSink.isPresent(),
                "the mail at the sink within " + DELIVERY_LIMIT.toSeconds() + " s",
                atSink.isPresent() ? atSink.get().file().getFileName().toString() : "nothing");
        if (local.isEmpty() || atSink.isEmpty()) {
            return;
        }
        RawMessage original = RawMessage.of(sent);
        RawMessage remote = RawMessage.of(atSink.get().raw());
        if (print) {
            printBoth(local.get(), remote);
        }

        List<Field> revealing = original.fields().subList(0, REVEALING.size());
        List<Field> harmless =
                original.fields().subList(REVEALING.size(), original.fields().size());
        List<String> lost = revealing.stream()
                .filter(field -> !local.get().fields().contains(field))
                .map(Field::name)
                .toList();
        check(
                "inside, every header is kept",
                lost.isEmpty(),
                "all of " + names(revealing),
                lost.isEmpty() ? names(revealing) : "missing or changed: " + String.join(", ", lost));

        List<String> leaked = remote.fields().stream()
                .filter(field -> revealing.contains(field)
                        || SECRETS.stream().anyMatch(secret -> field.text().contains(secret)))
                .map(Field::text)
                .toList();
        check(
                "outside, nothing of them is left",
                leaked.isEmpty(),
                "no header with an internal name, address or product",
                leaked.isEmpty() ? "" : String.join(" / ", leaked));

        List<String> missing = harmless.stream()
                .filter(field -> !remote.fields().contains(field))
                .map(Field::name)
                .toList();
        boolean sameBody = Arrays.equals(original.body(), remote.body())
                && Arrays.equals(original.body(), local.get().body());
        check(
                "outside, all else is untouched",
                missing.isEmpty() && sameBody,
                names(harmless) + " and the body as they were sent",
                (missing.isEmpty() ? names(harmless) : "missing or changed: " + String.join(", ", missing))
                        + (sameBody ? ", the body byte by byte" : "; the body was changed"));
    }

    private void printBoth(RawMessage local, RawMessage remote) {
        String indent = "        ";
        int width = console.width() - indent.length();
        int column = (width - 3) / 2;
        console.line("");
        console.line(indent
                + String.format("%-" + column + "s   %s", endpoints.user2() + " received", REMOTE + " received"));
        console.line(indent + "-".repeat(column) + "   " + "-".repeat(column));
        console.table(SideBySide.render(local.fields(), remote.fields(), width), indent);
        console.line("");
        console.line(indent + "< only inside   > only outside   ~ differs");
        console.line("");
    }

    private Optional<RawMessage> awaitInMailbox(String id) throws IOException, InterruptedException {
        long end = System.nanoTime() + DELIVERY_LIMIT.toNanos();
        try (ImapClient client = ImapClient.connectTls(endpoints.imaps(), tls)) {
            ImapClient.Answer login = client.login(endpoints.user2(), endpoints.password2());
            if (!login.ok()) {
                check("<" + endpoints.user2() + "> logs in over IMAP with TLS", false, "OK", login.toString());
                return Optional.empty();
            }
            while (true) {
                // A mailbox is made when its first mail arrives, so INBOX may not be there yet.
                List<byte[]> messages;
                try {
                    messages = client.messages("INBOX");
                } catch (ImapClient.ImapException e) {
                    messages = List.of();
                }
                Optional<RawMessage> found = messages.stream()
                        .map(RawMessage::of)
                        .filter(message -> hasId(message, id))
                        .findFirst();
                if (found.isPresent() || System.nanoTime() > end) {
                    return found;
                }
                Thread.sleep(POLL.toMillis());
            }
        }
    }

    private void tlsIsNew() throws IOException {
        startTlsListener("MX, STARTTLS", endpoints.smtp());
        startTlsListener("submission, STARTTLS", endpoints.submission());
        try (SmtpClient client = SmtpClient.connectTls(endpoints.submissions(), tls)) {
            negotiated("submissions", client.tls());
        }
        oldVersions("submissions", version -> TlsProbe.probe(endpoints.submissions(), version));
        try (ImapClient client = ImapClient.connect(endpoints.imap())) {
            client.startTls(tls);
            negotiated("IMAP, STARTTLS", client.tls());
        }
        oldVersions("IMAP, STARTTLS", version -> {
            try (ImapClient client = ImapClient.connect(endpoints.imap())) {
                client.command("STARTTLS");
                return client.probeTls(version);
            }
        });
        try (ImapClient client = ImapClient.connectTls(endpoints.imaps(), tls)) {
            negotiated("IMAPS", client.tls());
        }
        oldVersions("IMAPS", version -> TlsProbe.probe(endpoints.imaps(), version));

        List<SinkMail> sent = SinkMail.all(endpoints.sinkDirectory()).stream()
                .filter(mail -> hasId(mail, 1) || hasId(mail, 2))
                .toList();
        String seen = sent.isEmpty()
                ? "no mail at the sink"
                : sent.stream()
                        .map(mail -> mail.tls()
                                .map(facts -> facts.protocol() + " " + facts.cipher())
                                .orElse("clear text"))
                        .distinct()
                        .collect(Collectors.joining(", "));
        check(
                "sending to others",
                !sent.isEmpty()
                        && sent.stream()
                                .allMatch(mail -> mail.tls()
                                        .filter(facts -> isNew(facts.protocol()))
                                        .isPresent()),
                "TLSv1.3 or TLSv1.2 to the sink",
                seen);
    }

    private void startTlsListener(String port, InetSocketAddress address) throws IOException {
        try (SmtpClient client = SmtpClient.connect(address)) {
            client.command("EHLO " + CLIENT_NAME);
            client.startTls(tls);
            negotiated(port, client.tls());
        }
        oldVersions(port, version -> {
            try (SmtpClient client = SmtpClient.connect(address)) {
                client.command("EHLO " + CLIENT_NAME);
                client.command("STARTTLS");
                return client.probeTls(version);
            }
        });
    }

    private void negotiated(String port, Optional<SSLSession> session) {
        check(
                port,
                session.filter(facts -> isNew(facts.getProtocol())).isPresent(),
                "TLSv1.3 or TLSv1.2, with the certificate of our authority",
                session.map(facts -> facts.getProtocol() + " " + facts.getCipherSuite())
                        .orElse("clear text"));
    }

    private interface Probe {
        TlsProbe.Answer with(TlsProbe.Version version) throws IOException;
    }

    private void oldVersions(String port, Probe probe) throws IOException {
        // The same question with a version that must be accepted shows that the refusals are about the version.
        TlsProbe.Answer current = probe.with(TlsProbe.Version.TLS_1_2);
        TlsProbe.Answer newer = probe.with(TlsProbe.Version.TLS_1_1);
        TlsProbe.Answer older = probe.with(TlsProbe.Version.TLS_1_0);
        String seen = "TLSv1: " + older.text() + ", TLSv1.1: " + newer.text() + ", TLSv1.2: " + current.text();
        check(
                port + ": TLS 1.0 and 1.1 refused, 1.2 spoken",
                current.accepted() && !newer.accepted() && !older.accepted(),
                "a refusal of TLSv1 and TLSv1.1, and none of TLSv1.2",
                seen);
    }

    private static boolean isNew(String protocol) {
        return protocol.equals("TLSv1.3") || protocol.equals("TLSv1.2");
    }

    private byte[] message(int number) {
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
        List<String> lines = List.of(
                String.join("\r\n", REVEALING),
                "Date: " + date,
                "From: Alice <" + endpoints.user() + ">",
                "To: Bob <" + endpoints.user2() + ">, <" + REMOTE + ">",
                "Subject: The quarterly figures (" + number + ")",
                "Message-ID: " + messageId(number),
                "MIME-Version: 1.0",
                "Content-Type: text/plain; charset=utf-8",
                "Content-Transfer-Encoding: 8bit",
                "",
                "Dear both,",
                "",
                "the figures are as agreed: 1\u00A0250\u00A0\u20AC.",
                ".this line begins with a dot",
                "",
                "Alice",
                "");
        return String.join("\r\n", lines).getBytes(StandardCharsets.UTF_8);
    }

    private String messageId(int number) {
        return "<" + token + "." + number + "@" + endpoints.domain() + ">";
    }

    private boolean hasId(SinkMail mail, int number) {
        try {
            return hasId(RawMessage.of(mail.raw()), messageId(number));
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean hasId(RawMessage message, String id) {
        return message.fields().stream()
                .anyMatch(field -> field.isNamed("Message-ID") && field.text().contains(id));
    }

    private static String names(List<Field> fields) {
        return fields.stream().map(Field::name).collect(Collectors.joining(", "));
    }
}
