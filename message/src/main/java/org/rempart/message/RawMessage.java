/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Enumeration;
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

/**
 * A mail's message as its bytes. James offers a message for change through JavaMail, which writes the whole header anew,
 * adds fields of its own, and fails on what it does not understand; this replaces the header and leaves the body where it
 * lies, without reading it.
 */
public final class RawMessage implements AutoCloseable {
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
                HeaderBlock header = header(source);
                return new RawMessage(mail, message, header, source, header.length(), false);
            }
            if (source != null && wrapper.isHeaderModified() && !wrapper.isBodyModified()) {
                HeaderBlock modified = HeaderBlock.parse(headerLines(wrapper.getAllHeaderLines()));
                return new RawMessage(
                        mail, message, modified, source, header(source).length(), false);
            }
        }
        MimeMessageInputStreamSource copy = MimeMessageInputStreamSource.create("raw-" + UUID.randomUUID());
        try {
            try (OutputStream out = copy.getWritableOutputStream()) {
                message.writeTo(out);
            }
            HeaderBlock header = header(copy);
            return new RawMessage(mail, message, header, copy, header.length(), true);
        } catch (MessagingException | IOException | RuntimeException failure) {
            LifecycleUtil.dispose(copy);
            throw failure;
        }
    }

    private static HeaderBlock header(MimeMessageSource source) throws IOException {
        try (InputStream in = source.getInputStream()) {
            return HeaderBlock.read(in);
        }
    }

    /** A header as JavaMail holds it, with the empty line: it keeps each byte as one character. */
    private static byte[] headerLines(Enumeration<String> lines) {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        byte[] lineEnd = {'\r', '\n'};
        while (lines.hasMoreElements()) {
            header.writeBytes(lines.nextElement().getBytes(StandardCharsets.ISO_8859_1));
            header.writeBytes(lineEnd);
        }
        header.writeBytes(lineEnd);
        return header.toByteArray();
    }

    public HeaderBlock header() {
        return header;
    }

    /** All of the message, in memory. */
    public byte[] whole() throws IOException {
        try (InputStream body = new Spliced(new byte[0], source, bodyOffset).getInputStream()) {
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
        HeaderBlock header = header(source);
        SplicedMessage replacement = new SplicedMessage(Spliced.of(header.bytes(), source, header.length()));
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
        SplicedMessage replacement = new SplicedMessage(Spliced.of(newHeader, source, bodyOffset));
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
            return new SequenceInputStream(new ByteArrayInputStream(header), body());
        }

        private InputStream body() throws IOException {
            InputStream in = body.getInputStream();
            try {
                skip(in, bodyOffset);
            } catch (IOException | RuntimeException failure) {
                in.close();
                throw failure;
            }
            return in;
        }

        private static void skip(InputStream in, long count) throws IOException {
            long left = count;
            while (left > 0) {
                long skipped = in.skip(left);
                if (skipped <= 0 && in.read() < 0) {
                    throw new EOFException("the message is shorter than its header was");
                }
                left -= Math.max(skipped, 1);
            }
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

    /**
     * A message that is written as the bytes that it is. James's own writes the header anew, each byte above 127 in it as a
     * question mark. Where somebody has changed its header, that is written, and the body is still not touched; once its
     * body is changed, it is a message as all others are.
     */
    private static final class SplicedMessage extends MimeMessageWrapper {
        private final Spliced spliced;

        SplicedMessage(Spliced spliced) {
            super(spliced);
            this.spliced = spliced;
        }

        private boolean isOnlyHeaderModified() {
            return isHeaderModified() && !isBodyModified();
        }

        @Override
        public void writeTo(OutputStream headerOut, OutputStream bodyOut, String[] ignored, boolean preLoad)
                throws IOException, MessagingException {
            String[] names = ignored == null ? new String[0] : ignored;
            if (isOnlyHeaderModified()) {
                headerOut.write(headerLines(getNonMatchingHeaderLines(names)));
            } else if (isModified()) {
                super.writeTo(headerOut, bodyOut, ignored, preLoad);
                return;
            } else {
                headerOut.write(
                        names.length == 0
                                ? spliced.header
                                : HeaderBlock.parse(spliced.header).without(names));
            }
            try (InputStream body = preLoad ? loadedBody() : spliced.body()) {
                body.transferTo(bodyOut);
            }
        }

        /** The body in memory: James writes with preLoad over the very file that the message came from. */
        private InputStream loadedBody() throws MessagingException {
            if (!messageParsed) {
                loadMessage();
            }
            return getRawInputStream();
        }

        @Override
        public InputStream getMessageInputStream() throws MessagingException {
            try {
                if (isOnlyHeaderModified()) {
                    return new SequenceInputStream(
                            new ByteArrayInputStream(headerLines(getAllHeaderLines())), spliced.body());
                }
                return isModified() ? super.getMessageInputStream() : spliced.getInputStream();
            } catch (IOException unread) {
                throw new MessagingException("The message can't be read", unread);
            }
        }

        @Override
        public long getMessageSize() throws MessagingException {
            if (!isOnlyHeaderModified()) {
                return super.getMessageSize();
            }
            try {
                return headerLines(getAllHeaderLines()).length + spliced.getMessageSize() - spliced.header.length;
            } catch (IOException unread) {
                throw new MessagingException("The message can't be read", unread);
            }
        }
    }
}
