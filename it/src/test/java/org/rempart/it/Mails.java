/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.TlsClient;
import org.rempart.quickstart.sink.SinkMail;

/** What the contract tests do with mail. */
final class Mails {
    static final Duration PATIENCE = Duration.ofMinutes(3);

    private Mails() {}

    /** A text that no other mail holds. */
    static String marker() {
        return "marker-" + UUID.randomUUID();
    }

    static byte[] message(String from, String to, String marker, String... fields) {
        String more = fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n";
        return bytes(more + "From: <" + from + ">\r\nTo: <" + to + ">\r\nSubject: " + marker
                + "\r\nDate: Tue, 24 Nov 2026 20:50:07 +0000\r\nMessage-ID: <" + marker + "@client.example>\r\n\r\n"
                + marker + "\r\n");
    }

    static byte[] bytes(String latin1) {
        return latin1.getBytes(StandardCharsets.ISO_8859_1);
    }

    static String text(byte[] message) {
        return new String(message, StandardCharsets.ISO_8859_1);
    }

    /** The header of a message, its fields unfolded, a line each. */
    static String header(byte[] message) {
        String text = text(message);
        int end = text.indexOf("\r\n\r\n");
        return (end < 0 ? text : text.substring(0, end)).replaceAll("\r\n[ \t]+", " ");
    }

    static TlsClient tls(Endpoints server) throws IOException {
        return TlsClient.trusting(server.ca(), "localhost");
    }

    /** A connection to the submission listener, under TLS and logged in. */
    static SmtpClient submission(Endpoints server) throws IOException {
        SmtpClient client = SmtpClient.connect(server.submission());
        client.command("EHLO client.example");
        client.startTls(tls(server));
        client.command("EHLO client.example");
        if (client.authPlain(server.user(), server.password()).code() != 235) {
            throw new IOException("the login was refused");
        }
        return client;
    }

    /** Waits for the mail in an account's inbox. */
    static byte[] awaitLocal(Endpoints server, String account, String password, String marker) throws IOException {
        return awaitLocal(server.imaps(), tls(server), account, password, marker);
    }

    /** Waits for the mail in an account's inbox, at a server of the test's own. */
    static byte[] awaitLocal(InetSocketAddress imaps, TlsClient tls, String account, String password, String marker) {
        return awaitLocal(imaps, tls, account, password, "INBOX", marker);
    }

    /** The same in another folder. */
    static byte[] awaitLocal(
            InetSocketAddress imaps, TlsClient tls, String account, String password, String folder, String marker) {
        return Awaitility.await("mail " + marker + " of " + account)
                .atMost(PATIENCE)
                // The first mail makes the mailbox.
                .ignoreExceptionsInstanceOf(ImapClient.ImapException.class)
                .until(
                        () -> {
                            try (ImapClient imap = ImapClient.connectTls(imaps, tls)) {
                                imap.login(account, password);
                                return imap.messages(folder).stream()
                                        .filter(message -> text(message).contains(marker))
                                        .findFirst()
                                        .orElse(null);
                            }
                        },
                        message -> message != null);
    }

    /** Waits for the mail in the sink. */
    static SinkMail awaitRemote(Endpoints server, String marker) throws IOException, InterruptedException {
        return SinkMail.await(server.sinkDirectory(), mail -> holds(mail, marker), PATIENCE)
                .orElseThrow(() -> new AssertionError("the mail " + marker + " has not left"));
    }

    /** Whether the mail is in the sink. */
    static boolean hasLeft(Endpoints server, String marker) throws IOException {
        return SinkMail.all(server.sinkDirectory()).stream().anyMatch(mail -> holds(mail, marker));
    }

    private static boolean holds(SinkMail mail, String marker) {
        try {
            return text(mail.raw()).contains(marker);
        } catch (IOException unread) {
            return false;
        }
    }

    /** Sends mail, one after the other, until the server goes away. */
    static Thread sending(Variant server, String recipient, Set<String> acknowledged) {
        Thread thread = new Thread(
                () -> {
                    try (SmtpClient client = SmtpClient.connect(server.smtp())) {
                        client.command("EHLO outside.example");
                        while (true) {
                            String marker = marker();
                            if (client.send(
                                                    "x@outside.example",
                                                    List.of(recipient),
                                                    message("x@outside.example", recipient, marker))
                                            .code()
                                    == 250) {
                                acknowledged.add(marker);
                            }
                        }
                    } catch (IOException gone) {
                        // What was not answered is still the client's.
                    }
                },
                "sending");
        thread.start();
        return thread;
    }

    /** The markers of what the second account has. */
    static Set<String> inbox(Variant server, Endpoints shared) throws IOException {
        Set<String> subjects = ConcurrentHashMap.newKeySet();
        try (ImapClient imap = ImapClient.connectTls(server.imaps(), TlsClient.trusting(server.ca(), "localhost"))) {
            imap.login(shared.user2(), shared.password2());
            for (byte[] message : imap.messages("INBOX")) {
                Matcher subject = Pattern.compile("(?m)^Subject: (marker-\\S+)").matcher(header(message));
                if (subject.find()) {
                    subjects.add(subject.group(1));
                }
            }
        }
        return subjects;
    }

    /** Sends a last mail and waits for it, so that all mails before it have been dealt with. */
    static void settle(Endpoints server) throws IOException, InterruptedException {
        String marker = marker();
        try (SmtpClient client = submission(server)) {
            client.send(
                    server.user(),
                    List.of("settle@partner.example"),
                    message(server.user(), "settle@partner.example", marker));
        }
        awaitRemote(server, marker);
    }
}
