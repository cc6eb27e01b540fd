/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.smtp.SmtpTestServer.Listener;

/**
 * Sessions that a grammar makes up, with a seed, against James's own server: what is well-formed, what nearly is, in any
 * order. Whatever comes, no foreign recipient is accepted without a login, no login in clear text, each command gets an
 * answer, and the server goes on. More of them: {@code -Drempart.fuzz.sessions=10000 -Drempart.fuzz.seed=1}.
 */
@Tag("james-3.8")
class SmtpSessionFuzzTest {
    private static final int SESSIONS = Integer.getInteger("rempart.fuzz.sessions", 100);
    private static final long SEED = Long.getLong("rempart.fuzz.seed", 20261100L);

    private static final int MX = 0;
    private static final int SUBMISSION = 1;

    private static final Pattern ACCEPTED = Pattern.compile("250 2\\.1\\.5 Recipient <(.*)> OK\r\n");
    private static final List<String> OURS = List.of("ours.example", "also.example");

    private static final String[] LOCAL_PARTS = {
        "alice",
        "bob",
        "ALICE",
        "\"bob\"",
        "\"b\\ob\"",
        "info",
        "nobody",
        "postmaster",
        "abuse",
        "a%partner.example",
        "partner.example!a",
        "\"a@partner.example\"",
        "\"a@partner.example\"@ours.example,b",
        "a+b",
        "",
        "..",
        "\"",
        "a".repeat(65),
        "=?UTF-8?B?YWxpY2U=?=",
        "al\u00efce"
    };
    private static final String[] DOMAINS = {
        "ours.example", "OURS.example", "also.example", "partner.example", "ours.example.",
                "ours.example.partner.example",
        "[127.0.0.1]", "[192.0.2.1]", "[IPv6:2001:db8::1]", "localhost", "", "ours.example\0.partner.example",
        "ours.example@partner.example", "partner.example@ours.example", "x".repeat(300)
    };
    private static final String[] ROUTES = {
        "", "", "", "@relay.example:", "@a.example,@b.example:", "@relay.example", "@:"
    };
    private static final String[] PARAMETERS = {
        "",
        "",
        "",
        " SIZE=100",
        " BODY=8BITMIME",
        " REQUIRETLS",
        " SMTPUTF8",
        " RET=FULL",
        " ENVID=x",
        " AUTH=<>",
        " NOTIFY=NEVER",
        " ORCPT=rfc822;a@b.example",
        " NOTIFY=",
        " =",
        " SIZE=-1",
        " SIZE=99999999999999999999",
        " \t"
    };
    private static final String[] MECHANISMS = {"PLAIN", "LOGIN", "plain", "CRAM-MD5", "OAUTHBEARER", "XOAUTH2", ""};

    private final List<String> script = new ArrayList<>();
    private Random random;

    private String any(String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private String path() {
        String path = any(ROUTES) + any(LOCAL_PARTS) + any("@", "@", "@", "@", "", "@@", " @ ") + any(DOMAINS);
        return any("<", "<", "<", "<", "", "<<", " <") + path + any(">", ">", ">", ">", "", ">>", "> ");
    }

    private String command() {
        switch (random.nextInt(14)) {
            case 0:
                return any("EHLO", "HELO", "ehlo")
                        + any(" client.example", " [127.0.0.1]", "", " " + "x".repeat(500), " a b");
            case 1:
            case 2:
            case 3:
                return any("MAIL FROM:", "MAIL FROM:", "mail from: ", "MAIL ", "MAIL TO:")
                        + any("<>", "<a@sender.example>", "<alice@ours.example>", path())
                        + any(PARAMETERS)
                        + any(PARAMETERS);
            case 4:
            case 5:
            case 6:
            case 7:
                return any("RCPT TO:", "RCPT TO:", "rcpt to: ", "RCPT ", "RCPT FROM:") + path() + any(PARAMETERS);
            case 8:
            case 9:
                return "AUTH " + any(MECHANISMS)
                        + any(
                                "",
                                " " + SmtpClient.plain("alice@ours.example", SmtpTestServer.PASSWORD),
                                " " + SmtpClient.base64("alice@ours.example\0\0" + SmtpTestServer.PASSWORD),
                                " "
                                        + SmtpClient.base64(
                                                "bob@ours.example\0alice@ours.example\0" + SmtpTestServer.PASSWORD),
                                " =",
                                " " + SmtpClient.base64("\0\0"),
                                " ***");
            case 10:
                return any(
                        "RSET", "NOOP", "NOOP x", "HELP", "VRFY alice", "EXPN all", "QUI", "", " ", "XYZZY", "DATA x");
            case 11:
                return "DATA";
            case 12:
                return any("STARTTLS", "STARTTLS x", "starttls");
            default:
                return "\u00ff".repeat(random.nextInt(20)) + any("\t", "\0", "NOOP", "MAIL\rRCPT");
        }
    }

    @Test
    void whateverClientsSayThePromisesHold(@TempDir Path home) throws Exception {
        try (SmtpTestServer server = SmtpTestServer.start(home, null, Listener.mx(), Listener.submission())) {
            for (int session = 0; session < SESSIONS; session++) {
                random = new Random(SEED + session);
                script.clear();
                session(server, random.nextInt(3) == 0 ? SUBMISSION : MX, SEED + session);
            }
            assertThat(server.spool().mails())
                    .allSatisfy(mail -> assertThat(mail.recipients()).allMatch(SmtpSessionFuzzTest::isOurs));
            try (SmtpClient client = server.connect(MX).ehlo()) {
                client.envelope("a@sender.example", "bob@ours.example");
                client.send(SmtpClient.message("Alive")).expect(250);
            }
        }
    }

    private void session(SmtpTestServer server, int listener, long seed) throws IOException {
        try (SmtpClient client = server.connect(listener)) {
            boolean tls = false;
            for (int i = 0; i < 30; i++) {
                String command = i == 0 ? "EHLO client.example" : command();
                script.add(command);
                String reply = client.command(command);
                String told = "seed " + seed + ", listener " + listener + ", " + script + " -> " + reply;
                assertThat(reply).as(told).matches("(?s)[2345][0-9][0-9][ -].*");
                if (!tls) {
                    assertThat(reply).as(told).doesNotStartWith("235");
                    if (command.toUpperCase(Locale.ROOT).startsWith("AUTH")) {
                        assertThat(reply).as(told).doesNotStartWith("334");
                    }
                }
                Matcher accepted = ACCEPTED.matcher(reply);
                if (accepted.matches() && !(tls && listener == SUBMISSION)) {
                    assertThat(isOurs(accepted.group(1))).as(told).isTrue();
                }
                if (reply.startsWith("334")) {
                    client.command("*");
                } else if (reply.startsWith("354")) {
                    String answer = client.send(SmtpClient.message("Fuzz")).reply();
                    assertThat(answer).as(told).matches("(?s)[245][0-9][0-9] .*");
                } else if (reply.startsWith("220")
                        && command.toUpperCase(Locale.ROOT).startsWith("STARTTLS")) {
                    client.handshake();
                    tls = true;
                } else if (reply.startsWith("421") || reply.startsWith("221") || isOddStartTls(command)) {
                    return;
                }
            }
        }
    }

    /** James takes STARTTLS with anything behind it for an injection, and hangs up once it has answered. */
    private static boolean isOddStartTls(String command) {
        return command.toUpperCase(Locale.ROOT).startsWith("STARTTLS ");
    }

    private static boolean isOurs(String address) {
        String domain = address.substring(address.lastIndexOf('@') + 1).toLowerCase(Locale.ROOT);
        return OURS.contains(domain);
    }
}
