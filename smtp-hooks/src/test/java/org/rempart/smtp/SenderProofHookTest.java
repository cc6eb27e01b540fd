/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.util.List;
import org.apache.james.core.MailAddress;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.server.core.MimeMessageInputStream;
import org.apache.mailet.AttributeUtils;
import org.apache.mailet.Mail;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.message.MailAttributes;

/** Mail from outside by what proves its sender, at the MX. */
class SenderProofHookTest {
    private static final String POLICY = "<policy><networks><network name='app'>10.20.0.0/16</network>"
            + "<network name='list'>203.0.113.0/24</network></networks>"
            + "<relay><allow network='app'/></relay><headers><received name='mx.ours.example'>rewrite</received></headers>"
            + "<inbound><dmarc reject='REJECT' quarantine='QUARANTINE' unanswered='accept'>"
            + "<except network='list' reason='our list server'/><except domain='old.example' reason='until May'/>"
            + "</dmarc></inbound><submission><spoofed>refuse</spoofed></submission></policy>";

    private final SubmissionFakes.Directory directory = new SubmissionFakes.Directory();
    private final SubmissionFakes.Session session = new SubmissionFakes.Session();

    @BeforeEach
    void zone() {
        session.with(SMTPSession.CURRENT_HELO_NAME, "mx.far.example");
        directory.texts.put("far.example", List.of("v=spf1 ip4:192.0.2.0/24 -all"));
        directory.texts.put("ours.example", List.of("v=spf1 ip4:192.0.2.0/24 -all"));
        directory.texts.put("_dmarc.far.example", List.of("v=DMARC1; p=reject"));
        directory.texts.put("_dmarc.old.example", List.of("v=DMARC1; p=reject"));
        directory.texts.put("_dmarc.soft.example", List.of("v=DMARC1; p=quarantine"));
    }

    private static String policy(String reject, String quarantine) {
        return POLICY.replace("REJECT", reject).replace("QUARANTINE", quarantine);
    }

    private String answer(String policy, Mail mail) throws Exception {
        return SubmissionFakes.answer(directory.senderProofHook(policy).onMessage(session.get(), mail));
    }

    private static String text(Mail mail) throws Exception {
        try (InputStream in = new MimeMessageInputStream(mail.getMessage())) {
            return new String(in.readAllBytes(), ISO_8859_1);
        } finally {
            LifecycleUtil.dispose(mail);
        }
    }

    @Test
    void whatWasFoundStandsOnTop() throws Exception {
        Mail mail = SubmissionFakes.mail("eve@far.example", "From: eve@far.example\r\nSubject: caf\u00e9");
        assertThat(answer(policy("refuse", "mark"), mail)).isEmpty();
        assertThat(text(mail))
                .startsWith("Authentication-Results: mx.ours.example;\r\n"
                        + "\tspf=pass smtp.mailfrom=eve@far.example;\r\n"
                        + "\tspf=none smtp.helo=mx.far.example;\r\n\tdkim=none;\r\n"
                        + "\tdmarc=pass header.from=far.example\r\nFrom: eve@far.example\r\n");
    }

    @Test
    void whatOthersSayInOurNameIsRemoved() throws Exception {
        Mail mail = SubmissionFakes.mail(
                "eve@far.example",
                "Authentication-Results: mx.ours.example; dmarc=pass header.from=bank.example\r\n"
                        + "authentication-results: (x) MX.Ours.Example 1; dkim=pass\r\n"
                        + "Authentication-Results: mx.ours.example\r\n"
                        + "Authentication-Results: \"mx.ours.example.\"; spf=pass\r\n"
                        + "Authentication-Results: mx.far.example; dkim=pass header.d=mx.ours.example\r\n"
                        + "Authentication-Results: other-mx.ours.example; dkim=none\r\n"
                        + "From: eve@far.example");
        assertThat(answer(policy("refuse", "mark"), mail)).isEmpty();
        assertThat(text(mail))
                .doesNotContain("bank.example", "(x)", "\"mx")
                .contains("Authentication-Results: mx.far.example; dkim=pass header.d=mx.ours.example\r\n")
                .contains("Authentication-Results: other-mx.ours.example; dkim=none\r\n")
                .containsOnlyOnce("Authentication-Results: mx.ours.example");
    }

    @ParameterizedTest
    @CsvSource({
        "refuse, mark, far.example, 198.51.100.1, 550 5.7.26",
        "mark, mark, far.example, 198.51.100.1, dmarc",
        "accept, mark, far.example, 198.51.100.1, ''",
        "refuse, mark, soft.example, 198.51.100.1, dmarc",
        "refuse, refuse, soft.example, 198.51.100.1, 550 5.7.26",
        "refuse, accept, soft.example, 198.51.100.1, ''",
        "refuse, refuse, quiet.example, 198.51.100.1, ''",
        "refuse, refuse, far.example, 203.0.113.1, ''",
        "refuse, refuse, old.example, 198.51.100.1, ''"
    })
    void whatFailsIsDealtWithAsThePolicySays(
            String reject, String quarantine, String from, String client, String outcome) throws Exception {
        session.client(client);
        Mail mail = SubmissionFakes.mail("x@other.example", "From: eve@" + from);
        String answer = answer(policy(reject, quarantine), mail);
        assertThat(
                        answer.isEmpty()
                                ? AttributeUtils.getValueAndCastFromMail(
                                                mail, MailAttributes.UNVERIFIED_SENDER, String.class)
                                        .orElse("")
                                : answer)
                .isEqualTo(outcome);
        assertThat(text(mail).contains("dmarc=")).isEqualTo(answer.isEmpty());
    }

    @Test
    void ourOwnPeopleAreNoStrangers() throws Exception {
        for (String client : List.of("10.20.0.1", "192.0.2.1")) {
            session.client(client).account(client.startsWith("10.") ? null : "alice@ours.example");
            Mail mail = SubmissionFakes.mail("x@other.example", "From: eve@far.example");
            assertThat(answer(policy("refuse", "mark"), mail)).isEmpty();
            assertThat(text(mail)).startsWith("From: eve@far.example");
        }
    }

    @Test
    void itCanBeSwitchedOff() throws Exception {
        Mail mail = SubmissionFakes.mail("x@other.example", "From: eve@far.example");
        assertThat(answer("<policy><inbound proof='off'/></policy>", mail)).isEmpty();
        assertThat(text(mail)).startsWith("From: eve@far.example");
    }

    /** The outcome of both hooks, one after the other. */
    private String both(String client, String sender, String from) throws Exception {
        Transaction.begin(session.client(client).get());
        String policy = policy("accept", "accept");
        Mail mail = SubmissionFakes.mail(sender, "From: " + from);
        try {
            SpoofedSenderHook spoofed = directory.spoofedSenderHook(policy);
            String atMail = SubmissionFakes.answer(spoofed.doMail(session.get(), SubmissionFakes.sender(sender)));
            return atMail.isEmpty()
                    ? answer(policy, mail) + SubmissionFakes.answer(spoofed.onMessage(session.get(), mail))
                    : atMail;
        } finally {
            LifecycleUtil.dispose(mail);
        }
    }

    @Test
    void mailOfOursThatProvesItIsNoClaim() throws Exception {
        // The SPF record of our domain names the client.
        assertThat(both("192.0.2.1", "news@ours.example", "news@ours.example")).isEmpty();
        assertThat(both("198.51.100.1", "news@ours.example", "news@ours.example"))
                .isEqualTo("550 5.7.1");
        assertThat(both("198.51.100.1", "list@lists.example", "alice@ours.example"))
                .isEqualTo("550 5.7.1");
        // SPF of another domain proves nothing of ours.
        assertThat(both("192.0.2.1", "eve@far.example", "alice@ours.example")).isEqualTo("550 5.7.1");
    }

    /** The answers to RCPT of somebody elsewhere, and to the message. */
    private String relayed(String client, String sender, String from) throws Exception {
        Transaction.begin(session.client(client).get());
        String policy = POLICY.replace(
                        "<allow network='app'/>", "<allow network='list' senderDomains='far.example' proof='dmarc'/>")
                .replace("REJECT", "accept")
                .replace("QUARANTINE", "accept");
        Mail mail = SubmissionFakes.mail(sender, "From: " + from);
        try {
            RelayHook relay = SubmissionFakes.init(new RelayHook(directory.domains(), SubmissionFakes.policy(policy)));
            String atRcpt = SubmissionFakes.answer(
                    relay.doRcpt(session.get(), mail.getMaybeSender(), new MailAddress("carol@elsewhere.example")));
            mail.setRecipients(List.of(new MailAddress("carol@elsewhere.example")));
            return atRcpt.isEmpty()
                    ? answer(policy, mail) + SubmissionFakes.answer(relay.onMessage(session.get(), mail))
                    : "RCPT " + atRcpt;
        } finally {
            LifecycleUtil.dispose(mail);
        }
    }

    @Test
    void whoProvesHisSenderMayRelayWhereARuleSaysSo() throws Exception {
        directory.texts.put("far.example", List.of("v=spf1 ip4:203.0.113.1 -all"));
        assertThat(relayed("203.0.113.1", "x@far.example", "x@far.example")).isEmpty();
        // The network, but no proof.
        assertThat(relayed("203.0.113.2", "x@far.example", "x@far.example")).isEqualTo("550 5.7.1");
        // A proof of another From.
        assertThat(relayed("203.0.113.1", "x@far.example", "x@old.example")).isEqualTo("550 5.7.1");
        assertThat(relayed("203.0.113.1", "x@other.example", "x@far.example")).isEqualTo("RCPT 550 5.7.1");
        assertThat(relayed("192.0.2.1", "x@far.example", "x@far.example")).isEqualTo("RCPT 550 5.7.1");
    }
}
