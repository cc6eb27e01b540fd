/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart.sink;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads what follows DATA up to CRLF.CRLF, and takes away the dots that stand at line starts for transparency (RFC 5321,
 * section 4.5.2). Only CRLF ends a line: a bare CR or LF is a byte of the message like any other, so a message that
 * smuggles {@code LF.LF} stays one message. For one message.
 */
final class MessageReader {
    private enum State {
        LINE_START,
        /** After a dot at a line start. */
        DOT,
        /** After a dot at a line start and CR. */
        DOT_CR,
        IN_LINE,
        /** After CR in a line. */
        CR
    }

    private final long maxSize;
    private final ByteArrayOutputStream message = new ByteArrayOutputStream();
    private boolean tooBig;

    MessageReader(long maxSize) {
        this.maxSize = maxSize;
    }

    /** Returns whether the message came to its end; false when the input ended first. */
    boolean readFrom(InputStream in) throws IOException {
        State state = State.LINE_START;
        while (true) {
            int b = in.read();
            if (b < 0) {
                return false;
            }
            switch (state) {
                case LINE_START -> {
                    if (b == '.') {
                        state = State.DOT;
                    } else {
                        state = keep(b);
                    }
                }
                case DOT -> {
                    if (b == '\r') {
                        state = State.DOT_CR;
                    } else {
                        state = keep(b);
                    }
                }
                case DOT_CR -> {
                    if (b == '\n') {
                        return true;
                    }
                    keep('\r');
                    state = keep(b);
                }
                case IN_LINE -> state = keep(b);
                case CR -> {
                    state = keep(b);
                    if (b == '\n') {
                        state = State.LINE_START;
                    }
                }
            }
        }
    }

    boolean tooBig() {
        return tooBig;
    }

    byte[] message() {
        return message.toByteArray();
    }

    private State keep(int b) {
        if (message.size() < maxSize) {
            message.write(b);
        } else {
            tooBig = true;
        }
        return b == '\r' ? State.CR : State.IN_LINE;
    }
}
