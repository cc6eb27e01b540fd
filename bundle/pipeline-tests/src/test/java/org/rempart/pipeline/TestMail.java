/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageInputStreamSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;

/** A mail as it comes to the spool: its envelope, and what the way it came by recorded on it. */
public final class TestMail {
    private static final AtomicInteger NUMBERS = new AtomicInteger();
    private static final String DEFAULT_MESSAGE = "From: somebody@outside.example\r\n"
            + "To: somebody@ours.example\r\n"
            + "Subject: A test\r\n"
            + "Message-ID: <1@outside.example>\r\n"
            + "Date: Tue, 24 Nov 2026 12:00:00 +0000\r\n"
            + "\r\n"
            + "Body.\r\n";

    private final String name = "test-mail-" + NUMBERS.incrementAndGet();
    private final String sender;
    private final List<String> recipients = new ArrayList<>();
    private final List<Attribute> attributes = new ArrayList<>();
    private String address = "192.0.2.1";
    private byte[] message = DEFAULT_MESSAGE.getBytes(StandardCharsets.ISO_8859_1);

    private TestMail(String sender) {
        this.sender = sender;
    }

    /** A mail with this reverse-path. */
    public static TestMail from(String sender) {
        return new TestMail(sender);
    }

    /** A mail with the null reverse-path: a bounce. */
    public static TestMail fromNobody() {
        return new TestMail(null);
    }

    /** Adds forward-paths. */
    public TestMail to(String... more) {
        recipients.addAll(List.of(more));
        return this;
    }

    /** The address that it came from; otherwise one of the outside. */
    public TestMail at(String ip) {
        address = ip;
        return this;
    }

    /** It came from an authenticated account. */
    public TestMail by(String account) {
        return with(Mail.SMTP_AUTH_USER.asString(), account);
    }

    /** A user submitted it by JMAP. */
    public TestMail byJmap(String account) {
        return with("org.apache.james.jmap.send.MailMetaData.username", account).at("127.0.0.1");
    }

    /** RelayHook let all its recipients pass at RCPT. */
    public TestMail throughGate() {
        return with("org.rempart.smtp.gate", "rcpt");
    }

    /** It came over TLS. */
    public TestMail overTls() {
        return with("org.apache.james.ssl.protocol", "TLSv1.3");
    }

    /** A mailet sent it (James's mark for what it sends on as well as for what it writes itself). */
    public TestMail sentByMailet() {
        attributes.add(Mail.SENT_BY_MAILET_ATTRIBUTE);
        return this;
    }

    public TestMail with(String attribute, String value) {
        attributes.add(new Attribute(AttributeName.of(attribute), AttributeValue.of(value)));
        return this;
    }

    /** The message, byte for byte. */
    public TestMail message(byte[] bytes) {
        message = bytes.clone();
        return this;
    }

    /** The message, each character one byte. */
    public TestMail message(String text) {
        return message(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    MailImpl build() throws MessagingException {
        MailImpl.Builder mail =
                MailImpl.builder().name(name).remoteAddr(address).state(Mail.DEFAULT);
        if (sender != null) {
            mail.sender(new MailAddress(sender));
        }
        for (String recipient : recipients) {
            mail.addRecipient(new MailAddress(recipient));
        }
        mail.addAttributes(attributes);
        MailImpl built = mail.build();
        built.setMessageNoCopy(
                new MimeMessageWrapper(MimeMessageInputStreamSource.create(name, new ByteArrayInputStream(message))));
        return built;
    }
}
