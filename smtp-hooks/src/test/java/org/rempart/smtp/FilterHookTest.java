/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.rempart.testsupport.MilterServer.number;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.message.MailAttributes;
import org.rempart.smtp.SmtpTestServer.Listener;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.MilterServer;

/** Filters at the end of a message, over sockets. */
@Tag("james-3.8")
@Timeout(60)
class FilterHookTest {
    @TempDir
    private Path home;

    private SmtpTestServer server;

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    private void start(String filters) throws Exception {
        start("", filters);
    }

    private void start(String before, String filters) throws Exception {
        server = SmtpTestServer.start(
                home,
                "<policy>" + before + "<filters>" + filters
                        + "</filters><submission><identity envelope='any' header='any'/>" + "</submission></policy>",
                Listener.mx(),
                Listener.submission());
    }

    private static String milter(MilterServer milter, String attributes) {
        return "<filter name='scan' at='milter://127.0.0.1:" + milter.port() + "' " + attributes + "/>";
    }

    /** The answer to a message of a stranger. */
    private String deliver(String header) throws IOException {
        try (SmtpClient client = server.connect(0).ehlo().envelope("eve@far.example", "alice@ours.example")) {
            return client.send(header + "\r\nHello\r\n.\r\n").reply().strip();
        }
    }

    private String submit(String header) throws IOException {
        try (SmtpClient client = server.connect(1).ehlo().startTls().ehlo().authenticate("alice@ours.example")) {
            client.envelope("alice@ours.example", "bob@ours.example");
            return client.send(header + "\r\nHello\r\n.\r\n").reply().strip();
        }
    }

    private static MilterServer saying(char command, String... data) throws IOException {
        return MilterServer.start(talk -> talk.untilEnd().send(command, data));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "r; ''; ''; 550 5.7.1 The message is not wanted here",
                "y; 554 5.7.0 A virus; ''; 550 5.7.0 A virus",
                "t; ''; ''; 451 4.7.1 The message is not taken now, try again later",
                "q; bad; quarantine='refuse'; 550 5.7.1 bad",
                "d; ''; quarantine='refuse'; 550 5.7.1 to be thrown away",
                "h; X-Spam|Yes|; spam='refuse'; 550 5.7.1 The message is not wanted here",
            })
    void aRefusalIsAnswered(char command, String data, String attributes, String answer) throws Exception {
        try (AuditRecorder trail = new AuditRecorder();
                MilterServer milter = MilterServer.start(talk ->
                        talk.untilEnd().send(command, data.replace('|', '\0')).send('c'))) {
            start(milter(milter, attributes));
            assertThat(deliver("Subject: x\r\n")).isEqualTo(answer);
            assertThat(server.spool().mails()).isEmpty();
            assertThat(trail.events("filtered"))
                    .singleElement()
                    .asString()
                    .contains("\"filter\":\"scan\"", "<filter name");
            assertThat(trail.events("reception")).singleElement().asString().contains("<filter name=");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "q; bad; ''; ''; scan: bad",
                "d; ''; ''; ''; scan: to be thrown away",
                "r; ''; reject='quarantine'; ''; 'scan: '",
                "r; ''; reject='junk'; scan; ''",
                "r; ''; reject='accept'; ''; ''",
                "h; X-Spam-Flag|YES|; ''; scan; ''",
                "h; X-Spam-Flag|YES|; spam='accept'; ''; ''",
                "c; ''; ''; ''; ''",
            })
    void whatIsTakenIsMarkedForThePipeline(
            char command, String data, String attributes, String junk, String quarantined) throws Exception {
        try (MilterServer milter = MilterServer.start(
                talk -> talk.untilEnd().send(command, data.replace('|', '\0')).send('c'))) {
            start(milter(milter, attributes));
            assertThat(deliver("Subject: x\r\n")).startsWith("250");
            Spool.Accepted mail = server.spool().only();
            assertThat(mail.attribute(MailAttributes.JUNK)).isEqualTo(junk.isEmpty() ? null : junk);
            assertThat(mail.attribute(MailAttributes.QUARANTINED))
                    .isEqualTo(quarantined.isEmpty() ? null : quarantined);
        }
    }

    @Test
    void theHeaderIsTheFiltersAndNotTheStrangers() throws Exception {
        try (MilterServer milter = MilterServer.start(talk -> talk.untilEnd()
                .send('h', "X-Virus-Scanned\0clean\0")
                .send('i', number(0), "X-Scan\0ok\0")
                .send('m', number(1), "Authentication-Results\0\0")
                .send('c'))) {
            start(milter(milter, ""));
            assertThat(deliver("Subject: caf\u00e9\r\nX-Spam: No\r\nX-Virus-Scanned: by eve\r\nX-Scan: fine\r\n"
                            + "X-Unverified-Sender: x\r\nX-Unfiltered: y\r\nX-Mine: kept\r\n"))
                    .startsWith("250");
            assertThat(server.spool().only().content())
                    .contains(
                            "X-Scan: ok\r\n",
                            "X-Virus-Scanned: clean\r\n",
                            "Subject: caf\u00e9\r\n",
                            "X-Mine: kept\r\n",
                            "Authentication-Results: mail.ours.example;")
                    .doesNotContain("X-Spam", "by eve", "fine", "X-Unv", "X-Unf");
        }
    }

    @Test
    void aFilterThatIsAwayDefersOrIsNamed() throws Exception {
        try (AuditRecorder trail = new AuditRecorder()) {
            String away = "<filter name='scan' at='milter://127.0.0.1:" + FreePort.next() + "' ";
            start(away + "/>");
            assertThat(deliver("Subject: x\r\n")).isEqualTo("451 4.3.0 Temporary failure, try again later");
            assertThat(server.spool().mails()).isEmpty();
            assertThat(trail.events("filtered")).singleElement().asString().contains("\"verdict\":\"deferred\"");
            server.close();
            start(away + "unanswered='accept'/>");
            assertThat(deliver("Subject: x\r\n")).startsWith("250");
            assertThat(server.spool().only().content()).contains("X-Unfiltered: scan; no answer\r\n");
        }
    }

    @Test
    void aFilterThatHangsIsLate() throws Exception {
        try (MilterServer milter = MilterServer.start(talk -> {
            talk.untilEnd();
            Thread.sleep(60_000);
        })) {
            start(milter(milter, "timeout='1s'"));
            long start = System.nanoTime();
            assertThat(deliver("Subject: x\r\n")).startsWith("451 ");
            assertThat((System.nanoTime() - start) / 1_000_000).isBetween(900L, 5_000L);
        }
    }

    @Test
    void whatIsTooLargeItIsNotShown() throws Exception {
        try (MilterServer milter = saying('r')) {
            start(milter(milter, "largest='1K'"));
            assertThat(deliver("Subject: x\r\n")).startsWith("550");
            assertThat(deliver("Subject: x\r\nX-A: " + "x ".repeat(480) + "\r\n"))
                    .startsWith("250");
            assertThat(server.spool().only().content()).contains("X-Unfiltered: scan; too large for it\r\n");
        }
    }

    @Test
    void whoseMailItIsShown() throws Exception {
        try (MilterServer strangers = saying('y', "550 5.7.1 strangers");
                MilterServer ours =
                        MilterServer.start(talk -> talk.negotiate(0).until('M').send('y', "550 5.7.1 submitted"))) {
            start("<filter name='a' at='milter://127.0.0.1:" + strangers.port() + "'/>"
                    + "<filter name='b' at='milter://127.0.0.1:" + ours.port() + "' mail='submitted'/>");
            assertThat(deliver("Subject: x\r\n")).isEqualTo("550 5.7.1 strangers");
            assertThat(submit("From: alice@ours.example\r\n")).isEqualTo("550 5.7.1 submitted");
            assertThat(ours.told())
                    .anyMatch(line ->
                            line.contains("{auth_authen}|alice@ours.example|") && !line.contains("{tls_version}"));
            server.close();
            start(
                    "<networks><network name='here'>127.0.0.0/8</network></networks>",
                    "<filter name='a' at='milter://127.0.0.1:" + strangers.port()
                            + "'><except network='here' reason='x'/></filter>");
            assertThat(deliver("Subject: x\r\n")).startsWith("250");
        }
    }

    @Test
    void oneFilterSeesWhatTheOneBeforeItChanged() throws Exception {
        try (MilterServer first = saying('h', "X-First\0one\0");
                MilterServer done = MilterServer.start(
                        talk -> talk.untilEnd().send('h', "X-First\0one\0").send('c'));
                MilterServer second = saying('r')) {
            assertThat(first.port()).isPositive();
            start("<filter name='a' at='milter://127.0.0.1:" + done.port() + "'/>"
                    + "<filter name='b' at='milter://127.0.0.1:" + second.port() + "' reject='junk'/>");
            assertThat(deliver("Subject: x\r\n")).startsWith("250");
            assertThat(second.told()).contains("L X-First|one|");
            assertThat(server.spool().only().attribute(MailAttributes.JUNK)).isEqualTo("b");
        }
    }

    @Test
    void withoutFiltersNothingChanges() throws Exception {
        start("");
        assertThat(deliver("X-Spam: No\r\nSubject: x\r\n")).startsWith("250");
        assertThat(server.spool().only().content()).contains("X-Spam: No");
        assertThat(List.of(server.spool().only().recipients())).hasSize(1);
    }
}
