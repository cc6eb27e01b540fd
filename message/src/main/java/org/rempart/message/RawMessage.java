/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.util.UUID;
import javax.mail.MessagingException;
import javax.mail.internet.MimeMessage;
import org.apache.james.lifecycle.api.Disposable;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageInputStreamSource;
import org.apache.james.server.core.MimeMessageSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.apache.mailet.Mail;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A mail's message as its bytes. James offers a message for change through JavaMail, which writes the whole header again,
 * adds fields of its own, and fails on what it does not understand; this replaces the header and leaves the body where it
 * lies, without reading it.
 */
public final class RawMessage implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(RawMessage.class);

    private final Mail mail;
    private final MimeMessage message;
    private final HeaderBlock header;
    private final MimeMessageSource source;
    private final long bodyOffset;
    /** Whether the source was made here, and has to be disposed of here when nobody takes it over. */
    private final boolean copied;

    private boolean handedOver;

    private RawMessage(
            Mail mail,
            MimeMessage message,
            HeaderBlock header,
            MimeMessageSource source,
            long bodyOffset,
            boolean copied) {
        this.mail = mail;
        this.message = message;
        this.header = header;
        this.source = source;
        this.bodyOffset = bodyOffset;
        this.copied = copied;
    }

    /**
     * Reads the header of a mail's message.
     *
     * @throws MessagingException when the message can't be had
     * @throws IOException when it can't be read
     */
    public static RawMessage of(Mail mail) throws MessagingException, IOException {
        MimeMessage message = mail.getMessage();
        if (message instanceof MimeMessageWrapper) {
            MimeMessageWrapper wrapper = (MimeMessageWrapper) message;
            MimeMessageSource source = WrapperSource.of(wrapper);
            if (source != null && !wrapper.isModified()) {
                HeaderBlock header = RawMimeMessage.header(source);
                return new RawMessage(mail, message, header, source, header.length(), false);
            }
            if (source != null && wrapper.isHeaderModified() && !wrapper.isBodyModified()) {
                HeaderBlock modified = HeaderBlock.parse(RawMimeMessage.headerLines(wrapper.getAllHeaderLines()));
                return new RawMessage(
                        mail,
                        message,
                        modified,
                        source,
                        RawMimeMessage.header(source).length(),
                        false);
            }
        }
        MimeMessageInputStreamSource copy = MimeMessageInputStreamSource.create("raw-" + UUID.randomUUID());
        try {
            try (OutputStream out = copy.getWritableOutputStream()) {
                write(message, out);
            }
            HeaderBlock header = RawMimeMessage.header(copy);
            return new RawMessage(mail, message, header, copy, header.length(), true);
        } catch (MessagingException | IOException | RuntimeException failure) {
            LifecycleUtil.dispose(copy);
            throw failure;
        }
    }

    /**
     * Gives a mail its message as one that is written as its bytes. James's own queues and repositories write the message of
     * what they are given, and James's own message writes each byte of its header above 127 as a question mark. A message
     * that can't be read stays as it is: who writes it finds that out.
     */
    public static void keepBytes(Mail mail) {
        try {
            if (mail.getMessage() == null || mail.getMessage() instanceof RawMimeMessage) {
                return;
            }
            try (RawMessage message = of(mail)) {
                message.replaceHeader(message.header().bytes());
            }
        } catch (MessagingException | IOException | RuntimeException unread) {
            LOGGER.warn("The message of {} can't be read: {}", mail.getName(), unread.toString());
        }
    }

    public HeaderBlock header() {
        return header;
    }

    /** The body, to be read and closed. */
    public InputStream body() throws IOException {
        return RawMimeMessage.body(source, bodyOffset);
    }

    /** All of the message, in memory. */
    public byte[] whole() throws IOException {
        try (InputStream body = body()) {
            ByteArrayOutputStream whole = new ByteArrayOutputStream();
            whole.write(header.bytes(), 0, header.length());
            body.transferTo(whole);
            return whole.toByteArray();
        }
    }

    /**
     * Gives a mail another message.
     *
     * @throws MessagingException when the mail does not take it
     * @throws IOException when it can't be stored
     */
    public static void replace(Mail mail, byte[] message) throws MessagingException, IOException {
        MimeMessageInputStreamSource source =
                MimeMessageInputStreamSource.create("raw-" + UUID.randomUUID(), new ByteArrayInputStream(message));
        HeaderBlock header = RawMimeMessage.header(source);
        RawMimeMessage replacement = new RawMimeMessage(Spliced.of(header.bytes(), source, header.length()));
        if (mail instanceof MailImpl) {
            ((MailImpl) mail).setMessageNoCopy(replacement);
        } else {
            mail.setMessage(replacement);
        }
        if (mail.getMessage() != replacement) {
            // The mail has made a copy.
            LifecycleUtil.dispose(source);
        }
    }

    /**
     * Gives the mail the same message with another header.
     *
     * @param newHeader the header with the empty line that ends it, if it has one
     * @throws MessagingException when the mail does not take it; it has the message that it had then
     */
    public void replaceHeader(byte[] newHeader) throws MessagingException {
        RawMimeMessage replacement = new RawMimeMessage(Spliced.of(newHeader, source, bodyOffset));
        // The mail disposes of the message that it had; its source goes over to the new one.
        boolean released = !copied && WrapperSource.release(message);
        boolean taken = false;
        try {
            if (mail instanceof MailImpl && (copied || released)) {
                ((MailImpl) mail).setMessageNoCopy(replacement);
            } else {
                mail.setMessage(replacement);
            }
            taken = true;
        } finally {
            if (!taken && released) {
                WrapperSource.restore(message, source);
            }
        }
        handedOver = mail.getMessage() == replacement;
        if (released && !handedOver) {
            // The mail has made a copy.
            LifecycleUtil.dispose(source);
        }
    }

    /**
     * Writes a message as its bytes.
     *
     * @throws MessagingException when the message can't be had
     * @throws IOException when it can't be read or written
     */
    public static void write(MimeMessage message, OutputStream out) throws MessagingException, IOException {
        if (message instanceof MimeMessageWrapper && !(message instanceof RawMimeMessage)) {
            MimeMessageWrapper wrapper = (MimeMessageWrapper) message;
            MimeMessageSource source = WrapperSource.of(wrapper);
            if (source != null && !wrapper.isModified()) {
                try (InputStream in = source.getInputStream()) {
                    in.transferTo(out);
                }
                return;
            }
            if (source != null && !wrapper.isBodyModified()) {
                out.write(RawMimeMessage.headerLines(wrapper.getAllHeaderLines()));
                try (InputStream body = RawMimeMessage.body(
                        source, RawMimeMessage.header(source).length())) {
                    body.transferTo(out);
                }
                return;
            }
            wrapper.saveChanges();
            out.write(RawMimeMessage.headerLines(wrapper.getAllHeaderLines()));
            wrapper.writeTo(OutputStream.nullOutputStream(), out);
            return;
        }
        message.writeTo(out);
    }

    /** Disposes of what was copied in vain. */
    @Override
    public void close() {
        if (copied && !handedOver) {
            LifecycleUtil.dispose(source);
        }
    }

    /** A header in front of the body of another source. */
    private static final class Spliced implements MimeMessageSource, Disposable {
        private final String id = "spliced-" + UUID.randomUUID();
        private final byte[] header;
        private final MimeMessageSource body;
        private final long bodyOffset;

        private Spliced(byte[] header, MimeMessageSource body, long bodyOffset) {
            this.header = header;
            this.body = body;
            this.bodyOffset = bodyOffset;
        }

        static Spliced of(byte[] header, MimeMessageSource source, long bodyOffset) {
            if (source instanceof Spliced && bodyOffset >= ((Spliced) source).header.length) {
                // Not one in front of the other, however often a header is replaced.
                Spliced before = (Spliced) source;
                return new Spliced(header, before.body, before.bodyOffset + bodyOffset - before.header.length);
            }
            return new Spliced(header, source, bodyOffset);
        }

        @Override
        public String getSourceId() {
            return id;
        }

        @Override
        public InputStream getInputStream() throws IOException {
            return new SequenceInputStream(new ByteArrayInputStream(header), RawMimeMessage.body(body, bodyOffset));
        }

        @Override
        public long getMessageSize() throws IOException {
            return header.length + body.getMessageSize() - bodyOffset;
        }

        @Override
        public void dispose() {
            LifecycleUtil.dispose(body);
        }
    }
}
