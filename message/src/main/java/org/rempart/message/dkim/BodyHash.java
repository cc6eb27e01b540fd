/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dkim;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.rempart.message.LineEncoder;

/**
 * The hash of a message's body as a signature sees it (RFC 6376, sections 3.4.3, 3.4.4 and 3.7). The body passes through; of
 * a large one only a piece is in memory at a time.
 */
final class BodyHash extends OutputStream {
    private static final int PIECE = 16 * 1024;

    private final boolean relaxed;
    private final MessageDigest digest;
    private final byte[] buffer = new byte[PIECE];
    private int buffered;
    /** How many bytes of the canonical body are still wanted: all, or those that the tag l counts. */
    private long wanted;

    private long length;
    private long emptyLines;
    private boolean lineEmpty = true;
    private boolean space;

    private BodyHash(Canonicalisation form, long wanted) {
        this.relaxed = form == Canonicalisation.RELAXED;
        this.wanted = wanted;
        try {
            this.digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java knows SHA-256", impossible);
        }
    }

    /** The hash of a body, and how long the whole of it is in its canonical form. */
    static final class Result {
        final byte[] hash;
        final long length;

        private Result(byte[] hash, long length) {
            this.hash = hash;
            this.length = length;
        }
    }

    /**
     * Hashes a body.
     *
     * @param body as it lies there; its line ends are put in order, as they are when it is sent
     * @param most how many bytes of its canonical form are hashed
     * @throws IOException when it can't be read
     */
    static Result of(InputStream body, Canonicalisation form, long most) throws IOException {
        BodyHash hash = new BodyHash(form, most);
        LineEncoder lines = new LineEncoder(hash, false);
        byte[] piece = new byte[PIECE];
        for (int read = body.read(piece); read >= 0; read = body.read(piece)) {
            lines.write(piece, 0, read);
        }
        lines.end();
        return hash.result();
    }

    private Result result() {
        // What is empty is one line end in the simple form, and nothing in the relaxed one.
        if (!relaxed && length == 0) {
            lineEnd();
        }
        digest.update(buffer, 0, buffered);
        return new Result(digest.digest(), length);
    }

    @Override
    public void write(int b) {
        byte next = (byte) b;
        if (next == '\r') {
            // The encoder writes no other than that of a CRLF.
            return;
        }
        if (next == '\n') {
            space = false;
            if (lineEmpty) {
                emptyLines++;
            } else {
                lineEnd();
            }
            lineEmpty = true;
        } else if (relaxed && (next == ' ' || next == '\t')) {
            space = true;
        } else {
            for (; emptyLines > 0; emptyLines--) {
                lineEnd();
            }
            if (space) {
                add((byte) ' ');
                space = false;
            }
            add(next);
            lineEmpty = false;
        }
    }

    @Override
    public void write(byte[] bytes, int offset, int count) {
        for (int i = offset; i < offset + count; i++) {
            write(bytes[i]);
        }
    }

    private void lineEnd() {
        add((byte) '\r');
        add((byte) '\n');
    }

    private void add(byte b) {
        length++;
        if (wanted > 0) {
            wanted--;
            buffer[buffered++] = b;
            if (buffered == buffer.length) {
                digest.update(buffer, 0, buffered);
                buffered = 0;
            }
        }
    }
}
