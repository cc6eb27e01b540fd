/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.mail.MessagingException;
import javax.mail.internet.MimeMessage;
import org.apache.james.core.MailAddress;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.apache.mailet.PerRecipientHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.policy.server.ServerPolicy;

class StripHeadersTest {
    /** Raw UTF-8 in the header, content types that no parser takes, a comment in MIME-Version, mixed line ends. */
    private static final String KEPT_HEADER = "Subject: caf\u00c3\u00a9 \u00ff\r\n"
            + "Content-Type: text/plain; charset=\"; boundary\r\n"
            + "Mime-Version: 1.0 (comment)\n"
            + "no field at all\r\n"
            + "Content-Transfer-Encoding: nonsense\r\n";

    private static final String IN_MEMORY = "body \u00e9\u0000\r\n.\r\nno end";
    private static final String ON_DISK = "0123456789\n".repeat(30_000);

    private long filesBefore;

    @BeforeEach
    void countFiles() {
        filesBefore = Server.messageFiles();
    }

    @AfterEach
    void noFileIsLeft() {
        assertThat(Server.messageFiles()).isEqualTo(filesBefore);
    }

    private static byte[] message(String body) {
        return ("X-Mailer: Acme\r\n 1.0\r\n" + KEPT_HEADER + "x-mailer: Acme\r\n\r\n" + body).getBytes(ISO_8859_1);
    }

    private static byte[] stripped(String body) {
        return (KEPT_HEADER + "\r\n" + body).getBytes(ISO_8859_1);
    }

    private static StripHeaders strip() throws MessagingException {
        return Server.stripHeaders("strip", "X-Mailer", "values", "keep");
    }

    @ParameterizedTest
    @ValueSource(strings = {IN_MEMORY, "", "disk"})
    void strippedMessageIsTheSameBytesHoweverItIsRead(String body) throws Exception {
        String text = body.equals("disk") ? ON_DISK : body;
        MailImpl mail = Server.mail(message(text));
        strip().service(mail);
        assertThat(Server.bytes(mail)).isEqualTo(stripped(text));
        MimeMessageWrapper wrapper = (MimeMessageWrapper) mail.getMessage();
        try (InputStream in = wrapper.getMessageInputStream()) {
            assertThat(in.readAllBytes()).isEqualTo(stripped(text));
        }
        assertThat(mail.getMessageSize()).isEqualTo(stripped(text).length);
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        wrapper.writeTo(header, content);
        assertThat(header.toString(ISO_8859_1)).isEqualTo(KEPT_HEADER + "\r\n");
        assertThat(content.toString(ISO_8859_1)).isEqualTo(text);
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        wrapper.writeTo(sent, new String[] {"Bcc", "Subject"});
        assertThat(sent.toString(ISO_8859_1)).startsWith("Content-Type").endsWith("\r\n\r\n" + text);
        LifecycleUtil.dispose(mail);
    }

    @Test
    void messageIsLeftAloneWhenNothingIsToBeStripped() throws Exception {
        MailImpl mail = Server.mail(stripped(ON_DISK));
        MimeMessage before = mail.getMessage();
        strip().service(mail);
        assertThat(mail.getMessage()).isSameAs(before);
        LifecycleUtil.dispose(mail);
    }

    /** James's mailets that write for one recipient alone do it so, and James adds them when it delivers. */
    @Test
    void fieldsForSingleRecipientsAreStrippedToo() throws Exception {
        MailImpl mail = Server.mail(message(IN_MEMORY));
        MailAddress bob = new MailAddress("bob@there.example");
        MailAddress carol = new MailAddress("carol@there.example");
        for (MailAddress recipient : List.of(bob, carol)) {
            add(mail, recipient, "X-MAILER", "Acme");
            add(mail, recipient, "X-Note", "caf\u00e9 for " + recipient.asString());
        }
        Server.stripHeaders("strip", "X-Mailer, X-Other", "values", "rewrite").service(mail);
        for (MailAddress recipient : List.of(bob, carol)) {
            assertThat(mail.getPerRecipientSpecificHeaders().getHeadersForRecipient(recipient))
                    .extracting(field -> field.getName() + ": " + field.getValue())
                    .contains("X-Note: caf\u00e9 for " + recipient.asString())
                    .noneMatch(field -> field.startsWith("X-MAILER"));
        }
        LifecycleUtil.dispose(mail);
    }

    private static void add(Mail mail, MailAddress recipient, String name, String value) {
        mail.addSpecificHeaderForRecipient(
                PerRecipientHeaders.Header.builder().name(name).value(value).build(), recipient);
    }

    @Test
    void mailWithoutAMessageIsLeftAlone() throws Exception {
        MailImpl mail = MailImpl.builder().name("mail").build();
        strip().service(mail);
        assertThat(mail.getMessage()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {IN_MEMORY, "disk"})
    void duplicateIsTheSameBytesAndLivesOnItsOwn(String body) throws Exception {
        String text = body.equals("disk") ? ON_DISK : body;
        MailImpl mail = Server.mail(message(text));
        strip().service(mail);
        MailImpl duplicate = MailImpl.duplicate(mail);
        LifecycleUtil.dispose(mail);
        assertThat(source(duplicate.getMessage())).isEqualTo(stripped(text));
        LifecycleUtil.dispose(duplicate);
    }

    @ParameterizedTest
    @ValueSource(strings = {IN_MEMORY, "disk"})
    void headerThatAnotherMailetChangedIsStripped(String body) throws Exception {
        String text = body.equals("disk") ? ON_DISK : body;
        MailImpl mail = Server.mail(message(text));
        mail.getMessage().addHeader("X-Added", "one");
        mail.getMessage().setHeader("X-Mailer", "Acme 2");
        strip().service(mail);
        String result = new String(Server.bytes(mail), ISO_8859_1);
        assertThat(result)
                .contains("X-Added: one\r\n", "Subject: caf\u00c3\u00a9 \u00ff\r\n", "no field at all\r\n")
                .doesNotContainIgnoringCase("x-mailer")
                .endsWith("\r\n\r\n" + text);
        assertThat(mail.getMessageSize()).isEqualTo(result.length());
        LifecycleUtil.dispose(mail);
    }

    @ParameterizedTest
    @ValueSource(strings = {IN_MEMORY, "disk"})
    void headerThatAnotherMailetChangesAfterwardsCostsNoOtherByte(String body) throws Exception {
        String text = body.equals("disk") ? ON_DISK : body;
        MailImpl mail = Server.mail(message(text));
        strip().service(mail);
        mail.getMessage().addHeader("X-Added", "one");
        String result = new String(Server.bytes(mail), ISO_8859_1);
        assertThat(result)
                .contains("X-Added: one\r\n", "Subject: caf\u00c3\u00a9 \u00ff\r\n")
                .endsWith("\r\n\r\n" + text);
        assertThat(mail.getMessageSize()).isEqualTo(result.length());
        try (InputStream in = ((MimeMessageWrapper) mail.getMessage()).getMessageInputStream()) {
            assertThat(new String(in.readAllBytes(), ISO_8859_1)).isEqualTo(result);
        }
        Server.stripHeaders("strip", "X-Added").service(mail);
        assertThat(new String(Server.bytes(mail), ISO_8859_1))
                .doesNotContain("X-Added")
                .endsWith("\r\n\r\n" + text);
        LifecycleUtil.dispose(mail);
    }

    @Test
    void bodyThatAnotherMailetChangedIsTheNewOne() throws Exception {
        MailImpl before = Server.mail("Subject: a\r\nX-Mailer: b\r\n\r\nold".getBytes(UTF_8));
        before.getMessage().setText("new body");
        before.getMessage().saveChanges();
        strip().service(before);
        assertThat(new String(Server.bytes(before), UTF_8))
                .contains("Subject: a", "new body")
                .doesNotContain("X-Mailer");
        LifecycleUtil.dispose(before);

        MailImpl after = Server.mail("Subject: a\r\nX-Mailer: b\r\n\r\nold".getBytes(UTF_8));
        strip().service(after);
        after.getMessage().setText("new body");
        after.getMessage().saveChanges();
        assertThat(new String(Server.bytes(after), UTF_8))
                .contains("Subject: a", "new body")
                .doesNotContain("X-Mailer");
        LifecycleUtil.dispose(after);
    }

    @Test
    void strippingOverAndOverKeepsTheBodyWhereItLies() throws Exception {
        StringBuilder header = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            header.append("X-Field-").append(i).append(": a\r\n");
        }
        MailImpl mail = Server.mail((header + "\r\n" + ON_DISK).getBytes(ISO_8859_1));
        for (int i = 0; i < 20; i++) {
            Server.stripHeaders("strip", "X-Field-" + i, "values", "keep").service(mail);
        }
        assertThat(new String(Server.bytes(mail), ISO_8859_1)).isEqualTo("\r\n" + ON_DISK);
        LifecycleUtil.dispose(mail);
    }

    @Test
    void messageIsWrittenFromMemoryWhereItsSourceWillBeOverwritten() throws Exception {
        MailImpl mail = Server.mail(message(ON_DISK));
        strip().service(mail);
        MimeMessageWrapper wrapper = (MimeMessageWrapper) mail.getMessage();
        wrapper.loadMessage();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        wrapper.writeTo(out, out, null, true);
        assertThat(out.toByteArray()).isEqualTo(stripped(ON_DISK));
        LifecycleUtil.dispose(mail);
    }

    /** The header is at the front; the one read that finds its end may take a little of the body along. */
    @Test
    void bodyIsNotTouchedWhileItsHeaderIsStripped() throws Exception {
        byte[] message = message(ON_DISK);
        boolean[] leaving = {false};
        MimeMessageSource source = new MimeMessageSource() {
            @Override
            public String getSourceId() {
                return "guarded";
            }

            @Override
            public InputStream getInputStream() {
                return new FilterInputStream(new ByteArrayInputStream(message)) {
                    private int read;

                    @Override
                    public int read() {
                        throw new AssertionError("byte by byte");
                    }

                    @Override
                    public int read(byte[] buffer, int offset, int length) throws IOException {
                        int count = super.read(buffer, offset, length);
                        read += count;
                        assertThat(leaving[0] || read <= 8192)
                                .as("%s bytes read", read)
                                .isTrue();
                        return count;
                    }
                };
            }

            @Override
            public long getMessageSize() {
                return message.length;
            }
        };
        MailImpl mail =
                MailImpl.builder().name("mail").sender("bob@ours.example").build();
        mail.setMessageNoCopy(new MimeMessageWrapper(source));
        strip().service(mail);
        Server.stripHeaders("strip", "X-Other", "received", "remove").service(mail);
        leaving[0] = true;
        assertThat(Server.bytes(mail)).isNotEmpty();
        assertThat(new String(Server.bytes(mail), ISO_8859_1)).endsWith(ON_DISK).doesNotContain("X-Mailer: Acme");
        LifecycleUtil.dispose(mail);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Subject: a\r\n\r\nbody", "Subject: a", " hidden: a\n\nbody", "\r\nbody", "A: b\rB: c\r\rbody"})
    void mailWithoutAnIdGetsOne(String message) throws Exception {
        String left = Stripping.strip(message);
        assertThat(left).containsPattern("Message-ID: <[a-z0-9]{10,30}@ours\\.example>\r\n");
        assertThat(left.replaceFirst("Message-ID: [^\r]*\r\n", ""))
                .isEqualTo(message.contains("body") ? message : message + "\r\n");
        assertThat(Stripping.strip(left)).isEqualTo(left);
        String signed = "DKIM-Signature: v=1; d=f.example; h=message-id; b=\r\n" + message.trim() + "\r\n\r\n";
        assertThat(Stripping.strip(signed)).isEqualTo(signed);
    }

    @Test
    void contentIsReadAsUsual() throws Exception {
        MailImpl mail = Server.mail("Subject: a\r\nX-Mailer: b\r\n\r\nthe body".getBytes(UTF_8));
        strip().service(mail);
        assertThat(mail.getMessage().getContent()).isEqualTo("the body");
        assertThat(mail.getMessage().getHeader("Subject")).containsExactly("a");
        assertThat(mail.getMessage().getHeader("X-Mailer")).isNull();
        LifecycleUtil.dispose(mail);
    }

    /** What James's own message was made of: its writeTo would write bytes above 127 as question marks. */
    private static byte[] source(MimeMessage message) throws MessagingException, IOException {
        try (InputStream in = ((MimeMessageWrapper) message).getMessageInputStream()) {
            return in.readAllBytes();
        }
    }

    /** A Mail that isn't James's own, and does with a message what the given one does. */
    private static Mail foreign(MimeMessage message, boolean copies, boolean fails) {
        MimeMessage[] held = {message};
        return (Mail) Proxy.newProxyInstance(
                Mail.class.getClassLoader(), new Class<?>[] {Mail.class}, (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "hasSender":
                            return true;
                        case "getMessage":
                            return held[0];
                        case "getPerRecipientSpecificHeaders":
                            return new PerRecipientHeaders();
                        case "getAttribute":
                            return Optional.empty();
                        case "setMessage":
                            if (fails) {
                                throw new MessagingException("full");
                            }
                            MimeMessage given = (MimeMessage) arguments[0];
                            held[0] = copies ? new MimeMessageWrapper(given) : given;
                            return null;
                        default:
                            throw new InvocationTargetException(new UnsupportedOperationException(method.getName()));
                    }
                });
    }

    private static byte[] bytes(Mail mail) throws MessagingException, IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        mail.getMessage().writeTo(out);
        return out.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anotherKindOfMailKeepsItsBody(boolean copies) throws Exception {
        Mail mail = foreign(Server.mail(message(ON_DISK)).getMessage(), copies, false);
        strip().service(mail);
        assertThat(source(mail.getMessage())).isEqualTo(stripped(ON_DISK));
        LifecycleUtil.dispose(mail.getMessage());
    }

    @Test
    void mailThatRefusesTheNewMessageStillHasTheOldOne() throws Exception {
        Mail mail = foreign(Server.mail(stripped(ON_DISK)).getMessage(), false, true);
        StripHeaders strip = Server.stripHeaders("strip", "Subject");
        assertThatThrownBy(() -> strip.service(mail)).isInstanceOf(MessagingException.class);
        assertThat(new String(bytes(mail), ISO_8859_1)).endsWith(ON_DISK).contains("Subject");
        LifecycleUtil.dispose(mail.getMessage());
    }

    @Test
    void plainJavaMailMessageIsStripped() throws Exception {
        MimeMessage plain = new MimeMessage((javax.mail.Session) null);
        plain.setText(ON_DISK);
        plain.setHeader("X-Mailer", "Acme");
        plain.saveChanges();
        Mail mail = foreign(plain, true, false);
        strip().service(mail);
        assertThat(mail.getMessage().getHeader("X-Mailer")).isNull();
        assertThat(mail.getMessage().getContent()).isEqualTo(ON_DISK);
        LifecycleUtil.dispose(mail.getMessage());
    }

    @Test
    void mailStaysWhenTheDomainListIsDown() throws Exception {
        MailImpl mail = Server.mail(
                ("Received: from a.example by ex01.branch.example; date\r\n\r\n" + ON_DISK).getBytes(ISO_8859_1));
        StripHeaders strip = Server.start(
                new StripHeaders(Server.policy(Map.of()), Server.domains(false), Server.users()),
                "received",
                "rewrite",
                "publicName",
                "m.example");
        assertThatThrownBy(() -> strip.service(mail))
                .isInstanceOf(MessagingException.class)
                .hasMessageContaining("must not leave");
        assertThat(new String(Server.bytes(mail), ISO_8859_1)).contains("ex01.branch.example");
        LifecycleUtil.dispose(mail);
    }

    @Test
    void mailInALoopFails() throws Exception {
        MailImpl mail = Server.mail(("Received: a\r\n".repeat(101) + "\r\nbody").getBytes(ISO_8859_1));
        StripHeaders strip = Server.stripHeaders("received", "remove");
        assertThatThrownBy(() -> strip.service(mail))
                .isInstanceOf(MessagingException.class)
                .hasMessageContaining("101 servers");
        LifecycleUtil.dispose(mail);
    }

    // Parameters

    private static void refused(String expected, String... parameters) {
        assertThatThrownBy(() -> Server.stripHeaders(parameters))
                .isInstanceOf(MessagingException.class)
                .hasMessage(expected);
    }

    @Test
    void wrongParametersStopTheStart() {
        refused(
                "StripHeaders: unknown parameter <strips>; it takes <inner>, <keep>, <policy>, <preset>, <publicName>,"
                        + " <received>, <signed>, <strip>, <values>",
                "strips",
                "X-Mailer");
        refused(
                "StripHeaders: <strip>X Mailer</strip> names no header field; write X-Mailer, or X-Acme-* for all that begin"
                        + " so",
                "strip",
                "X Mailer");
        refused(
                "StripHeaders: <strip>X-A,,X-B</strip> has an empty place; write one or more, separated by commas",
                "strip",
                "X-A,,X-B");
        refused(
                "StripHeaders: <preset>clients</preset> is unknown; the presets are client, filter, exchange, labels, trace",
                "preset",
                "clients");
        refused("StripHeaders: <received>hide</received> is unknown; write keep, rewrite, remove", "received", "hide");
        refused("StripHeaders: <signed>yes</signed> is unknown; write keep or strip", "signed", "yes");
        refused("StripHeaders: <values>yes</values> is unknown; write keep or rewrite", "values", "yes");
        refused(
                "StripHeaders: <inner>*.corp.example</inner> is no domain; write corp.example, which means it and all below it",
                "inner",
                "*.corp.example");
        refused(
                "StripHeaders: <publicName>*.example</publicName> is no host name; write the public name of the mail server",
                "publicName",
                "*.example");
        refused(
                "StripHeaders: <policy>file://conf/x.xml</policy> and other parameters exclude each other; say it all in the"
                        + " policy file, or all here",
                "policy",
                "file://conf/x.xml",
                "strip",
                "X-A");
    }

    @Test
    void policyFileIsReadWhereNothingElseIsGiven() throws Exception {
        String policy = "<policy><headers><strip name=\"X-Acme-*\"/><received name=\"pub.example\">rewrite</received>"
                + "</headers></policy>";
        StripHeaders strip = Server.start(
                new StripHeaders(
                        Server.policy(Map.of("file://conf/other.xml", policy)), Server.domains(true), Server.users()),
                "policy",
                "file://conf/other.xml");
        MailImpl mail = Server.mail("Received: from x by y; z\r\nX-Acme-A: b\r\nX-Mailer: c\r\n\r\n".getBytes(UTF_8));
        strip.service(mail);
        assertThat(new String(Server.bytes(mail), UTF_8))
                .matches(
                        "Received: by pub\\.example\r\nX-Mailer: c\r\nMessage-ID: <[a-z0-9]{10,30}@pub\\.example>\r\n\r\n");
        mail.dispose();
    }

    @Test
    void oneServerHasOnePolicy() throws Exception {
        ServerPolicy server = Server.policy(Map.of("file://conf/other.xml", "<policy/>"));
        Server.start(new StripHeaders(server, Server.domains(true), Server.users()));
        assertThatThrownBy(() ->
                        Server.start(new SignMail(server, Server.domains(true)), "policy", "file://conf/other.xml"))
                .isInstanceOf(MessagingException.class)
                .hasMessageContaining("StripHeaders in mailetcontainer.xml has that of file://conf/rempart.xml")
                .hasMessageContaining("SignMail in mailetcontainer.xml that of file://conf/other.xml");
    }

    private static String leaves(String account, String header) throws Exception {
        MailImpl mail = Server.mail((header + "\r\nbody").getBytes(ISO_8859_1));
        mail.setAttribute(new Attribute(Mail.SMTP_AUTH_USER, AttributeValue.of(account)));
        StripHeaders strip = new StripHeaders(
                Server.policy(Map.of()),
                Server.domains(true),
                Server.users("j.doe7@ours.example", "bob@ours.example", "root@ours.example"));
        Server.start(strip, "publicName", "pub.example", "received", "keep").service(mail);
        String left = new String(Server.bytes(mail), ISO_8859_1);
        LifecycleUtil.dispose(mail);
        return left;
    }

    /** Who writes as jane@ours.example logs in as j.doe7@ours.example. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Login: j.doe7@ours.example",
                "X-Login: J.Doe7@Ours.EXAMPLE",
                "X-Login: j.doe7",
                "X-Acme-Route: via=imap://j.doe7%40ours.example/INBOX",
                "X-Acme-Route: 7/<bob@ours.example>,\r\n\tqueue",
                "X-Acme-Route: root@ours.example.",
                // The directory is down, and can't say that this is none.
                "X-Acme-Route: down@ours.example"
            })
    void namesOfAccountsDoNotLeaveInFieldsThatNoRfcNames(String field) throws Exception {
        String header = "From: Jane <jane@ours.example>\r\nMessage-ID: <1@outside.example>\r\n";
        assertThat(leaves("j.doe7@ours.example", header + field + "\r\n")).isEqualTo(header + "\r\nbody");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // The recipient sees them anyhow.
                "X-Confirm-Reading-To: jane@ours.example",
                "X-Acme-Copy: bob@ours.example",
                // Nobody's, and not ours.
                "X-Acme-List: list@ours.example",
                "X-Acme-Owner: bob@outside.example",
                "X-Acme-Text: j.doe7 wrote",
                "X-Acme-Odd: @ours.example bob@ @",
                // An RFC names it.
                "List-Owner: <mailto:root@ours.example>"
            })
    void otherAddressesLeave(String field) throws Exception {
        String header = "From: Jane <jane@ours.example>\r\nCC: bob@ours.example\r\nMessage-ID: <1@outside.example>\r\n"
                + field + "\r\n";
        assertThat(leaves("j.doe7@ours.example", header)).isEqualTo(header + "\r\nbody");
    }

    @Test
    void nobodyHasTheDirectoryAskedForEver() throws Exception {
        StringBuilder header = new StringBuilder("Message-ID: <1@outside.example>\r\n");
        for (int i = 0; i < 300; i++) {
            header.append("X-Acme-").append(i).append(": nobody").append(i).append("@ours.example\r\n");
        }
        // The users repository of these tests is down when it is asked more than a hundred times.
        assertThat(leaves("j.doe7@ours.example", header.toString()))
                .contains("X-Acme-299:", "X-Acme-285:")
                .doesNotContain("X-Acme-100:", "X-Acme-0:");
    }

    @Test
    void wrongPolicyFileStopsTheStart() {
        StripHeaders strip = new StripHeaders(
                Server.policy(Map.of("file://conf/rempart.xml", "<policy><headers><strips/></headers></policy>")),
                Server.domains(true),
                Server.users());
        assertThatThrownBy(() -> Server.start(strip))
                .isInstanceOf(MessagingException.class)
                .hasMessageStartingWith("StripHeaders: rempart.xml:1:");
    }
}
