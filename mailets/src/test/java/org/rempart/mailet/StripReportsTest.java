/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.james.core.MaybeSender;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reports of failed deliveries that the server has written itself. */
class StripReportsTest {
    /** As DSNBounce writes it. */
    private static final String REPORT = "Date: Tue, 24 Nov 2026 20:50:07 +0000\r\n"
            + "From: postmaster@ours.example\r\n"
            + "Message-ID: <123.4.5@ex01.ours.example>\r\n"
            + "MIME-Version: 1.0\r\n"
            + "Content-Type: multipart/report; report-type=delivery-status; \r\n"
            + "\tboundary=\"----=_Part_7_1.2\"\r\n"
            + "\r\n"
            + "------=_Part_7_1.2\r\n"
            + "Content-Type: text/plain; charset=us-ascii\r\n"
            + "Content-Transfer-Encoding: 7bit\r\n"
            + "\r\n"
            + "Error message:\n"
            + "javax.mail.SendFailedException: 550 5.1.1 refused at ex01.ours.example, 10.0.0.7 (com.sun.mail.smtp.A$B: x)\n"
            + "\r\n"
            + "------=_Part_7_1.2\r\n"
            + "Content-Type: message/delivery-status\r\n"
            + "Content-Disposition: attachment; filename=status.dat\r\n"
            + "\r\n"
            + "Reporting-MTA: dns; ex01\n"
            + "Received-From-MTA: dns; pc17\n"
            + "\n"
            + "Final-Recipient: rfc822; carol@outside.example\n"
            + "Action: failed\n"
            + "Diagnostic-Code: X-James; 550 refused by [198.51.100.7]\n"
            + "\r\n"
            + "------=_Part_7_1.2\r\n"
            + "Content-Type: message/rfc822\r\n"
            + "\r\n"
            + "Received: from pc17 ([10.0.0.7]) by ex01.ours.example with SMTP; Tue, 24 Nov 2026 20:50:07 +0000\r\n"
            + "X-Mailer: Acme\r\n"
            + "Subject: caf\u00c3\u00a9\r\n"
            + "Content-Type: multipart/mixed; boundary=x\r\n"
            + "\r\n"
            + "--x\r\nX-Mailer: in the body, 10.0.0.7\r\n\r\n\u00ff\r\n--x--\r\n"
            + "\r\n"
            + "------=_Part_7_1.2--\r\n";

    private long filesBefore;

    @BeforeEach
    void countFiles() {
        filesBefore = Server.messageFiles();
    }

    @AfterEach
    void noFileIsLeft() {
        assertThat(Server.messageFiles()).isEqualTo(filesBefore);
    }

    private static MailImpl mail(String message) throws Exception {
        MailImpl mail = Server.mail(message.getBytes(ISO_8859_1));
        mail.setSender(MaybeSender.nullSender().asOptional().orElse(null));
        mail.setAttribute(Mail.SENT_BY_MAILET_ATTRIBUTE);
        return mail;
    }

    private static String through(MailImpl mail, String... parameters) throws Exception {
        StripHeaders strip = Server.start(
                new StripHeaders(Server.policy(Map.of()), Server.domains(true), Server.users()), parameters);
        strip.service(mail);
        String result = new String(Server.bytes(mail), ISO_8859_1);
        LifecycleUtil.dispose(mail);
        return result;
    }

    @Test
    void reportNamesNoInnerHostAndNoProgram() throws Exception {
        String left = through(mail(REPORT));
        assertThat(left)
                .doesNotContain("ex01", "pc17", "javax", "com.sun", "X-James", "----=_Part", "Received-From-MTA")
                .doesNotContain("X-Mailer: Acme")
                .contains("Error message:\n550 5.1.1 refused at ours.example, 192.0.2.1 (x)\n")
                .contains(
                        "\r\n\r\nReporting-MTA: dns; ours.example\n\nFinal-Recipient: rfc822; carol@outside.example\n")
                .contains("Diagnostic-Code: X-Local; 550 refused by [198.51.100.7]\n")
                .contains("\r\n\r\nReceived: by ours.example with SMTP; Tue, 24 Nov 2026 20:50:07 +0000\r\n"
                        + "Subject: caf\u00c3\u00a9\r\n")
                .contains("\r\n\r\n--x\r\nX-Mailer: in the body, 10.0.0.7\r\n\r\n\u00ff\r\n--x--\r\n\r\n--=_");
        String boundary = left.replaceFirst("(?s).*boundary=\"([^\"]+)\".*", "$1");
        assertThat(left.split(java.util.regex.Pattern.quote("--" + boundary), -1))
                .hasSize(5);
        assertThat(left).endsWith("\r\n--" + boundary + "--\r\n");
    }

    @Test
    void encodedTextIsReadToo() throws Exception {
        String encoded = REPORT.replace(
                        "Content-Transfer-Encoding: 7bit", "Content-Transfer-Encoding: quoted-printable")
                .replace("refused at ex01.ours.example", "refused at ex01.ou=\r\nrs.exa=6Dple");
        assertThat(through(mail(encoded))).contains("refused at ours.example").doesNotContain("ex01");
    }

    @Test
    void quotedHeaderAloneIsStrippedToo() throws Exception {
        String heads = REPORT.replace("Content-Type: message/rfc822", "Content-Type: text/rfc822-headers");
        assertThat(through(mail(heads)))
                .doesNotContain("pc17", "X-Mailer: Acme")
                .contains("Subject: caf\u00c3\u00a9\r\n");
    }

    /** As SendReport writes a header that is not ASCII. */
    @Test
    void quotedHeaderUnderATransferEncodingIsStrippedToo() throws Exception {
        String encoded = REPORT.replace(
                        "Content-Type: message/rfc822\r\n",
                        "Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: quoted-printable\r\n")
                .replace("X-Mailer: Acme", "X-Mail=\r\ner: Acme")
                .replace("caf\u00c3\u00a9", "caf=C3=A9");
        assertThat(through(mail(encoded))).doesNotContain("pc17", "Acme").contains("Subject: caf=C3=A9\r\n");
    }

    @Test
    void quotedMailOfALoopLosesItsHeader() throws Exception {
        String loop = REPORT.replace("X-Mailer: Acme\r\n", "Received: x\r\n".repeat(200));
        assertThat(through(mail(loop), "received", "remove"))
                .doesNotContain("Received", "X-Hop-Count")
                .contains("\r\n\r\n\r\n--x\r\nX-Mailer: in the body");
    }

    @Test
    void reportOfOthersIsNotTouched() throws Exception {
        String body = REPORT.substring(REPORT.indexOf("\r\n\r\n"));
        assertThat(through(mail("Received: from mx.a.example by ours.example with SMTP; x\r\n" + REPORT)))
                .as("it came in")
                .endsWith(body);
        MailImpl withSender = mail(REPORT);
        withSender.setSender(new org.apache.james.core.MailAddress("bob@ours.example"));
        assertThat(through(withSender)).as("somebody sent it").endsWith(body);
        MailImpl notOfAMailet = mail(REPORT);
        notOfAMailet.removeAttribute(Mail.SENT_BY_MAILET_ATTRIBUTE.getName());
        assertThat(through(notOfAMailet)).as("no mailet sent it").endsWith(body);
        assertThat(through(mail(REPORT), "values", "keep")).as("not asked for").endsWith(body);
        assertThat(through(mail(REPORT.replace("multipart/report", "multipart/mixed"))))
                .as("no report")
                .endsWith(body);
    }

    @Test
    void reportWithoutABoundaryLeavesWithItsHeaderStripped() throws Exception {
        assertThat(through(mail(REPORT.replace("boundary=", "x="))))
                .doesNotContain("<123.4.5@ex01")
                .contains("----=_Part");
    }

    /** As a mail program of an account writes it. */
    private static final String NOTIFICATION = "From: bob@ours.example\r\n"
            + "To: carol@outside.example\r\n"
            + "Message-ID: <9@outside.example>\r\n"
            + "Content-Type: multipart/report; report-type=disposition-notification;\r\n"
            + "\tboundary=\"----=_NextPart_1\"\r\n"
            + "\r\n"
            + "------=_NextPart_1\r\n"
            + "Content-Type: text/plain\r\n"
            + "\r\n"
            + "Shown on pc17.ours.example, thank you.\r\n"
            + "------=_NextPart_1\r\n"
            + "Content-Type: message/disposition-notification\r\n"
            + "\r\n"
            + "Reporting-UA: pc17.ours.example; Acme Mail\r\n"
            + " 16.0\r\n"
            + "MDN-Gateway: dns; gw.ours.example\r\n"
            + "Original-Recipient: rfc822; bob@ex01.ours.example\r\n"
            + "Final-Recipient: rfc822; bob@ours.example\r\n"
            + "Original-Message-ID: <first@ex01.ours.example>\r\n"
            + "Disposition: manual-action/MDN-sent-manually; displayed\r\n"
            + "Warning: seen at 10.0.0.7\r\n"
            + "\r\n"
            + "------=_NextPart_1\r\n"
            + "Content-Type: text/rfc822-headers\r\n"
            + "\r\n"
            + "Received: from mx.outside.example ([198.51.100.7]) by ex01.ours.example with SMTP; Tue, 24 Nov 2026 20:50:07"
            + " +0000\r\n"
            + "X-Spam-Status: No, on filter1\r\n"
            + "Subject: caf\u00c3\u00a9\r\n"
            + "\r\n"
            + "------=_NextPart_1--\r\n";

    private static MailImpl submitted(String message) throws Exception {
        MailImpl mail = Server.mail(message.getBytes(ISO_8859_1));
        mail.setAttribute(new Attribute(Mail.SMTP_AUTH_USER, AttributeValue.of("bob@ours.example")));
        return mail;
    }

    @Test
    void readReceiptOfAnAccountNamesNoInnerHostAndNoProgramInItsFields() throws Exception {
        String left = through(submitted(NOTIFICATION));
        String words = "Shown on pc17.ours.example, thank you.\r\n";
        assertThat(left)
                .contains(words)
                .contains("\r\n\r\nMDN-Gateway: dns; ours.example\r\nOriginal-Recipient: rfc822; bob@ours.example\r\n"
                        + "Final-Recipient: rfc822; bob@ours.example\r\nOriginal-Message-ID: <")
                .contains(
                        "Disposition: manual-action/MDN-sent-manually; displayed\r\nWarning: seen at 192.0.2.1\r\n\r\n")
                .contains("\r\n\r\nReceived: from mx.outside.example ([198.51.100.7]) by ours.example")
                .contains("Subject: caf\u00c3\u00a9\r\n\r\n------=_NextPart_1--\r\n");
        assertThat(left.replace(words, ""))
                .doesNotContain("pc17", "Acme", "16.0", "gw.", "ex01", "10.0.0.7", "filter1");
        MailImpl byNobody = Server.mail(NOTIFICATION.getBytes(ISO_8859_1));
        assertThat(through(byNobody))
                .as("no account's")
                .endsWith(NOTIFICATION.substring(NOTIFICATION.indexOf("\r\n\r\n")));
    }

    @Test
    void readReceiptUnderATransferEncodingIsReadToo() throws Exception {
        String encoded = NOTIFICATION
                .replace(
                        "Content-Type: message/disposition-notification\r\n",
                        "Content-Type: message/disposition-notification\r\nContent-Transfer-Encoding: quoted-printable\r\n")
                .replace("Reporting-UA: pc17.ours", "Reporting-U=\r\nA: pc17.ours")
                .replace("ex01", "ex=30=31");
        assertThat(through(submitted(encoded))).doesNotContain("Acme", "ex01", "ex=30");
    }

    @Test
    void whatOnlyCallsItselfAReceiptOrIsSignedByOthersIsNotTouched() throws Exception {
        String body = NOTIFICATION.substring(NOTIFICATION.indexOf("\r\n\r\n"));
        String signature = "DKIM-Signature: v=1; d=outside.example; s=s; h=from; bh=; b=\r\n";
        assertThat(through(submitted(signature + NOTIFICATION))).endsWith(body);
        assertThat(through(submitted(signature + NOTIFICATION), "signed", "strip"))
                .doesNotContain("Acme");
        assertThat(through(submitted(NOTIFICATION), "values", "keep")).endsWith(body);
        String none = NOTIFICATION.replace("Final-Recipient", "X-Final-Recipient");
        assertThat(through(submitted(none))).endsWith(none.substring(none.indexOf("\r\n\r\n")));
    }
}
