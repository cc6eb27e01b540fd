/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.UUID;
import javax.mail.MessagingException;
import javax.mail.internet.MimeMessage;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.server.core.MimeMessageInputStreamSource;
import org.apache.james.server.core.MimeMessageSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.rempart.message.LineEncoder;
import org.rempart.message.RawMessage;

/**
 * A message that leaves: its very bytes, with their line ends in order. A small one is held in memory, encoded, for as long
 * as it takes to hand it to its recipients; a larger one is read again from where it lies each time, piece by piece.
 */
final class OutgoingMessage implements AutoCloseable {
    private static final int SMALL = 128 * 1024;
    private static final int PIECE = 32 * 1024;

    /** RFC 5321, section 4.5.3.1.4. */
    private static final int COMMAND_LINE = 512;

    private final Opener opener;
    private final long size;
    /** The whole message with its line ends in order; null when it is not small. */
    private final byte[] small;
    /** Made here, and disposed of here; null when the mail's own is read. */
    private final MimeMessageSource copy;

    /** Where the message lies. */
    @FunctionalInterface
    private interface Opener {
        InputStream open() throws IOException, MessagingException;
    }

    private OutgoingMessage(Opener opener, long size, byte[] small, MimeMessageSource copy) {
        this.opener = opener;
        this.size = size;
        this.small = small;
        this.copy = copy;
    }

    /**
     * A mail's message.
     *
     * @throws UnreadableMessageException when it can't be had
     */
    static OutgoingMessage of(MimeMessage message) throws UnreadableMessageException {
        try {
            if (message instanceof MimeMessageWrapper && !((MimeMessageWrapper) message).isModified()) {
                MimeMessageWrapper stored = (MimeMessageWrapper) message;
                return read(stored::getMessageInputStream, stored.getMessageSize(), null);
            }
            MimeMessageInputStreamSource copy = MimeMessageInputStreamSource.create("outgoing-" + UUID.randomUUID());
            try {
                try (OutputStream out = copy.getWritableOutputStream()) {
                    RawMessage.write(message, out);
                }
                return read(copy::getInputStream, copy.getMessageSize(), copy);
            } catch (IOException | MessagingException | RuntimeException failure) {
                LifecycleUtil.dispose(copy);
                throw failure;
            }
        } catch (IOException | MessagingException | RuntimeException failure) {
            throw new UnreadableMessageException(failure);
        }
    }

    private static OutgoingMessage read(Opener opener, long size, MimeMessageSource copy)
            throws IOException, MessagingException {
        if (size > SMALL) {
            return new OutgoingMessage(opener, size, null, copy);
        }
        byte[] raw;
        try (InputStream in = opener.open()) {
            raw = in.readAllBytes();
        }
        ByteArrayOutputStream encoded = new ByteArrayOutputStream(raw.length + raw.length / 16 + 2);
        LineEncoder encoder = new LineEncoder(encoded, false);
        encoder.write(raw, 0, raw.length);
        encoder.end();
        return new OutgoingMessage(opener, encoded.size(), encoded.toByteArray(), copy);
    }

    /** In bytes; of a message that is not small, as it lies there, which its line ends may add to. */
    long size() {
        return size;
    }

    /** Whether it fits into one chunk (RFC 3030). */
    boolean isSmall() {
        return small != null;
    }

    /**
     * Whether a server that took the text of this small message for commands could deliver nothing: no RCPT in it, no line
     * that begins with DATA or BDAT, and none that the server might break. Some servers offer CHUNKING, and run a chunk
     * that they have refused.
     */
    boolean isInert() {
        if (!isSmall()) {
            return false;
        }
        String text = new String(small, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
        if (text.contains("rcpt")) {
            return false;
        }
        for (int start = 0; start < text.length(); ) {
            int end = text.indexOf('\n', start) + 1;
            int word = start;
            while (word < end && !Character.isLetter(text.charAt(word))) {
                word++;
            }
            if (end - start > COMMAND_LINE || text.startsWith("data", word) || text.startsWith("bdat", word)) {
                return false;
            }
            start = end;
        }
        return true;
    }

    /** The one chunk that a small message is. */
    byte[] chunk() {
        return small;
    }

    /**
     * Whether its body has bytes that need 8BITMIME (RFC 6152). A header with such bytes needs SMTPUTF8 in theory, and goes
     * everywhere in practice.
     *
     * @throws UnreadableMessageException when it can't be read
     */
    boolean isEightBit() throws UnreadableMessageException {
        BodyScanner scanner = new BodyScanner();
        if (isSmall()) {
            return scanner.findsEightBit(small, small.length);
        }
        byte[] piece = new byte[PIECE];
        try (InputStream in = opener.open()) {
            for (int length = in.read(piece); length >= 0; length = in.read(piece)) {
                if (scanner.findsEightBit(piece, length)) {
                    return true;
                }
            }
            return false;
        } catch (IOException | MessagingException failure) {
            throw new UnreadableMessageException(failure);
        }
    }

    /**
     * Writes the message as it follows DATA, with the line of a single dot that ends it.
     *
     * @throws UnreadableMessageException when the message can't be read to its end: then that line is not written
     * @throws IOException when the peer does not take it
     */
    void writeDotStuffed(OutputStream out) throws IOException, UnreadableMessageException {
        LineEncoder encoder = new LineEncoder(out, true);
        if (isSmall()) {
            encoder.write(small, 0, small.length);
        } else {
            byte[] piece = new byte[PIECE];
            try (Pieces pieces = new Pieces(opener)) {
                for (int length = pieces.next(piece); length >= 0; length = pieces.next(piece)) {
                    encoder.write(piece, 0, length);
                }
            }
        }
        encoder.end();
        out.write(new byte[] {'.', '\r', '\n'});
    }

    @Override
    public void close() {
        if (copy != null) {
            LifecycleUtil.dispose(copy);
        }
    }

    /** The pieces of a message, whose failures are told from those of the network. */
    private static final class Pieces implements AutoCloseable {
        private final InputStream in;

        Pieces(Opener opener) throws UnreadableMessageException {
            try {
                in = opener.open();
            } catch (IOException | MessagingException | RuntimeException failure) {
                throw new UnreadableMessageException(failure);
            }
        }

        int next(byte[] piece) throws UnreadableMessageException {
            try {
                return in.read(piece);
            } catch (IOException | RuntimeException failure) {
                throw new UnreadableMessageException(failure);
            }
        }

        @Override
        public void close() {
            try {
                in.close();
            } catch (IOException harmless) {
                // All that was wanted of it has been read.
            }
        }
    }

    /** Looks for the body, and in it for bytes above 127. */
    private static final class BodyScanner {
        private boolean body;
        private int lineLength;

        boolean findsEightBit(byte[] bytes, int length) {
            for (int i = 0; i < length; i++) {
                byte next = bytes[i];
                if (body) {
                    if (next < 0) {
                        return true;
                    }
                } else if (next == '\n') {
                    body = lineLength == 0;
                    lineLength = 0;
                } else if (next != '\r') {
                    lineLength++;
                }
            }
            return false;
        }
    }
}
