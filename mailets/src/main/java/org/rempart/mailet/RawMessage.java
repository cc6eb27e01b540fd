/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.BufferedInputStream;
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
import org.rempart.mailet.header.HeaderBlock;

/**
 * A mail's message as its bytes. James offers a message for change through JavaMail, which writes the whole header anew,
 * adds fields of its own, and fails on what it does not understand; this replaces the header and leaves the body where it
 * lies, without reading it.
 */
final class RawMessage {
    private final Mail mail;
    private final MimeMessage message;
    private final HeaderBlock header;
    private final MimeMessageSource source;
    private final long bodyOffset;
    /** Whether the source was made here, and has to be disposed of here when nobody takes it over. */
    private final boolean copied;

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
    static RawMessage of(Mail mail) throws MessagingException, IOException {
        MimeMessage message = mail.getMessage();
        if (message instanceof MimeMessageWrapper) {
            MimeMessageWrapper wrapper = (MimeMessageWrapper) message;
            MimeMessageSource source = WrapperSource.of(wrapper);
            if (source != null && !wrapper.isModified()) {
                HeaderBlock header = header(source);
                return new RawMessage(mail, message, header, source, header.length(), false);
            }
            if (source != null && wrapper.isHeaderModified() && !wrapper.isBodyModified()) {
                HeaderBlock modified = HeaderBlock.parse(headerLines(wrapper));
                return new RawMessage(
                        mail, message, modified, source, header(source).length(), false);
            }
        }
        MimeMessageInputStreamSource copy = MimeMessageInputStreamSource.create("raw-" + UUID.randomUUID());
        try (OutputStream out = copy.getWritableOutputStream()) {
            message.writeTo(out);
        }
        HeaderBlock header = header(copy);
        return new RawMessage(mail, message, header, copy, header.length(), true);
    }

    private static HeaderBlock header(MimeMessageSource source) throws IOException {
        try (InputStream in = new BufferedInputStream(source.getInputStream())) {
            return HeaderBlock.read(in);
        }
    }

    /** The header that another mailet changed: JavaMail keeps each byte as one character. */
    private static byte[] headerLines(MimeMessageWrapper wrapper) throws MessagingException {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        for (Enumeration<String> all = wrapper.getAllHeaderLines(); all.hasMoreElements(); ) {
            lines.writeBytes(all.nextElement().getBytes(StandardCharsets.ISO_8859_1));
            lines.writeBytes(new byte[] {'\r', '\n'});
        }
        lines.writeBytes(new byte[] {'\r', '\n'});
        return lines.toByteArray();
    }

    HeaderBlock header() {
        return header;
    }

    /** Leaves the message as it is. */
    void keep() {
        if (copied) {
            LifecycleUtil.dispose(source);
        }
    }

    /**
     * Gives the mail the same message with another header.
     *
     * @param newHeader the header with the empty line that ends it, if it has one
     */
    void replaceHeader(byte[] newHeader) throws MessagingException {
        Spliced spliced = new Spliced(newHeader, source, bodyOffset);
        boolean adopted = copied || WrapperSource.release(message);
        if (adopted && mail instanceof MailImpl) {
            // The body's source goes over to the new message, which disposes of it in its time.
            ((MailImpl) mail).setMessageNoCopy(new SplicedMessage(spliced));
        } else if (adopted) {
            // Another implementation of Mail copies what it is given.
            mail.setMessage(new SplicedMessage(spliced));
            LifecycleUtil.dispose(spliced);
        } else {
            // MailImpl copies the message before it disposes of the one that it had.
            mail.setMessage(new SplicedMessage(spliced));
        }
    }

    /** A header in front of the body of another source. */
    private static final class Spliced implements MimeMessageSource, Disposable {
        private final String id = "spliced-" + UUID.randomUUID();
        private final byte[] header;
        private final MimeMessageSource body;
        private final long bodyOffset;

        Spliced(byte[] header, MimeMessageSource body, long bodyOffset) {
            this.header = header;
            this.body = body;
            this.bodyOffset = bodyOffset;
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
     * A message that is written as the bytes that it is, as long as nobody changes it. James's own writes the header anew
     * even then, and each byte above 127 in it as a question mark.
     */
    private static final class SplicedMessage extends MimeMessageWrapper {
        private final Spliced spliced;

        SplicedMessage(Spliced spliced) {
            super(spliced);
            this.spliced = spliced;
        }

        @Override
        public void writeTo(OutputStream headerOut, OutputStream bodyOut, String[] ignored, boolean preLoad)
                throws IOException, MessagingException {
            if (isModified()) {
                super.writeTo(headerOut, bodyOut, ignored, preLoad);
                return;
            }
            String[] names = ignored == null ? new String[0] : ignored;
            headerOut.write(HeaderBlock.parse(spliced.header).without(names));
            try (InputStream body = spliced.body()) {
                body.transferTo(bodyOut);
            }
        }

        @Override
        public InputStream getMessageInputStream() throws MessagingException {
            if (isModified()) {
                return super.getMessageInputStream();
            }
            try {
                return spliced.getInputStream();
            } catch (IOException unread) {
                throw new MessagingException("The message can't be read", unread);
            }
        }
    }
}
