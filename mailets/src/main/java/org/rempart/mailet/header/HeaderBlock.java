/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * The header of a message as its bytes, with the places of its fields. Any bytes are a header: what is malformed is kept
 * as it stands. A header ends with the first empty line, or where the message ends.
 *
 * <p>Lines end with LF, with or without a CR before it; a CR alone is part of the line. A line that begins with a space
 * or a tab continues the one before it (RFC 5322, section 2.2.3). A line of white space alone also continues: it is what
 * is left of a badly folded field, and taking it for the end would hand the rest of the header over to the body.
 */
public final class HeaderBlock {
    private final byte[] bytes;
    private final int fieldsEnd;
    private final List<HeaderField> fields;

    private HeaderBlock(byte[] bytes, int fieldsEnd, List<HeaderField> fields) {
        this.bytes = bytes;
        this.fieldsEnd = fieldsEnd;
        this.fields = fields;
    }

    /**
     * Reads a header, and leaves the stream just behind the empty line that ends it. The stream is read byte by byte; it
     * should be buffered.
     *
     * @throws IOException when reading fails
     */
    public static HeaderBlock read(InputStream message) throws IOException {
        ByteArrayOutputStream header = new ByteArrayOutputStream(4096);
        int lineLength = 0;
        int previous = -1;
        for (int b = message.read(); b >= 0; b = message.read()) {
            header.write(b);
            if (b != '\n') {
                lineLength++;
            } else if (lineLength == 0 || (lineLength == 1 && previous == '\r')) {
                break;
            } else {
                lineLength = 0;
            }
            previous = b;
        }
        return parse(header.toByteArray());
    }

    /**
     * Finds the fields of a header.
     *
     * @param bytes the header; with the empty line that ends it, if it has one. They must not be changed afterwards
     */
    public static HeaderBlock parse(byte[] bytes) {
        List<HeaderField> fields = new ArrayList<>();
        int position = 0;
        while (position < bytes.length) {
            int line = lineEnd(bytes, position);
            if (isEmptyLine(bytes, position, line)) {
                break;
            }
            int end = line;
            while (end < bytes.length && (bytes[end] == ' ' || bytes[end] == '\t')) {
                end = lineEnd(bytes, end);
            }
            fields.add(field(bytes, position, line, end));
            position = end;
        }
        return new HeaderBlock(bytes, position, List.copyOf(fields));
    }

    private static int lineEnd(byte[] bytes, int from) {
        int position = from;
        while (position < bytes.length && bytes[position] != '\n') {
            position++;
        }
        return Math.min(position + 1, bytes.length);
    }

    private static boolean isEmptyLine(byte[] bytes, int start, int end) {
        return (end - start == 1 && bytes[start] == '\n')
                || (end - start == 2 && bytes[start] == '\r' && bytes[start + 1] == '\n');
    }

    private static HeaderField field(byte[] bytes, int start, int firstLineEnd, int end) {
        int colon = start;
        while (colon < firstLineEnd && bytes[colon] != ':') {
            colon++;
        }
        int nameEnd = colon;
        // White space before the colon is obsolete, but legal (RFC 5322, section 4.5).
        while (nameEnd > start && (bytes[nameEnd - 1] == ' ' || bytes[nameEnd - 1] == '\t')) {
            nameEnd--;
        }
        boolean named = colon < firstLineEnd && nameEnd > start;
        for (int i = start; named && i < nameEnd; i++) {
            named = bytes[i] > 32 && bytes[i] < 127;
        }
        return named
                ? new HeaderField(bytes, start, nameEnd, colon + 1, end)
                : new HeaderField(bytes, start, start, start, end);
    }

    /** The fields, in their order, and what stands between them that is none. Together they are the whole header. */
    public List<HeaderField> fields() {
        return fields;
    }

    /** The header's bytes, with the empty line that ends it, if it has one. Not a copy: they must not be changed. */
    byte[] bytes() {
        return bytes;
    }

    /** How many bytes of the message this header is. */
    public int length() {
        return bytes.length;
    }

    /**
     * The header with some fields replaced or left out; all else, the line that ends it included, is the same bytes.
     *
     * @param replacements for each field, in their order: the field itself to keep it, other bytes to replace it, or null
     *     to leave it out
     */
    byte[] with(List<byte[]> replacements) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
        for (int i = 0; i < fields.size(); i++) {
            byte[] replacement = replacements.get(i);
            if (replacement == KEEP) {
                out.write(
                        bytes,
                        fields.get(i).start(),
                        fields.get(i).end() - fields.get(i).start());
            } else if (replacement != null) {
                out.write(replacement, 0, replacement.length);
            }
        }
        out.write(bytes, fieldsEnd, bytes.length - fieldsEnd);
        return out.toByteArray();
    }

    /** The header without the fields of these names; case does not count. */
    public byte[] without(String... names) {
        List<byte[]> replacements = new ArrayList<>(fields.size());
        for (HeaderField field : fields) {
            boolean left = false;
            for (String name : names) {
                left |= field.isNamed(name);
            }
            replacements.add(left ? null : KEEP);
        }
        return with(replacements);
    }

    /** In a list of replacements: the field stays as it is. */
    static final byte[] KEEP = new byte[0];
}
