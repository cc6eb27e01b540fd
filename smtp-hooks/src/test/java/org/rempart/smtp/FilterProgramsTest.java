/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.message.MailAttributes;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimKeyKind;
import org.rempart.smtp.SmtpTestServer.Listener;
import org.rempart.testsupport.ClamAv;
import org.rempart.testsupport.Dkimpy;
import org.rempart.testsupport.OpenMilter;
import org.rempart.testsupport.Rspamd;
import org.rempart.testsupport.ServerProcess;

/** Filters as Debian has them: rspamd by both of its ways, ClamAV, OpenDKIM and OpenDMARC. */
@Tag("james-3.8")
@Timeout(180)
class FilterProgramsTest {
    private static final String SIGN = "import sys, dkim\n"
            + "key = open(sys.argv[1], 'rb').read()\n"
            + "message = open(sys.argv[2], 'rb').read()\n"
            + "canonical = (sys.argv[3].encode(), sys.argv[3].encode())\n"
            + "signature = dkim.sign(message, b's', b'far.example', key, canonicalize=canonical)\n"
            + "open(sys.argv[2], 'wb').write(signature + message)\n";

    @TempDir
    private Path folder;

    private SmtpTestServer server;

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    private void start(String filter) throws Exception {
        server = SmtpTestServer.start(
                Files.createDirectories(folder.resolve("home")),
                "<policy><filters>" + filter + "</filters></policy>",
                Listener.mx());
    }

    private static String message(String subject, String body) {
        return "From: eve@far.example\r\nTo: alice@ours.example\r\nSubject: " + subject
                + "\r\nDate: Mon, 30 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@far.example>\r\n\r\n" + body + "\r\n";
    }

    private String deliver(String message) throws Exception {
        server.spool().clear();
        try (SmtpClient client = server.connect(0).ehlo().envelope("eve@far.example", "alice@ours.example")) {
            return client.send(message + ".\r\n").reply().strip();
        }
    }

    private void rspamdJudges(String at) throws Exception {
        start("<filter name='rspamd' at='" + at + "'/>");
        assertThat(deliver(message("hello", "Nothing to see"))).startsWith("250");
        Spool.Accepted good = server.spool().only();
        assertThat(good.attribute(MailAttributes.JUNK)).isNull();
        assertThat(good.content()).contains("X-Spam-Status: No", "X-Rspamd-Queue-Id: ");

        assertThat(deliver("X-Spam: No\r\nX-Rspamd-Server: eve\r\n" + message("a spamword", "Buy")))
                .startsWith("250");
        Spool.Accepted spam = server.spool().only();
        assertThat(spam.attribute(MailAttributes.JUNK)).isEqualTo("rspamd");
        assertThat(spam.content())
                .contains("X-Spam-Status: Yes", "TEST_WORD", "Subject: a spamword\r\n", "\r\nBuy\r\n")
                .doesNotContain("X-Spam: No", "Server: eve");

        assertThat(deliver(message("x", Rspamd.TEST_SPAM))).isEqualTo("550 5.7.1 Gtube pattern");
        assertThat(server.spool().mails()).isEmpty();
    }

    @Test
    void rspamdOverHttp() throws Exception {
        Rspamd.require();
        try (Rspamd rspamd = Rspamd.start(Files.createDirectories(folder.resolve("rspamd")))) {
            rspamdJudges("http://127.0.0.1:" + rspamd.http());
            server.close();
            rspamdJudges("milter://127.0.0.1:" + rspamd.milter());
        }
    }

    private static String virus() {
        return "From: eve@far.example\r\n"
                + "Subject: invoice\r\n"
                + "MIME-Version: 1.0\r\n"
                + "Content-Type: application/octet-stream\r\n"
                + "Content-Transfer-Encoding: base64\r\n\r\n"
                + Base64.getEncoder().encodeToString(ClamAv.TEST_VIRUS.getBytes(ISO_8859_1)) + "\r\n";
    }

    @Test
    void clamAvRefusesAVirus() throws Exception {
        ClamAv.require();
        try (ClamAv clamAv = ClamAv.start(
                Files.createDirectories(folder.resolve("clamav")),
                "OnInfected Reject",
                "RejectMsg Infected with %v",
                "AddHeader Replace")) {
            start("<filter name='clamav' at='milter://127.0.0.1:" + clamAv.port() + "'/>");
            assertThat(deliver(virus())).startsWith("550 5.7.1 Infected with Test-File");
            assertThat(deliver("X-Virus-Scanned: by eve\r\n" + message("hello", "Nothing")))
                    .startsWith("250");
            assertThat(server.spool().only().content())
                    .contains("X-Virus-Status: Clean", "X-Virus-Scanned: clamav-milter")
                    .doesNotContain("by eve");
        }
    }

    @Test
    void clamAvPutsAVirusAside() throws Exception {
        ClamAv.require();
        try (ClamAv clamAv = ClamAv.start(
                Files.createDirectories(folder.resolve("clamav")), "OnInfected Quarantine", "AddHeader Replace")) {
            start("<filter name='clamav' at='milter://127.0.0.1:" + clamAv.port() + "'/>");
            assertThat(deliver(virus())).startsWith("250");
            assertThat(server.spool().only().attribute(MailAttributes.QUARANTINED))
                    .startsWith("clamav: ");
        }
    }

    @Test
    void openDkimVerifiesWhatItIsShown() throws Exception {
        OpenMilter.require("opendkim");
        Dkimpy.require();
        DkimKey key = DkimKey.generate(DkimKeyKind.RSA);
        Path pem = folder.resolve("key.pem");
        Files.writeString(pem, key.pem());
        Path keys = folder.resolve("keys");
        Files.writeString(keys, "s._domainkey.far.example " + key.record() + "\n");
        Path script = folder.resolve("sign.py");
        Files.writeString(script, SIGN);
        try (OpenMilter openDkim = OpenMilter.start(
                "opendkim",
                Files.createDirectories(folder.resolve("opendkim")),
                "Mode v",
                "AuthservID opendkim.ours.example",
                "On-BadSignature reject",
                "RequireSafeKeys no",
                "SoftwareHeader yes",
                "TestPublicKeys " + keys)) {
            start("<filter name='opendkim' at='milter://127.0.0.1:" + openDkim.port() + "'/>");
            for (String canonical : List.of("simple", "relaxed")) {
                Path mail = folder.resolve("mail");
                Files.writeString(
                        mail,
                        message(
                                        "  two \r\n spaces\tcaf\u00e9 ",
                                        "Hello \r\n\r\n world  \r\n\r\n" + "0123456789abcdef\r\n".repeat(8_000))
                                .replace("To: ", "To:\t"),
                        ISO_8859_1);
                ServerProcess.run(
                        Duration.ofSeconds(60),
                        folder,
                        List.of("/usr/bin/python3", script.toString(), pem.toString(), mail.toString(), canonical));
                String signed = Files.readString(mail, ISO_8859_1);
                assertThat(deliver(signed)).as(canonical).startsWith("250");
                assertThat(server.spool().only().content())
                        .contains(
                                "Authentication-Results: opendkim.ours.example;", "dkim=pass", "DKIM-Filter: OpenDKIM");
                assertThat(deliver(signed.replace("world", "World"))).startsWith("550 5.7.0 bad DKIM signature data");
            }
        }
    }

    @Test
    void openDmarcSaysWhatItFinds() throws Exception {
        OpenMilter.require("opendmarc");
        // Else it overlooks what comes from this machine.
        Path ignored = Files.writeString(folder.resolve("ignored"), "192.0.2.99\n");
        try (OpenMilter openDmarc = OpenMilter.start(
                "opendmarc",
                Files.createDirectories(folder.resolve("opendmarc")),
                "AuthservID opendmarc.ours.example",
                "SoftwareHeader true",
                "IgnoreHosts " + ignored)) {
            start("<filter name='opendmarc' at='milter://127.0.0.1:" + openDmarc.port() + "'/>");
            assertThat(deliver(message("hello", "Nothing"))).startsWith("250");
            assertThat(server.spool().only().content()).contains("DMARC-Filter: OpenDMARC");
        }
    }
}
