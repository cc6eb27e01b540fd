/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.mailrepository.api.MailRepository;
import org.apache.james.mailrepository.api.MailRepositoryStore;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.DsnParameters;
import org.apache.mailet.DsnParameters.EnvId;
import org.apache.mailet.DsnParameters.Notify;
import org.apache.mailet.DsnParameters.RecipientDsnParameters;
import org.apache.mailet.DsnParameters.Ret;
import org.apache.mailet.Mail;
import org.apache.mailet.MailetConfig;
import org.apache.mailet.MailetContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.mailet.delivery.DeliveryReport.Action;
import org.rempart.mailet.delivery.Reported;
import org.rempart.message.RequireTls;
import org.rempart.testsupport.Tools;

/** Reports as RFC 3464, 3461, 6522 and 3834 have them. */
class SendReportTest {
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");
    private static final String MESSAGE = "Received: by ours.example\r\nDate: Tue, 24 Nov 2026 20:50:07 +0000\r\n"
            + "From: bob@ours.example\r\nSubject: =?utf-8?Q?caf=C3=A9?=\r\nMessage-ID: <1@ours.example>\r\n\r\n"
            + "a secret body\r\n";

    private final List<String> reports = new ArrayList<>();
    private final List<String> recipients = new ArrayList<>();
    private final List<Boolean> requiringTls = new ArrayList<>();
    private final List<MailImpl> mails = new ArrayList<>();
    private final List<String> kept = new ArrayList<>();
    private final Map<String, String> files = new TreeMap<>();

    private SendReport start(String... namesAndValues) throws MessagingException {
        SendReport mailet = new SendReport(
                Server.domains(true), repositories(), Server.files(files), Clock.fixed(NOW, ZoneOffset.UTC));
        Map<String, String> parameters = new TreeMap<>(Map.of("hostName", "mail.ours.example"));
        for (int i = 0; i < namesAndValues.length; i += 2) {
            parameters.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        mailet.init(new MailetConfig() {
            @Override
            public String getInitParameter(String name) {
                return parameters.get(name);
            }

            @Override
            public Iterator<String> getInitParameterNames() {
                return Collections.unmodifiableSet(parameters.keySet()).iterator();
            }

            @Override
            public MailetContext getMailetContext() {
                return context();
            }

            @Override
            public String getMailetName() {
                return "SendReport";
            }
        });
        return mailet;
    }

    private MailetContext context() {
        return (MailetContext) Proxy.newProxyInstance(
                MailetContext.class.getClassLoader(),
                new Class<?>[] {MailetContext.class},
                (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "getPostmaster":
                            return new MailAddress("postmaster@ours.example");
                        case "sendMail":
                            MailImpl mail = (MailImpl) arguments[0];
                            assertThat(mail.hasSender()).isFalse();
                            recipients.add(mail.getRecipients().toString());
                            requiringTls.add(RequireTls.holds(mail));
                            ByteArrayOutputStream out = new ByteArrayOutputStream();
                            try (java.io.InputStream in = ((org.apache.james.server.core.MimeMessageWrapper)
                                            mail.getMessage())
                                    .getMessageInputStream()) {
                                in.transferTo(out);
                            }
                            reports.add(out.toString(ISO_8859_1));
                            return null;
                        default:
                            throw new UnsupportedOperationException(method.getName());
                    }
                });
    }

    private MailRepositoryStore repositories() {
        MailRepository repository = (MailRepository) Proxy.newProxyInstance(
                MailRepository.class.getClassLoader(),
                new Class<?>[] {MailRepository.class},
                (proxy, method, arguments) -> {
                    kept.add(((Mail) arguments[0]).getName());
                    return null;
                });
        return (MailRepositoryStore) Proxy.newProxyInstance(
                MailRepositoryStore.class.getClassLoader(),
                new Class<?>[] {MailRepositoryStore.class},
                (proxy, method, arguments) -> repository);
    }

    private MailImpl mail(String message) throws MessagingException {
        MailImpl mail = Server.mail(message.getBytes(ISO_8859_1));
        mails.add(mail);
        return mail;
    }

    @AfterEach
    void disposeOfMails() {
        mails.forEach(MailImpl::dispose);
    }

    private String report(Mail mail, String... namesAndValues) throws MessagingException {
        start(namesAndValues).service(mail);
        assertThat(mail.getState()).isEqualTo(Mail.GHOST);
        assertThat(reports).hasSize(1);
        return reports.get(0);
    }

    private static DsnParameters.RecipientDsnParameters notify(Notify... wishes) {
        return RecipientDsnParameters.of(wishes.length == 1 ? EnumSet.of(wishes[0]) : EnumSet.copyOf(List.of(wishes)));
    }

    @Test
    void aReportIsToTheLetter() throws Exception {
        MailImpl mail = mail(MESSAGE);
        mail.setDsnParameters(DsnParameters.builder()
                .envId(EnvId.of("QQ+2B314159"))
                .addRcptParameter(
                        new MailAddress("gone@there.example"),
                        RecipientDsnParameters.of(new MailAddress("first+2Btag@there.example")))
                .build()
                .get());
        Reported.on(mail)
                .answered(
                        "gone@there.example",
                        550,
                        "5.1.1 <gone@there.example>: no such user here, and none that has",
                        "5.1.1 ever been here")
                .unreachable("away@there.example")
                .as(Action.FAILED);
        String report = report(mail);

        assertThat(recipients).containsExactly("[bob@ours.example]");
        assertThat(report)
                .startsWith("Date: Mon, 30 Nov 2026 12:00:00 +0000\r\n"
                        + "From: Mail Delivery System <postmaster@ours.example>\r\n"
                        + "To: <bob@ours.example>\r\nSubject: Your message was not delivered\r\nMessage-ID: <")
                .contains("\r\nIn-Reply-To: <1@ours.example>\r\nReferences: <1@ours.example>\r\n"
                        + "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
                        + "Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"=_")
                .contains("@mail.ours.example>\r\n")
                .contains("Original-Envelope-Id: QQ+314159\r\nReporting-MTA: dns; mail.ours.example\r\nArrival-Date: ")
                .contains("\r\n\r\nOriginal-Recipient: rfc822; first+tag@there.example\r\n"
                        + "Final-Recipient: rfc822; gone@there.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
                        + "Remote-MTA: dns; mx.there.example\r\n"
                        + "Diagnostic-Code: smtp; 550 5.1.1 <gone@there.example>: no such user here,\r\n"
                        + " and none that has ever been here\r\n"
                        + "Last-Attempt-Date: Mon, 30 Nov 2026 12:00:00 +0000\r\n")
                .contains("\r\n\r\nFinal-Recipient: rfc822; away@there.example\r\nAction: failed\r\nStatus: 4.4.1\r\n"
                        + "Diagnostic-Code: X-Local; 421 4.4.1 mx.there.example can't be connected to\r\n"
                        + "Last-Attempt-Date")
                .contains("Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: 7bit\r\n\r\nReceived: by")
                .doesNotContain("a secret body", "localhost", "127.0.0.1");
    }

    @Test
    void manyDeadAddressesAreOneReport() throws Exception {
        MailImpl mail = mail(MESSAGE + "x".repeat(900) + "\r\n");
        Reported reported = Reported.on(mail);
        for (int i = 0; i < 50; i++) {
            reported.answered("u" + i + "@there.example", 550, "5.1.1 No such user " + i);
        }
        reported.as(Action.FAILED);
        String report = report(mail);
        assertThat(report.split("\r\nFinal-Recipient: ", -1)).hasSize(51);
        assertThat(report.length()).isLessThan(50_000);
    }

    @Test
    void wishesAreHeeded() throws Exception {
        MailImpl mail = mail(MESSAGE);
        mail.setDsnParameters(DsnParameters.builder()
                .addRcptParameter(new MailAddress("never@there.example"), notify(Notify.NEVER))
                .addRcptParameter(new MailAddress("success@there.example"), notify(Notify.SUCCESS, Notify.DELAY))
                .addRcptParameter(new MailAddress("failure@there.example"), notify(Notify.FAILURE))
                .build()
                .get());
        Reported.on(mail)
                .answered("never@there.example", 550, "5.1.1 Gone")
                .answered("success@there.example", 550, "5.1.1 Gone")
                .answered("failure@there.example", 550, "5.1.1 Gone")
                .as(Action.FAILED);
        assertThat(report(mail))
                .contains("failure@there.example")
                .doesNotContain("never@there.example", "success@there.example");
    }

    @Test
    void whoWantsToKnowNothingIsToldNothing() throws Exception {
        MailImpl mail = mail(MESSAGE);
        mail.setDsnParameters(DsnParameters.builder()
                .addRcptParameter(new MailAddress("never@there.example"), notify(Notify.NEVER))
                .build()
                .get());
        Reported.on(mail).answered("never@there.example", 550, "5.1.1 Gone").as(Action.FAILED);
        start().service(mail);
        assertThat(reports).isEmpty();
        assertThat(mail.getState()).isEqualTo(Mail.GHOST);
    }

    private String quoted(String message, String... namesAndValues) throws Exception {
        reports.clear();
        MailImpl mail = mail(message);
        mail.setDsnParameters(DsnParameters.builder().ret(Ret.FULL).build().get());
        Reported.on(mail).answered("gone@there.example", 550, "5.1.1 Gone").as(Action.FAILED);
        return report(mail, namesAndValues);
    }

    @Test
    void theWholeMessageIsQuotedWhenItIsAskedForAndSmallEnough() throws Exception {
        assertThat(quoted(MESSAGE)).contains("Content-Type: message/rfc822\r\n", "a secret body");
        assertThat(quoted(MESSAGE, "largestQuoted", "20"))
                .contains("text/rfc822-headers")
                .doesNotContain("a secret body");
        assertThat(quoted(MESSAGE + "\u00e9\r\n"))
                .contains("message/rfc822\r\nContent-Transfer-Encoding: 8bit", "\u00e9")
                .containsPattern("boundary=\"[^\"]+\"\r\nContent-Transfer-Encoding: 8bit");
        assertThat(quoted(MESSAGE + "x".repeat(2000) + "\r\n")).contains("text/rfc822-headers");
        assertThat(quoted(MESSAGE + "a bare\nline end\r\n")).contains("text/rfc822-headers");
    }

    /** RFC 8689, section 5. */
    @Test
    void aReportAboutMailThatRequiresTlsRequiresItTooAndQuotesTheHeaderAlone() throws Exception {
        assertThat(quoted(MESSAGE)).contains("a secret body");
        reports.clear();
        MailImpl mail = mail(MESSAGE);
        mail.setDsnParameters(DsnParameters.builder().ret(Ret.FULL).build().get());
        mail.setAttribute(RequireTls.attribute());
        Reported.on(mail).answered("gone@there.example", 550, "5.1.1 Gone").as(Action.FAILED);
        assertThat(report(mail))
                .contains("text/rfc822-headers", "Message-ID: <1@ours.example>")
                .doesNotContain("a secret body");
        assertThat(requiringTls).containsExactly(false, true);
    }

    /** RFC 6522, section 4: a header that is not ASCII is encoded, so that the report gets through everywhere. */
    @ParameterizedTest
    @ValueSource(
            strings = {"Subject: caf\u00c3\u00a9\r\n\r\nx\r\n", "Subject: caf\u00e9\r\n\r\nx\r\n", "X: \u0000\r\n\r\n"})
    void aReportIsSevenBitWhateverTheMessageWas(String message) throws Exception {
        MailImpl mail = mail(message);
        Reported.on(mail).answered("gone@there.example", 550, "5.1.1 g\u00f6ne").as(Action.FAILED);
        String report = report(mail);
        assertThat(report.chars()).allMatch(next -> next < 128 && next > 0);
        assertThat(report)
                .contains("text/rfc822-headers\r\nContent-Transfer-Encoding: quoted-printable")
                .contains("Diagnostic-Code: smtp; 550 5.1.1 g?ne\r\n");
    }

    @Test
    void otherReportsSayWhatTheyAre() throws Exception {
        MailImpl mail = mail(MESSAGE);
        Reported.on(mail)
                .answered("slow@there.example", 450, "4.7.1 Greylisted")
                .as(Action.DELAYED);
        assertThat(report(mail))
                .contains(
                        "Action: delayed\r\nStatus: 4.7.1\r\n", "Will-Retry-Until: Sat, 5 Dec 2026 12:00:00 +0000\r\n")
                .contains("Subject: Your message is still waiting");
        reports.clear();
        MailImpl other = mail(MESSAGE);
        other.setDsnParameters(DsnParameters.builder()
                .addRcptParameter(new MailAddress("far@there.example"), notify(Notify.SUCCESS))
                .build()
                .get());
        Reported.on(other).taken("far@there.example").as(Action.RELAYED);
        assertThat(report(other)).contains("Action: relayed\r\nStatus: 2.6.0\r\n", "Remote-MTA: dns; mx.there.example");
    }

    @Test
    void mailWithANullSenderIsKept() throws Exception {
        MailImpl mail = mail(MESSAGE);
        mail.setSender(null);
        Reported.on(mail).answered("gone@there.example", 550, "5.1.1 Gone").as(Action.FAILED);
        start("repositoryPath", "memory://var/mail/undeliverable/").service(mail);
        assertThat(kept).containsExactly("mail");
        assertThat(mail.getState()).isEqualTo(Mail.GHOST);
        assertThat(reports).isEmpty();

        MailImpl other = mail(MESSAGE);
        other.setSender(null);
        start().service(other);
        assertThat(other.getState()).isEqualTo(Mail.ERROR);
    }

    @Test
    void mailThatAnotherPartHasGivenUpIsReportedToo() throws Exception {
        MailImpl mail = mail(MESSAGE);
        mail.setErrorMessage("the mailbox is full\r\nX: y");
        assertThat(report(mail))
                .contains("Final-Recipient: rfc822; carol@outside.example\r\nAction: failed\r\nStatus: 5.0.0\r\n"
                        + "Diagnostic-Code: X-Local; 554 5.0.0 the mailbox is full  X: y\r\n");
    }

    @Test
    void sendersAreToldInTheirLanguage() throws Exception {
        MailImpl mail = mail(MESSAGE);
        Reported.on(mail).answered("gone@there.example", 550, "5.1.1 Gone").as(Action.FAILED);
        assertThat(report(mail, "languages", "else.example=fr, ours.example=de"))
                .contains("Content-Language: de", "Ihre Nachricht", "caf=C3=A9", "Diese Adresse gibt es");
    }

    @Test
    void textsMayBeOnesOwn() throws Exception {
        files.put(
                "file://conf/reports/nl.properties",
                "failed.subject = Niet bezorgd \u00e9\nfailed.begin = Helaas: {subject}\n");
        MailImpl mail = mail(MESSAGE);
        Reported.on(mail).answered("gone@there.example", 550, "5.1.1 Gone").as(Action.FAILED);
        assertThat(report(mail, "language", "nl", "texts", "file://conf/reports"))
                .contains(
                        "Subject: =?utf-8?Q?Niet_bezorgd_=C3=A9?=\r\n",
                        "Helaas: caf=C3=A9",
                        "There is no such address");
    }

    @Test
    void whatIsWrongStopsTheStart() {
        assertThatThrownBy(() -> start("language", "xx"))
                .hasMessageContaining("<language>xx")
                .hasMessageContaining("de, en, fr");
        assertThatThrownBy(() -> start("languages", "de")).hasMessageContaining("example.de=de");
        assertThatThrownBy(() -> start("largestQuoted", "-1")).hasMessageContaining("<largestQuoted>");
        assertThatThrownBy(() -> start("sender", "x")).hasMessageContaining("unknown parameter <sender>");
        files.put("file://conf/reports/en.properties", "failed.begin = {who}\n");
        assertThatThrownBy(() -> start("texts", "file://conf/reports"))
                .hasMessageContaining("{who}")
                .hasMessageContaining("{subject}");
        files.put("file://conf/reports/en.properties", "failed.beginning = x\n");
        assertThatThrownBy(() -> start("texts", "file://conf/reports")).hasMessageContaining("failed.beginning");
    }

    /** What reports are written of. */
    enum Original {
        SEVEN_BIT(MESSAGE),
        EIGHT_BIT("Date: Tue, 24 Nov 2026 20:50:07 +0000\r\n"
                + "Subject: caf\u00e9\r\n"
                + "MIME-Version: 1.0\r\n"
                + "Content-Type: text/plain; charset=iso-8859-1\r\n"
                + "Content-Transfer-Encoding: 8bit\r\n\r\n"
                + "caf\u00e9\r\n"),
        EIGHT_BIT_BODY(MESSAGE + "caf\u00c3\u00a9\r\n"),
        SMTPUTF8("From: Jos\u00c3\u00a9 <bob@ours.example>\r\nTo: <jos\u00c3\u00a9@there.example>\r\n"
                + "Subject: caf\u00c3\u00a9\r\n\r\ncaf\u00c3\u00a9\r\n"),
        SIGNED("DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=ours.example; s=a;\r\n\th=From:Subject; bh=x;\r\n"
                + "\tb=y\r\nFrom:  bob@ours.example\r\nSubject: A  test \r\nContent-Type: multipart/signed;\r\n"
                + " boundary=\"=_b\"; protocol=\"application/pgp-signature\"\r\n\r\n--=_b\r\n\r\ntext  \r\n--=_b\r\n"
                + "Content-Type: application/pgp-signature\r\n\r\nsignature\r\n--=_b--\r\n"),
        HUGE(MESSAGE + ("x".repeat(998) + "\r\n").repeat(20 * 1024 * 1024 / 1000));

        private final String message;

        Original(String message) {
            this.message = message;
        }

        /** Whether all of it is quoted where that is asked for: not what no 7-bit header or no mailbox can hold. */
        boolean canBeQuoted() {
            return this != EIGHT_BIT && this != SMTPUTF8 && this != HUGE;
        }
    }

    private String reportOf(Original original, Ret ret) throws Exception {
        MailImpl mail = mail(original.message);
        mail.setDsnParameters(DsnParameters.builder().ret(ret).build().get());
        Reported.on(mail)
                .answered("full@there.example", 552, "5.2.2 Mailbox full")
                .unreachable("away@there.example")
                .answered("gone@there.example", 550, "5.1.1 No such user: " + "long ".repeat(40))
                .as(Action.FAILED);
        return report(mail);
    }

    static Stream<Arguments> originals() {
        return Stream.of(Original.values())
                .flatMap(original -> Stream.of(Ret.values()).map(ret -> Arguments.of(original, ret)));
    }

    /** As another program reads it: Python's email, which knows RFC 2045 to 2047 and message/delivery-status. */
    @ParameterizedTest
    @MethodSource("originals")
    void pythonReadsIt(Original original, Ret ret) throws Exception {
        boolean full = ret == Ret.FULL && original.canBeQuoted();
        String report = reportOf(original, ret);

        assertThat(report.length()).isLessThan(100_000);
        assertThat(report.contains(original.message)).isEqualTo(full);
        assertThat(report.chars().allMatch(octet -> octet < 128))
                .isEqualTo(!full || original != Original.EIGHT_BIT_BODY);
        assertThat(report.split("\r\n", -1))
                .allSatisfy(line -> assertThat(line.length()).isLessThan(999));
        String read = python(
                "import sys, email, email.policy\n"
                        + "m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)\n"
                        + "parts = list(m.iter_parts())\n"
                        + "print([p.get_content_type() for p in parts])\n"
                        + "print([d for p in [m] + parts for d in p.defects])\n"
                        + "s = parts[1].get_payload()\n"
                        + "print([(g['Final-Recipient'], g['Action'], g['Status'], len(g['Diagnostic-Code'])) for g in"
                        + " s[1:]])\n"
                        + "print(s[0]['Reporting-MTA'], m.get_param('report-type'), m['Auto-Submitted'])\n"
                        + "print('Subject' in parts[2].get_content())\n",
                report.getBytes(ISO_8859_1));
        assertThat(read)
                .contains(
                        "'text/plain', 'message/delivery-status'", full ? "'message/rfc822'" : "'text/rfc822-headers'")
                .contains("\n[]\n")
                .contains(
                        "('rfc822; full@there.example', 'failed', '5.2.2', ", "('rfc822; gone@there.example', 'failed'")
                .contains("dns; mail.ours.example delivery-status auto-replied\nTrue\n");
    }

    /** As a bounce analyser of mailing lists reads it: Sisimai, which knows the reports of all servers. */
    @ParameterizedTest
    @MethodSource("originals")
    void sisimaiReadsIt(Original original, Ret ret) throws Exception {
        String read = program(
                List.of(
                        "perl",
                        "-MSisimai",
                        "-e",
                        "local $/; my $mail = <STDIN>; $mail =~ s/\\r//g;"
                                + "for my $told (@{Sisimai->make(\\$mail) || []}) { print join(' ', $told->recipient->address,"
                                + " $told->reason, $told->deliverystatus, $told->addresser->address, $told->action), \"\\n\" }"),
                reportOf(original, ret).getBytes(ISO_8859_1));
        Tools.require(!read.contains("Can't locate Sisimai.pm"), "there is no Sisimai");
        assertThat(read)
                .contains("gone@there.example userunknown 5.1.1 bob@ours.example failed")
                .contains("full@there.example mailboxfull 5.2.2 bob@ours.example failed")
                .contains("away@there.example ");
    }

    private static String python(String program, byte[] input) throws Exception {
        return program(List.of("python3", "-c", program), input);
    }

    private static String program(List<String> command, byte[] input) throws Exception {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException absent) {
            Tools.require(false, "there is no " + command.get(0) + ": " + absent.getMessage());
            return "";
        }
        try (OutputStream in = process.getOutputStream()) {
            in.write(input);
        } catch (IOException gone) {
            // It has said why.
        }
        return new String(process.getInputStream().readAllBytes(), UTF_8);
    }
}
