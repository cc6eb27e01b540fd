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
import javax.mail.MessagingException;
import org.apache.james.server.core.MimeMessageSource;
import org.apache.james.server.core.MimeMessageWrapper;

/**
 * A message that is written as the bytes that it is. James's own writes the header again, each byte above 127 in it as a
 * question mark. Where somebody has changed its header, that is written, and the body is still not touched; once its body is
 * changed, its header lines are written as they are, and James writes the body.
 */
public class RawMimeMessage extends MimeMessageWrapper {
    private final MimeMessageSource raw;

    public RawMimeMessage(MimeMessageSource source) {
        super(source);
        this.raw = source;
    }

    private boolean isBodyOfSource() {
        return !isModified() || (isHeaderModified() && !isBodyModified());
    }

    @Override
    public void writeTo(OutputStream headerOut, OutputStream bodyOut, String[] ignored, boolean preLoad)
            throws IOException, MessagingException {
        String[] names = ignored == null ? new String[0] : ignored;
        if (!isBodyOfSource()) {
            if (!saved) {
                saveChanges();
            }
            headerOut.write(headerLines(getNonMatchingHeaderLines(names)));
            super.writeTo(OutputStream.nullOutputStream(), bodyOut, names, preLoad);
            return;
        }
        HeaderBlock header = header(raw);
        if (isModified()) {
            headerOut.write(headerLines(getNonMatchingHeaderLines(names)));
        } else {
            headerOut.write(names.length == 0 ? header.bytes() : header.without(names));
        }
        try (InputStream body = preLoad ? loadedBody() : body(raw, header.length())) {
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
            if (!isModified()) {
                return raw.getInputStream();
            }
            if (isBodyOfSource()) {
                return new SequenceInputStream(
                        new ByteArrayInputStream(headerLines(getAllHeaderLines())),
                        body(raw, header(raw).length()));
            }
            ByteArrayOutputStream written = new ByteArrayOutputStream();
            writeTo(written, written, new String[0], false);
            return new ByteArrayInputStream(written.toByteArray());
        } catch (IOException unread) {
            throw new MessagingException("The message can't be read", unread);
        }
    }

    @Override
    public long getMessageSize() throws MessagingException {
        try {
            if (!isModified()) {
                return raw.getMessageSize();
            }
            if (isBodyOfSource()) {
                return headerLines(getAllHeaderLines()).length
                        + raw.getMessageSize()
                        - header(raw).length();
            }
            return super.getMessageSize();
        } catch (IOException unread) {
            throw new MessagingException("The message can't be read", unread);
        }
    }

    static HeaderBlock header(MimeMessageSource source) throws IOException {
        try (InputStream in = source.getInputStream()) {
            return HeaderBlock.read(in);
        }
    }

    /** A header as JavaMail holds it, with the empty line: it keeps each byte as one character. */
    static byte[] headerLines(Enumeration<String> lines) {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        byte[] lineEnd = {'\r', '\n'};
        while (lines.hasMoreElements()) {
            header.writeBytes(lines.nextElement().getBytes(StandardCharsets.ISO_8859_1));
            header.writeBytes(lineEnd);
        }
        header.writeBytes(lineEnd);
        return header.toByteArray();
    }

    /** What of a source stands behind its first bytes. */
    static InputStream body(MimeMessageSource source, long offset) throws IOException {
        InputStream in = source.getInputStream();
        try {
            long left = offset;
            while (left > 0) {
                long skipped = in.skip(left);
                if (skipped <= 0 && in.read() < 0) {
                    throw new EOFException("the message is shorter than its header was");
                }
                left -= Math.max(skipped, 1);
            }
        } catch (IOException | RuntimeException failure) {
            in.close();
            throw failure;
        }
        return in;
    }
}
