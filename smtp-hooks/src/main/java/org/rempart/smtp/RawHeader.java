/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The header of a message as its bytes say it (RFC 5322, section 2.2). A gate reads it, so it takes nothing that two
 * readers could understand in two ways: a line that is neither a field nor the continuation of one, a lone CR or LF, a
 * control character in a field's name. Libraries skip such lines, each in its own way, and a field could hide there.
 */
final class RawHeader {
    private static final class Field {
        final String name;
        final StringBuilder value;

        Field(String name, String value) {
            this.name = name;
            this.value = new StringBuilder(value);
        }
    }

    private final List<Field> fields = new ArrayList<>();

    private RawHeader() {}

    /**
     * Reads up to the empty line that ends the header, or to the end.
     *
     * @param limit how many bytes the header may have
     * @throws UnreadableHeaderException when it is longer, or malformed
     */
    static RawHeader read(InputStream message, int limit) throws IOException, UnreadableHeaderException {
        RawHeader header = new RawHeader();
        InputStream in = new BufferedInputStream(message);
        int left = limit;
        for (byte[] line = readLine(in, left); line.length > 0; line = readLine(in, left)) {
            left -= line.length;
            header.add(decode(line));
        }
        return header;
    }

    /** A line without its CRLF; empty at the end of the header or of the stream. */
    private static byte[] readLine(InputStream in, int limit) throws IOException, UnreadableHeaderException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(128);
        for (int b = in.read(); b >= 0; b = in.read()) {
            if (b == '\n') {
                throw new UnreadableHeaderException("a lone LF in the header");
            }
            if (b == '\r') {
                if (in.read() != '\n') {
                    throw new UnreadableHeaderException("a lone CR in the header");
                }
                break;
            }
            if (line.size() == limit) {
                throw new UnreadableHeaderException("a header that is too long");
            }
            line.write(b);
        }
        return line.toByteArray();
    }

    /** UTF-8 (RFC 6532), or whatever single-byte text it is otherwise. */
    private static String decode(byte[] line) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(line))
                    .toString();
        } catch (CharacterCodingException otherCharset) {
            return new String(line, StandardCharsets.ISO_8859_1);
        }
    }

    private void add(String line) throws UnreadableHeaderException {
        if (line.charAt(0) == ' ' || line.charAt(0) == '\t') {
            if (fields.isEmpty()) {
                throw new UnreadableHeaderException("a header that starts with a continuation line");
            }
            fields.get(fields.size() - 1).value.append(line);
            return;
        }
        int colon = line.indexOf(':');
        // White space before the colon is obsolete, and still legal (RFC 5322, section 4.5).
        String name = colon < 0 ? "" : line.substring(0, colon).stripTrailing();
        if (name.isEmpty() || !name.chars().allMatch(c -> c > 32 && c < 127)) {
            throw new UnreadableHeaderException("a header line that is no field");
        }
        fields.add(new Field(name.toLowerCase(Locale.ROOT), line.substring(colon + 1)));
    }

    /**
     * The unfolded values of all fields of this name.
     *
     * @param name in any case
     */
    List<String> values(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        List<String> values = new ArrayList<>();
        for (Field field : fields) {
            if (field.name.equals(wanted)) {
                values.add(field.value.toString());
            }
        }
        return values;
    }
}
