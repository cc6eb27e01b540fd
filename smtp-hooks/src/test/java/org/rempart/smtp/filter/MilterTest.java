/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.rempart.testsupport.MilterServer.number;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.smtp.filter.FilterAnswer.Verdict;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.MilterServer;

/** What a filter of Sendmail's protocol is told, and what is made of its word. */
@Timeout(30)
class MilterTest {
    private static final int LEADING_SPACE = 0x100000;

    private static FilterAnswer ask(MilterServer.Script script) throws IOException {
        return ask(script, SampleMessage.plain());
    }

    private static FilterAnswer ask(MilterServer.Script script, FilteredMessage message) throws IOException {
        try (MilterServer server = MilterServer.start(script)) {
            return client(server, 5_000).ask(message);
        }
    }

    private static Milter client(MilterServer server, int millis) {
        return new Milter("127.0.0.1", server.port(), Duration.ofMillis(millis));
    }

    private static List<String> told(MilterServer server) {
        return server.told().stream().filter(line -> !line.startsWith("O")).collect(Collectors.toList());
    }

    @Test
    void aFilterIsToldTheWholeMail() throws Exception {
        try (MilterServer server =
                MilterServer.start(talk -> talk.untilEnd().send('c').read())) {
            FilterAnswer answer =
                    client(server, 5_000).ask(SampleMessage.plain().of("eve"));
            assertThat(answer.verdict()).isEqualTo(Verdict.ACCEPT);
            assertThat(answer.changes()).isEmpty();
            assertThat(server.told().get(0)).isEqualTo("O |||\u0006|||1|\u001f\u00f7\u00ff");
            assertThat(told(server))
                    .startsWith(
                            "D Cj|mx.ours.example|{daemon_name}|mx.ours.example|{client_addr}|192.0.2.7|{client_name}|mx.far.example|",
                            "C mx.far.example|4||192.0.2.7|",
                            "D H{tls_version}|TLSv1.3|{cipher}|TLS_AES_256_GCM_SHA384|",
                            "H helo.far.example|",
                            "D Mi|mail-1|{mail_addr}|eve@far.example|{auth_authen}|eve|{auth_type}|PLAIN|",
                            "M <eve@far.example>|",
                            "D R{rcpt_addr}|alice@ours.example|",
                            "R <alice@ours.example>|",
                            "D R{rcpt_addr}|bob@ours.example|",
                            "R <bob@ours.example>|",
                            "D Ti|mail-1|",
                            "T ",
                            "L From|eve@far.example|",
                            "L Subject| two\n spaces|",
                            "L X-Raw|caf\u00e9|",
                            "N ",
                            "B Hello\r\n",
                            "D Ei|mail-1|",
                            "E ");
        }
    }

    @Test
    void whatItDoesNotWantItIsNotTold() throws Exception {
        // No connect, helo, mail, recipients, body, end of header; no replies to header fields; spaces as they are.
        int steps = 0x01 | 0x02 | 0x04 | 0x08 | 0x10 | 0x40 | 0x80 | 0x200 | LEADING_SPACE;
        try (MilterServer server = MilterServer.start(talk -> {
            talk.negotiate(steps);
            while (talk.read() != 'E') {
                // It wants no replies.
            }
            talk.send('h', "X-A|  spaced|".replace('|', '\0')).send('c');
        })) {
            FilterAnswer answer = client(server, 5_000).ask(SampleMessage.plain());
            assertThat(told(server))
                    .startsWith(
                            "L From| eve@far.example|",
                            "L Subject|  two\n spaces|",
                            "L X-Raw|caf\u00e9|",
                            "D Ei|mail-1|");
            assertThat(answer.changes().get(0).field()).isEqualTo("X-A:  spaced\r\n");
        }
    }

    @Test
    void aFilterOfAnOldVersionIsUnderstood() throws Exception {
        try (MilterServer server = MilterServer.start(talk -> {
            talk.read();
            talk.send('O', number(2), number(0x3f), number(0)).until('E').send('r');
        })) {
            assertThat(client(server, 5_000).ask(SampleMessage.plain()).verdict())
                    .isEqualTo(Verdict.REJECT);
            assertThat(told(server)).doesNotContain("T ");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "r; ''; REJECT; 5.7.1 The message is not wanted here",
                "t; ''; TEMPFAIL; 4.7.1 The message is not taken now, try again later",
                "4; ''; TEMPFAIL; 4.7.1 The message is not taken now, try again later",
                "y; '554 5.7.0 No viruses|'; REJECT; 5.7.0 No viruses",
                "y; '550 No viruses'; REJECT; 5.7.1 No viruses",
                "y; '550-5.7.9 one!550 5.7.9 two|'; REJECT; 5.7.9 one 550 5.7.9 two",
                "y; '421 4.3.2 Later|'; TEMPFAIL; 4.3.2 Later",
                "y; '550 4.0.0 \u00fcber|'; REJECT; 5.7.1 ?ber",
                "d; ''; QUARANTINE; 5.7.1 to be thrown away",
                "a; ''; ACCEPT; 5.7.1 The message is not wanted here",
            })
    void itsWordAtTheEnd(char command, String text, Verdict verdict, String reply) throws Exception {
        FilterAnswer answer = ask(
                talk -> talk.untilEnd().send(command, text.replace('|', '\0').replace("!", "\r\n")));
        assertThat(answer.verdict()).isEqualTo(verdict);
        assertThat(answer.reply(verdict == Verdict.TEMPFAIL ? '4' : '5')).isEqualTo(reply);
    }

    @Test
    void aTextIsOneShortLine() throws Exception {
        FilterAnswer answer = ask(talk -> talk.untilEnd().send('y', "550 5.7.1 " + "x\r\n".repeat(10_000), "\0"));
        assertThat(answer.reply('5'))
                .hasSizeLessThan(220)
                .doesNotContain("\r", "\n")
                .startsWith("5.7.1 x x x");
    }

    @ParameterizedTest
    @CsvSource({"C", "H", "M", "R", "T", "L", "N", "B"})
    void itsWordBeforeTheEnd(char step) throws Exception {
        try (MilterServer server = MilterServer.start(
                talk -> talk.negotiate(0).until(step).send('r').read())) {
            assertThat(client(server, 5_000).ask(SampleMessage.plain()).verdict())
                    .isEqualTo(Verdict.REJECT);
            assertThat(server.told()).doesNotContain("E ");
        }
    }

    @Test
    void whatItTakesUnseenIsNotShownFurther() throws Exception {
        try (MilterServer server = MilterServer.start(
                talk -> talk.negotiate(0).until('M').send('a').read())) {
            assertThat(client(server, 5_000).ask(SampleMessage.plain()).verdict())
                    .isEqualTo(Verdict.ACCEPT);
            assertThat(server.told()).noneMatch(line -> line.startsWith("R") || line.startsWith("B"));
        }
    }

    @Test
    void aLongBodyComesInPieces() throws Exception {
        SampleMessage message = new SampleMessage("Subject: x\r\n", "0123456789".repeat(20_000));
        try (MilterServer server =
                MilterServer.start(talk -> talk.untilEnd().send('c').read())) {
            client(server, 5_000).ask(message);
            assertThat(server.told().stream()
                            .filter(line -> line.startsWith("B "))
                            .map(String::length))
                    .containsExactly(65_537, 65_537, 65_537, 200_000 - 3 * 65_535 + 2);
        }
        try (MilterServer server = MilterServer.start(talk ->
                talk.negotiate(0x400).until('B').send('s').until('E').send('c').read())) {
            client(server, 5_000).ask(message);
            assertThat(server.told().stream().filter(line -> line.startsWith("B ")))
                    .hasSize(1);
        }
    }

    @Test
    void whatItChangesOfTheHeader() throws Exception {
        FilterAnswer answer = ask(talk -> talk.untilEnd()
                .send('h', "X-Added\0one\n two\0")
                .send('i', number(0), "X-First\0\0")
                .send('m', number(2), "X-Old\0new\0")
                .send('m', number(1), "X-Gone\0\0")
                .send('p')
                .send('q', "smells\0")
                .send('c'));
        assertThat(answer.verdict()).isEqualTo(Verdict.QUARANTINE);
        assertThat(answer.text()).isEqualTo("smells");
        assertThat(answer.changes())
                .extracting(change -> change.kind() + " " + change.index() + " " + change.field())
                .containsExactly(
                        "ADD 0 X-Added: one\r\n two\r\n",
                        "INSERT 0 X-First:\r\n",
                        "CHANGE 2 X-Old: new\r\n",
                        "REMOVE 1 X-Gone:\r\n");
    }

    @ParameterizedTest
    @CsvSource({
        "X-Spam, Yes, SPAM",
        "X-Spam-Flag, YES, SPAM",
        "x-spam-status, 'Yes, score=7', SPAM",
        "X-Spam-Status, 'No, score=1', ACCEPT",
        "X-Spam, Yesterday, ACCEPT",
        "X-Other, yes, ACCEPT"
    })
    void aMarkOfSpamIsUnderstood(String name, String value, Verdict verdict) throws Exception {
        assertThat(ask(talk -> talk.untilEnd()
                                .send('h', name, "\0", value, "\0")
                                .send('a'))
                        .verdict())
                .isEqualTo(verdict);
    }

    @Test
    void noChangeOfAFieldMakesTwo() throws Exception {
        FilterAnswer answer = ask(talk -> talk.untilEnd()
                .send('h', "X-A\0one\r\nBcc: eve@far.example\r\n\r\n\r\nbody\u0001\r\n \r\nx\0")
                .send('c'));
        assertThat(answer.changes().get(0).field())
                .isEqualTo("X-A: one\r\n\tBcc: eve@far.example\r\n\tbody?\r\n\tx\r\n");
    }

    private static void isNoAnswer(MilterServer.Script script, String why) throws IOException {
        try (MilterServer server = MilterServer.start(script)) {
            long start = System.nanoTime();
            assertThatThrownBy(() -> client(server, 1_500).ask(SampleMessage.plain()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(why);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
        }
    }

    @Test
    void nonsenseIsNoAnswer() throws Exception {
        isNoAnswer(talk -> talk.read(), "closes the connection");
        isNoAnswer(talk -> talk.untilEnd(), "closes the connection");
        isNoAnswer(talk -> talk.raw("220 smtp\r\n".getBytes(ISO_8859_1)), "length");
        isNoAnswer(talk -> talk.raw("HTTP/1.1 200 OK\r\n".getBytes(ISO_8859_1)), "length");
        isNoAnswer(talk -> talk.send('c'), "does not talk the protocol");
        isNoAnswer(talk -> talk.send('O', number(6)), "too short");
        isNoAnswer(talk -> talk.send('O', number(1), number(0), number(0)), "version 1");
        isNoAnswer(talk -> talk.send('O', number(7), number(0), number(0)), "version 7");
        isNoAnswer(talk -> talk.send('O', number(6), number(0), number(0x10000000)), "steps");
        isNoAnswer(talk -> talk.negotiate(0).send('Z'), "no answer here");
        isNoAnswer(talk -> talk.negotiate(0).send('y', "250 fine"), "refuses nothing");
        isNoAnswer(talk -> talk.untilEnd().send('i', "\0"), "too short");
        isNoAnswer(talk -> talk.untilEnd().send('h', "A B\0x\0"), "no name has");
        isNoAnswer(talk -> talk.untilEnd().send('h', "A:\0x\0"), "no name has");
        isNoAnswer(talk -> talk.untilEnd().send('h', "\0x\0"), "no name has");
        for (char change : new char[] {'+', '-', '2', 'b', 'e'}) {
            isNoAnswer(talk -> talk.untilEnd().send(change, "<x@y.example>\0").send('a'), "not offered");
        }
    }

    @Test
    void lengthsAndNumbersAreBounded() throws Exception {
        for (int length : new int[] {0, -1, 65_537, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            isNoAnswer(talk -> talk.raw(number(length).getBytes(ISO_8859_1)), "length");
            isNoAnswer(talk -> talk.untilEnd().raw(number(length).getBytes(ISO_8859_1)), "length");
        }
        isNoAnswer(
                talk -> {
                    talk.untilEnd();
                    while (true) {
                        talk.send('h', "X-A\0b\0");
                    }
                },
                "changes too much");
        isNoAnswer(
                talk -> {
                    talk.untilEnd();
                    while (true) {
                        talk.send('q', "x".repeat(60_000));
                    }
                },
                "changes too much");
    }

    @Test
    void timeIsBounded() throws Exception {
        isNoAnswer(talk -> Thread.sleep(60_000), "no answer within 1 s");
        isNoAnswer(
                talk -> {
                    talk.untilEnd();
                    Thread.sleep(60_000);
                },
                "no answer within 1 s");
        // At work, for ever.
        isNoAnswer(
                talk -> {
                    talk.untilEnd();
                    while (true) {
                        talk.send('p');
                        Thread.sleep(50);
                    }
                },
                "no answer within 1 s");
        // A byte now and then.
        isNoAnswer(
                talk -> {
                    talk.untilEnd();
                    talk.raw(number(60_000).getBytes(ISO_8859_1));
                    while (true) {
                        talk.raw(new byte[] {'h'});
                        Thread.sleep(50);
                    }
                },
                "no answer within 1 s");
    }

    @Test
    void whoReadsNothingIsLateToo() throws Exception {
        SampleMessage message = new SampleMessage("Subject: x\r\n", "0123456789".repeat(3_000_000));
        try (MilterServer server = MilterServer.start(talk -> {
            talk.negotiate(0x80000);
            talk.until('N').send('c');
            Thread.sleep(60_000);
        })) {
            assertThatThrownBy(() -> client(server, 1_500).ask(message)).hasMessageContaining("no answer within");
        }
    }

    @Test
    void whoIsNotThereIsNoAnswer() {
        assertThatThrownBy(() ->
                        new Milter("127.0.0.1", FreePort.next(), Duration.ofSeconds(5)).ask(SampleMessage.plain()))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() ->
                        new Milter("no-such-host.invalid", 7357, Duration.ofSeconds(5)).ask(SampleMessage.plain()))
                .isInstanceOf(IOException.class);
    }
}
