/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.rempart.it.contract.Contract;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;
import org.rempart.testsupport.Phase;
import org.rempart.testsupport.SmtpPeer;

@Contract
@DisplayName("H: our own server leaves no trace of itself in what it sends")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OwnTracesContractTest {
    private static final String OUTSIDE = "author@outside.example";

    /** An old server: no extensions at all, so neither TLS nor 8BITMIME. */
    private SmtpPeer sink;

    private Variant variant;

    @BeforeAll
    void start() throws Exception {
        sink = SmtpPeer.named("old.partner.example")
                .at(Phase.EHLO)
                .naming("EHLO")
                .says("502 5.5.1 Unknown")
                .at(Phase.RCPT)
                .naming("<refused")
                .says("550 5.1.1 No such user")
                .start();
        variant = new Variant("own-traces");
        variant.edit(
                "rempart.xml",
                "<relay>",
                "<networks><network name=\"here\">127.0.0.1</network></networks><relay><allow network=\"here\"/>");
        variant.edit(
                "mailetcontainer.xml",
                "<gatewayPort>\\d+<",
                "<gatewayPort>" + sink.address().getPort() + "<");
        variant.start();
    }

    @AfterAll
    void stop() throws Exception {
        variant.close();
        sink.close();
    }

    /** The names and addresses of this machine, and of the programs. */
    private static List<Pattern> traces() throws Exception {
        List<String> words = new ArrayList<>(List.of(
                "james",
                "javamail",
                "java\\.",
                "javax",
                "com\\.sun",
                "rempart",
                "apache",
                "netty",
                "derby",
                "localhost",
                "localdomain",
                "127\\.\\d+\\.\\d+\\.\\d+",
                "10\\.\\d+\\.\\d+\\.\\d+",
                "192\\.168\\.\\d+\\.\\d+",
                "172\\.(?:1[6-9]|2\\d|3[01])\\.\\d+\\.\\d+",
                "----=_Part"));
        InetAddress machine = InetAddress.getLocalHost();
        words.add(Pattern.quote(machine.getHostName()));
        words.add(Pattern.quote(machine.getHostAddress()));
        words.add(Pattern.quote(System.getProperty("user.name")));
        return words.stream()
                .map(word ->
                        Pattern.compile("(?<![A-Za-z0-9.-])" + word + "(?![A-Za-z0-9-])", Pattern.CASE_INSENSITIVE))
                .toList();
    }

    private String sent(String sender, String recipient, String message, String awaited) throws Exception {
        try (SmtpClient client = SmtpClient.connect(variant.smtp())) {
            client.command("EHLO client.example");
            SmtpReply reply = client.send(sender, List.of(recipient), Mails.bytes(message));
            assertThat(reply.code()).as(reply.toString()).isEqualTo(250);
        }
        return Awaitility.await("a mail that holds " + awaited)
                .atMost(Mails.PATIENCE)
                .until(
                        () -> sink.clearTexts().stream()
                                .filter(heard -> heard.contains(awaited) && heard.contains("\r\n.\r\n"))
                                .findFirst()
                                .orElse(""),
                        heard -> !heard.isEmpty());
    }

    private static void tellsNothing(String heard) throws Exception {
        for (Pattern trace : traces()) {
            assertThat(heard).doesNotContainPattern(trace);
        }
    }

    private static String message(String marker, String more, String body) {
        return more + "From: <" + OUTSIDE + ">\r\nTo: <x@partner.example>\r\nSubject: " + marker + "\r\n\r\n" + body;
    }

    @Test
    void greetingAndAnswers() throws Exception {
        try (SmtpClient client = SmtpClient.connect(variant.smtp())) {
            StringBuilder said = new StringBuilder(client.greeting().toString());
            for (String command :
                    List.of("HELP", "EHLO x.example", "VRFY bob", "EXPN x", "NOOP", "RSET", "XYZ", "QUIT")) {
                said.append(client.command(command)).append('\n');
            }
            // It tells the client the client's own address.
            tellsNothing(said.toString().replace("Hello x.example [127.0.0.1]", ""));
        }
    }

    @Test
    void plainMailThatLacksAllFields() throws Exception {
        String marker = Mails.marker();
        String heard = sent(OUTSIDE, marker + "@partner.example", "Subject: " + marker + "\r\n\r\nbody\r\n", marker);
        tellsNothing(heard);
        assertThat(heard).contains("HELO mail.example.com", "Received: ");
    }

    @Test
    void reportOfAFailedDelivery() throws Exception {
        String marker = Mails.marker();
        String heard = sent(
                OUTSIDE,
                "refused-" + marker + "@partner.example",
                message(
                        marker,
                        "X-Mailer: Acme\r\nReceived: from pc17 ([10.0.0.7]) by ex01.corp.local; x\r\n",
                        "body\r\n"),
                "message/delivery-status");
        tellsNothing(heard);
        assertThat(heard)
                .contains("RCPT TO:<" + OUTSIDE + ">", "Reporting-MTA: dns; mail.example.com", "550 5.1.1 No such user")
                .doesNotContain("Acme", "pc17", "corp.local")
                .contains("Subject: " + marker);
    }

    @Test
    void mailThatAnOldServerCannotTakeComesBackAsAReport() throws Exception {
        String marker = Mails.marker();
        String heard = sent(
                OUTSIDE,
                marker + "@partner.example",
                message(
                        marker,
                        String.join(
                                "\r\n",
                                "MIME-Version: 1.0 (Acme)",
                                "Content-Type: text/plain; charset=utf-8",
                                "Content-Transfer-Encoding: 8bit",
                                "Message-ID: <1@pc17.corp.local>",
                                ""),
                        "caf\u00c3\u00a9\r\n"),
                marker);
        // Nothing is rewritten, which would break a signature, and add a field that names the program that did it.
        assertThat(heard)
                .contains("RCPT TO:<" + OUTSIDE + ">", "554 5.6.3", "8BITMIME")
                .doesNotContain("corp.local", "Acme", "Autoconverted");
        tellsNothing(heard);
    }
}
