/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.nio.charset.StandardCharsets;

/**
 * A field of a message's header, as a range of the header's bytes: the name, the colon, the value with all its folding,
 * and the line's end. A run of bytes that is no field (a line without a colon, the "From " line of a mailbox) is one
 * without a name; nothing is ever decided about it.
 */
public final class HeaderField {
    private final byte[] header;
    private final int start;
    private final int nameEnd;
    private final int valueStart;
    private final int end;

    HeaderField(byte[] header, int start, int nameEnd, int valueStart, int end) {
        this.header = header;
        this.start = start;
        this.nameEnd = nameEnd;
        this.valueStart = valueStart;
        this.end = end;
    }

    /** The field's name as it is written, without white space before the colon; empty when this is no field. */
    public String name() {
        return new String(header, start, nameEnd - start, StandardCharsets.US_ASCII);
    }

    /** Whether this is a field at all. */
    public boolean isField() {
        return nameEnd > start;
    }

    /** Whether the field has this name; case does not count. */
    public boolean isNamed(String name) {
        int length = nameEnd - start;
        if (length != name.length()) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (lower(header[start + i]) != lower((byte) name.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static int lower(byte b) {
        return b >= 'A' && b <= 'Z' ? b + 32 : b;
    }

    /**
     * The value, unfolded (RFC 5322, section 2.2.3): its line ends are left out. Each byte is one character, so that any
     * bytes survive.
     */
    public String value() {
        StringBuilder value = new StringBuilder(end - valueStart);
        for (int i = valueStart; i < end; i++) {
            byte b = header[i];
            if (b != '\r' && b != '\n') {
                value.append((char) (b & 0xff));
            }
        }
        return value.toString().trim();
    }

    /** Where the field begins in the header. */
    public int start() {
        return start;
    }

    /** Where the next field begins. */
    public int end() {
        return end;
    }

    /** The line end that the field itself uses: CRLF, or LF. */
    public String lineEnd() {
        return end - 2 >= start && header[end - 2] == '\r' ? "\r\n" : "\n";
    }
}
