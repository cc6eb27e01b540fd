/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A field of a message's header, as a range of the header's bytes: the name, the colon, the value with all its folding,
 * and the line's end. A run of bytes that is no field (a line without a colon, the "From " line of a mailbox) is one
 * without a name; nothing is ever decided about it.
 */
public final class HeaderField {
    private final byte[] header;
    private final int start;
    private final int nameStart;
    private final int nameEnd;
    private final int valueStart;
    private final int end;

    HeaderField(byte[] header, int start, int nameStart, int nameEnd, int valueStart, int end) {
        this.header = header;
        this.start = start;
        this.nameStart = nameStart;
        this.nameEnd = nameEnd;
        this.valueStart = valueStart;
        this.end = end;
    }

    /**
     * The field's name as it is written, without white space before the colon; empty when this is no field. Each byte is
     * one character, also those that no name may hold (RFC 5322, section 2.2).
     */
    public String name() {
        return new String(header, nameStart, nameEnd - nameStart, StandardCharsets.ISO_8859_1);
    }

    /** All before the colon as it stands; each byte is one character. */
    public String rawName() {
        return new String(header, start, Math.max(valueStart - 1 - start, 0), StandardCharsets.ISO_8859_1);
    }

    /** Whether this is a field at all. */
    public boolean isField() {
        return nameEnd > nameStart;
    }

    /** Whether the name holds nothing that no name may hold (RFC 5322, section 2.2). */
    boolean hasLegalName() {
        for (int i = nameStart; i < nameEnd; i++) {
            if (header[i] <= ' ' || header[i] == 127) {
                return false;
            }
        }
        return true;
    }

    /** Whether the field has this name; case does not count. */
    public boolean isNamed(String name) {
        int length = nameEnd - nameStart;
        if (length == 0 || length != name.length()) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (lower(header[nameStart + i] & 0xff) != lower(name.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static int lower(int c) {
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    }

    /**
     * The value, unfolded (RFC 5322, section 2.2.3): its line ends are left out. Each byte is one character, so that any
     * bytes survive.
     */
    public String value() {
        byte[] value = new byte[end - valueStart];
        int length = 0;
        for (int i = valueStart; i < end; i++) {
            byte b = header[i];
            if (b != '\r' && b != '\n') {
                value[length++] = b;
            }
        }
        return new String(value, 0, length, StandardCharsets.ISO_8859_1).trim();
    }

    /** All behind the colon as it stands, line ends included; each byte is one character. */
    public String rawValue() {
        return new String(header, valueStart, end - valueStart, StandardCharsets.ISO_8859_1);
    }

    /** The field with another value, which brings its line ends with it. */
    public byte[] withRawValue(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.ISO_8859_1);
        byte[] field = Arrays.copyOfRange(header, start, valueStart + bytes.length);
        System.arraycopy(bytes, 0, field, valueStart - start, bytes.length);
        return field;
    }

    /** Where the field begins in the header. */
    public int start() {
        return start;
    }

    /** Where the next field begins. */
    public int end() {
        return end;
    }

    /** The line end that the field itself uses, whatever that is; empty when the message ends with the field. */
    public String lineEnd() {
        int from = end;
        if (from > start && header[from - 1] == '\n') {
            from--;
        }
        while (from > start && header[from - 1] == '\r' && end - from < 3) {
            from--;
        }
        return new String(header, from, end - from, StandardCharsets.US_ASCII);
    }
}
