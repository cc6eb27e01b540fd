/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.io.IOException;
import java.io.OutputStream;

/**
 * Puts a message into the form that SMTP transports: every line ends with CRLF, and with dot-stuffing a line that begins
 * with a dot gets a second one (RFC 5321, section 4.5.2). No CR or LF is left that is not part of a CRLF, so nobody who
 * takes other bytes for the end of a line, or of the message, sees one here.
 *
 * <p>A line end of the message is LF, CRLF, CR CR LF, or else a lone CR: the same as where headers are stripped, so that a
 * field is on the wire what it was there.
 */
public final class LineEncoder {
    private final OutputStream out;
    private final boolean dotStuffing;
    /** Carriage returns seen that are not written yet; two at most. */
    private int returns;

    private boolean lineStart = true;

    public LineEncoder(OutputStream out, boolean dotStuffing) {
        this.out = out;
        this.dotStuffing = dotStuffing;
    }

    /** Encodes a part of the message. */
    public void write(byte[] bytes, int offset, int length) throws IOException {
        int end = offset + length;
        int position = offset;
        while (position < end) {
            byte next = bytes[position];
            if (next == '\n') {
                returns = 0;
                endLine();
                position++;
            } else if (next == '\r') {
                if (returns == 2) {
                    endLine();
                } else {
                    returns++;
                }
                position++;
            } else {
                flushReturns();
                int stop = position + 1;
                while (stop < end && bytes[stop] != '\r' && bytes[stop] != '\n') {
                    stop++;
                }
                if (lineStart && dotStuffing && next == '.') {
                    out.write('.');
                }
                out.write(bytes, position, stop - position);
                lineStart = false;
                position = stop;
            }
        }
    }

    /** Ends the message, and its last line if that has no end. */
    public void end() throws IOException {
        flushReturns();
        if (!lineStart) {
            endLine();
        }
    }

    private void flushReturns() throws IOException {
        for (; returns > 0; returns--) {
            endLine();
        }
    }

    private void endLine() throws IOException {
        out.write('\r');
        out.write('\n');
        lineStart = true;
    }
}
