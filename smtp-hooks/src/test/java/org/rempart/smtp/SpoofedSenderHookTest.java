/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.mailet.AttributeUtils;
import org.apache.mailet.Mail;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.message.MailAttributes;

/** Mail from outside that claims a domain of ours, at the MX. */
class SpoofedSenderHookTest {
    private static final String REFUSED = "550 5.7.1";
    private static final String OUTSIDE = "somebody@foreign.example";

    private final SubmissionFakes.Directory directory = new SubmissionFakes.Directory();
    private final SubmissionFakes.Session session = new SubmissionFakes.Session();

    private static String policy(String handling) {
        return "<policy><networks><network name='app'>10.20.0.0/16</network>"
                + "<network name='mailer'>198.51.100.0/24</network></networks>"
                + "<relay><allow network='app' senderDomains='ours.example'/></relay>"
                + "<submission><spoofed>" + handling + "<except network='mailer' reason='newsletters'/></spoofed>"
                + "</submission></policy>";
    }

    private String mailFrom(String handling, String sender) throws Exception {
        return SubmissionFakes.answer(
                directory.spoofedSenderHook(policy(handling)).doMail(session.get(), SubmissionFakes.sender(sender)));
    }

    /** The answer at the end of the message, or what its mark says. */
    private String data(String policy, String sender, String... header) throws Exception {
        Mail mail = SubmissionFakes.mail(sender, header);
        String answer =
                SubmissionFakes.answer(directory.spoofedSenderHook(policy).onMessage(session.get(), mail));
        return answer.isEmpty()
                ? AttributeUtils.getValueAndCastFromMail(mail, MailAttributes.UNVERIFIED_SENDER, String.class)
                        .orElse("")
                : answer;
    }

    @ParameterizedTest
    @CsvSource({
        "refuse, alice@ours.example, 550 5.7.1",
        "refuse, nobody@OURS.example, 550 5.7.1",
        "refuse, somebody@foreign.example, ''",
        "refuse, '', ''",
        "mark, alice@ours.example, ''",
        "accept, alice@ours.example, ''",
    })
    void envelope(String handling, String sender, String answer) throws Exception {
        assertThat(mailFrom(handling, sender)).isEqualTo(answer);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "From: alice@ours.example",
                "From: Alice\r\n\t<ALICE@Ours.Example>",
                "From: alice@b\u00fccher.example",
                "From: x@foreign.example\r\nFrom: alice@ours.example",
                "From: us: x@foreign.example, alice@ours.example;",
                "From: x@foreign.example, (hidden) alice (at) @ ours.example",
                "From: \"unfinished <alice@ours.example>\r\nFrom: alice@ours.example",
                "From: x@foreign.example alice@ours.example",
            })
    void from(String header) throws Exception {
        byte[] utf8 = (header + "\r\n\r\nbody\r\n").getBytes(java.nio.charset.StandardCharsets.UTF_8);
        assertThat(SubmissionFakes.answer(directory
                        .spoofedSenderHook(policy("refuse"))
                        .onMessage(session.get(), SubmissionFakes.mail(OUTSIDE, utf8))))
                .isEqualTo(REFUSED);
        Mail mail = SubmissionFakes.mail(OUTSIDE, utf8);
        assertThat(SubmissionFakes.answer(
                        directory.spoofedSenderHook(policy("mark")).onMessage(session.get(), mail)))
                .isEmpty();
        assertThat(AttributeUtils.getValueAndCastFromMail(mail, MailAttributes.UNVERIFIED_SENDER, String.class))
                .contains("from");
        assertThat(data(policy("accept"), OUTSIDE, header)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "'From: \"alice@ours.example via List\" <list@foreign.example>', name",
        "'From: =?utf-8?q?alice=40ours=2Eexample?= <x@foreign.example>', name",
        "'From: \"unfinished x@foreign.example', unreadable",
    })
    void whatMayBeInnocentIsMarkedAtMost(String header, String mark) throws Exception {
        assertThat(data(policy("refuse"), OUTSIDE, header)).isEqualTo(mark);
        assertThat(data(policy("mark"), OUTSIDE, header)).isEqualTo(mark);
    }

    /** Where a strict reader gives up and a mail program does not, From is one all the same. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "no field\r\nFrom: alice@ours.example",
                "no field\r\n From: alice@ours.example",
                ": nothing\r\nFrom: alice@ours.example",
                "From: x@foreign.example\r\nno field\r\nFrom: alice@ours.example",
                "X-A: b\rFrom: alice@ours.example",
                "X-A: b\nFrom: alice@ours.example",
                "X-A: b\r\n \r\nFrom: alice@ours.example",
                " From: alice@ours.example",
                "From : alice@ours.example",
                "FROM\t: alice@ours.example",
                "From\r\n : alice@ours.example",
                "Fr\0om: alice@ours.example",
                "From\u00a0: alice@ours.example",
                "\u00ef\u00bb\u00bfFrom: alice@ours.example",
                "From: alice@ours.example\0",
                "From: \"unfinished <alice@ours.example>",
                "From: (unfinished <alice@ours.example>",
                "From: x@foreign.example\r\n\t, alice @ ours . example",
            })
    void fromThatALenientReaderFinds(String header) throws Exception {
        assertThat(data(policy("refuse"), OUTSIDE, header)).isEqualTo(REFUSED);
        assertThat(data(policy("mark"), OUTSIDE, header)).isEqualTo("from");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "From: root@mx.ours.example",
                "From: root@MX.ours.example.",
                "From: root@localhost",
                "From: root@[127.0.0.1]",
                "From: alice@\uff4f\uff55\uff52\uff53.example",
                "From: alice@ours\u3002example",
                "From: alice@ou\u200brs.example",
                "From: alice(a(b)c)@(d)ours.(e)example",
                "From: <@relay.example:alice@ours.example>",
                "From: \"alice\"@ours.example",
                "From: alice\\@ours.example",
                "From: x: y: alice@ours.example;;",
                "From: alice@b\u00dccher.example",
            })
    void fromInAnySpelling(String header) throws Exception {
        byte[] utf8 = (header + "\r\n\r\nbody\r\n").getBytes(java.nio.charset.StandardCharsets.UTF_8);
        assertThat(SubmissionFakes.answer(directory
                        .spoofedSenderHook(policy("refuse"))
                        .onMessage(session.get(), SubmissionFakes.mail(OUTSIDE, utf8))))
                .isEqualTo(REFUSED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "From: =?utf-8*en?Q?alice=40ours.example?= <x@foreign.example>",
                "From: =?x-unknown?Q?alice=40ours.example?= <x@foreign.example>",
                "From: =?utf-8?B?YWxpY2VAb3Vycy5leGFtcGxl?= <x@foreign.example>",
                "From: =?utf-8?B?YWxpY2VAb3Vycy5leGFtcGxlLg?= <x@foreign.example>",
                "From: =?utf-8?B?YWxp?= =?utf-8?B?Y2VAb3Vycy5leGFtcGxl?= <x@foreign.example>",
                "From: =?utf-8?Q?alice=EF=BC?= =?utf-8?Q?=A0ours.example?= <x@foreign.example>",
                "From: =?utf-8?Q?alice @ ours.example?= <x@foreign.example>",
                "From: =?utf-7?Q?alice+AEA-ours.example?= <x@foreign.example>",
                "From: =?utf-16be?B?AGEAbABpAGMAZQBAAG8AdQByAHMALgBlAHgAYQBtAHAAbABl?= <x@foreign.example>",
                "From: =?utf-8?Q?=3D=3Futf-8=3FQ=3Falice=3D40ours.example=3F=3D?= <x@foreign.example>",
                "From: \"=?utf-8?Q?alice=40ours.example?=\" <x@foreign.example>",
                "From: (=?utf-8?Q?alice=40ours.example?=) x@foreign.example",
                "From: \u202eelpmaxe.sruo@ecila\u202c <x@foreign.example>",
                "From: \"alice @ ours.example\" <x@foreign.example>",
                "From: \"al\\ice\\@ours.example\" <x@foreign.example>",
                "From: \"a l i c e @ o u r s . e x a m p l e\" <x@foreign.example>",
                "From: \"alice at ours.example\" <x@foreign.example>",
                "From: \"alice (at) ours (dot) example\" <x@foreign.example>",
                "From: \"alice%40ours.example\" <x@foreign.example>",
                "From: \"alice&#64;ours.example\" <x@foreign.example>",
                "From: \"alice\u200b@\u2060ours.example\" <x@foreign.example>",
                "From: \"alice\uff20ours.example\" <x@foreign.example>",
                "From: \"alice\ufe6bours.example\" <x@foreign.example>",
                "From: \"alice@ours.example)\" <x@foreign.example>",
                "From: \"[alice@ours.example]\" <x@foreign.example>",
                "From: \"<alice@ours.example>\" <x@foreign.example>",
                "From: \"alice@ours\u3002example\" <x@foreign.example>",
                "From: alice@ours.example's list: x@foreign.example;",
                "From: \"alice@ours.example: list\": x@foreign.example;",
                "From: alice",
                "From: Alice <alice>",
                "From: alice@\u043eurs.example",
                "From: \"alice@\u043eurs.example\" <x@foreign.example>",
                "From: \"root@mx.ours.example\" <x@foreign.example>",
            })
    void disguiseIsMarked(String header) throws Exception {
        byte[] utf8 = (header + "\r\n\r\nbody\r\n").getBytes(java.nio.charset.StandardCharsets.UTF_8);
        Mail mail = SubmissionFakes.mail(OUTSIDE, utf8);
        SubmissionFakes.answer(directory.spoofedSenderHook(policy("mark")).onMessage(session.get(), mail));
        assertThat(AttributeUtils.getValueAndCastFromMail(mail, MailAttributes.UNVERIFIED_SENDER, String.class)
                        .orElse(""))
                .isIn("name", "from");
    }

    @Test
    void senderIsMarked() throws Exception {
        assertThat(data(policy("refuse"), OUTSIDE, "From: x@foreign.example", "Sender: alice@ours.example"))
                .isEqualTo("sender");
        assertThat(data(policy("refuse"), OUTSIDE, "From: x@foreign.example", "Resent-From: alice@ours.example"))
                .isEqualTo("sender");
    }

    /** However much a header holds, the domains are asked a bounded number of times, and what was not asked is marked. */
    @Test
    void manyAddressesCostAFewQuestions() throws Exception {
        StringBuilder many = new StringBuilder("From: ");
        for (int i = 0; i < 5000; i++) {
            many.append("a@d").append(i).append(".example, ");
        }
        assertThat(data(policy("refuse"), OUTSIDE, many + "x@foreign.example")).isEqualTo("unreadable");
        assertThat(directory.domainsAsked).isLessThanOrEqualTo(OurNames.MOST_LOOKUPS + 1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "From: somebody@foreign.example",
                "Subject: no From",
                "From: Alice <x@foreign.example>",
                "From: \"Doe, John\" <x@foreign.example>",
                "From: Doe, John <x@foreign.example>",
                "From: =?x-unknown?Q?J=FCrgen?= <x@foreign.example>",
                "From: \"John at Work\" <x@foreign.example>",
                "From: fass@fa\u00dfours.example",
                "From: alice@ours.example.foreign.example",
                "From: x@foreign.example\r\nTo: alice@ours.example",
            })
    void othersMailPassesUnmarked(String header) throws Exception {
        assertThat(data(policy("refuse"), OUTSIDE, header)).isEmpty();
        assertThat(data(policy("mark"), "", header)).isEmpty();
    }

    @Test
    void bouncesOfOldServersPassUnmarked() throws Exception {
        assertThat(data(policy("mark"), "", "From: MAILER-DAEMON")).isEmpty();
        assertThat(data(policy("mark"), "", "From: Mail Delivery Subsystem <MAILER-DAEMON>"))
                .isEmpty();
        assertThat(data(policy("mark"), "", "From: postmaster")).isEqualTo("name");
    }

    @Test
    void theDefaultMarks() throws Exception {
        assertThat(data("<policy/>", "alice@ours.example", "From: alice@ours.example"))
                .isEqualTo("envelope, from");
        assertThat(SubmissionFakes.answer(directory
                        .spoofedSenderHook("<policy/>")
                        .doMail(session.get(), SubmissionFakes.sender("alice@ours.example"))))
                .isEmpty();
    }

    @Test
    void anExceptionAcceptsAndIsInTheTrailWithItsReason() throws Exception {
        session.client("198.51.100.7");
        try (AuditRecorder trail = new AuditRecorder()) {
            assertThat(mailFrom("refuse", "news@ours.example")).isEmpty();
            assertThat(data(policy("refuse"), "news@ours.example", "From: news@ours.example"))
                    .isEmpty();
            assertThat(data(policy("refuse"), OUTSIDE, "From: x@foreign.example"))
                    .isEmpty();
            assertThat(trail.events("spoofed")).hasSize(1);
            assertThat(trail.events("spoofed").get(0)).contains("\"excepted\"", "newsletters", "news@ours.example");
        }
    }

    /** Who may relay with a sender is no stranger with it. */
    @Test
    void whatRelayAllowsIsNotSpoofed() throws Exception {
        session.client("10.20.1.1");
        assertThat(mailFrom("refuse", "app@ours.example")).isEmpty();
        assertThat(data(policy("refuse"), "app@ours.example", "From: app@ours.example"))
                .isEmpty();
        assertThat(mailFrom("refuse", "app@xn--bcher-kva.example")).isEqualTo(REFUSED);
    }

    @Test
    void anAccountIsNotJudgedHere() throws Exception {
        session.account("alice@ours.example");
        assertThat(mailFrom("refuse", "bob@ours.example")).isEmpty();
        assertThat(data(policy("refuse"), "bob@ours.example", "From: bob@ours.example"))
                .isEmpty();
    }

    @Test
    void domainsThatCantBeAskedRefuseForNow() throws Exception {
        directory.domainsDown = true;
        assertThat(mailFrom("mark", "alice@ours.example")).isEqualTo("451 4.3.0");
        assertThat(data(policy("mark"), OUTSIDE, "From: x@foreign.example")).isEqualTo("451 4.3.0");
        assertThat(mailFrom("mark", "")).isEmpty();
    }
}
