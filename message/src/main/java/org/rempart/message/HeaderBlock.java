/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The header of a message as its bytes, with the places of its fields. Any bytes are a header: what is malformed is kept
 * as it stands. A header ends with the first empty line, or where the message ends.
 *
 * <p>Lines end as JavaMail has them end, since it is JavaMail that hands the message to the next server: with LF, CRLF, a
 * CR alone, or CR CR LF. A field that hides behind a lone CR is a field of its own on the wire, so it is one here. A line
 * that begins with a space or a tab continues the one before it (RFC 5322, section 2.2.3), even when nothing follows: it
 * is what is left of a badly folded field, and taking it for the end would hand the rest of the header to the body.
 */
public final class HeaderBlock {
    /** In a list of replacements: the field stays as it is. */
    public static final byte[] KEEP = new byte[0];

    private static final int FIRST_READ = 8192;

    private final byte[] bytes;
    private final int fieldsEnd;
    private final List<HeaderField> fields;
    private final boolean whole;

    private HeaderBlock(byte[] bytes, int fieldsEnd, List<HeaderField> fields, boolean whole) {
        this.bytes = bytes;
        this.fieldsEnd = fieldsEnd;
        this.fields = fields;
        this.whole = whole;
    }

    /**
     * Reads a header. More of the stream than the header may be read.
     *
     * @throws IOException when reading fails
     */
    public static HeaderBlock read(InputStream message) throws IOException {
        return read(message, Integer.MAX_VALUE);
    }

    /**
     * Reads the beginning of a header.
     *
     * @param limit how many bytes to read of one that is longer, which is not {@link #isWhole} then
     * @throws IOException when reading fails
     */
    public static HeaderBlock read(InputStream message, int limit) throws IOException {
        byte[] buffer = new byte[FIRST_READ];
        int length = 0;
        int line = 0;
        int position = 0;
        boolean all = false;
        while (true) {
            while (position < length) {
                if (!isLineEnd(buffer[position])) {
                    position++;
                } else if (!all && position + 2 >= length) {
                    // The line's end may go on in what is not read yet.
                    break;
                } else {
                    int next = behindLineEnd(buffer, position, length);
                    if (position == line) {
                        return parse(Arrays.copyOf(buffer, next));
                    }
                    line = next;
                    position = next;
                }
            }
            if (all || length >= limit) {
                return parse(Arrays.copyOf(buffer, length), all);
            }
            if (length == buffer.length) {
                buffer = Arrays.copyOf(buffer, (int) Math.min(Math.multiplyExact(length, 2L), limit));
            }
            int read = message.read(buffer, length, buffer.length - length);
            all = read < 0;
            length += Math.max(read, 0);
        }
    }

    /**
     * Finds the fields of a header.
     *
     * @param bytes the header; with the empty line that ends it, if it has one, and whatever follows. They must not be
     *     changed afterwards
     */
    public static HeaderBlock parse(byte[] bytes) {
        return parse(bytes, true);
    }

    private static HeaderBlock parse(byte[] bytes, boolean whole) {
        List<HeaderField> fields = new ArrayList<>();
        int position = 0;
        while (position < bytes.length && !isLineEnd(bytes[position])) {
            int firstLineEnd = nextLine(bytes, position);
            int end = firstLineEnd;
            while (end < bytes.length && isWhiteSpace(bytes[end])) {
                end = nextLine(bytes, end);
            }
            fields.add(field(bytes, position, firstLineEnd, end));
            position = end;
        }
        return new HeaderBlock(bytes, position, List.copyOf(fields), whole);
    }

    private static boolean isLineEnd(byte b) {
        return b == '\n' || b == '\r';
    }

    private static boolean isWhiteSpace(byte b) {
        return b == ' ' || b == '\t';
    }

    private static int nextLine(byte[] bytes, int from) {
        int position = from;
        while (position < bytes.length && !isLineEnd(bytes[position])) {
            position++;
        }
        return position == bytes.length ? position : behindLineEnd(bytes, position, bytes.length);
    }

    /** Behind the line end that begins here: LF, CRLF, CR CR LF, or else CR. */
    private static int behindLineEnd(byte[] bytes, int start, int length) {
        int position = start;
        while (position < length && position < start + 2 && bytes[position] == '\r') {
            position++;
        }
        return position < length && bytes[position] == '\n' ? position + 1 : start + 1;
    }

    private static HeaderField field(byte[] bytes, int start, int firstLineEnd, int end) {
        int nameStart = start;
        // White space before the first field of all: JavaMail overlooks it, so a field that hides behind it is one.
        while (nameStart < firstLineEnd && isWhiteSpace(bytes[nameStart])) {
            nameStart++;
        }
        int colon = nameStart;
        while (colon < firstLineEnd && bytes[colon] != ':') {
            colon++;
        }
        int nameEnd = colon;
        // White space before the colon is obsolete, but legal (RFC 5322, section 4.5).
        while (nameEnd > nameStart && isWhiteSpace(bytes[nameEnd - 1])) {
            nameEnd--;
        }
        if (colon == firstLineEnd || nameEnd == nameStart || isMailboxLine(bytes, nameStart, nameEnd)) {
            return new HeaderField(bytes, start, start, start, start, end);
        }
        return new HeaderField(bytes, start, nameStart, nameEnd, colon + 1, end);
    }

    /** The line before each message of a mailbox file; its colons belong to the time. */
    private static boolean isMailboxLine(byte[] bytes, int start, int end) {
        int from = start < end && bytes[start] == '>' ? start + 1 : start;
        return end - from > 5
                && bytes[from] == 'F'
                && bytes[from + 1] == 'r'
                && bytes[from + 2] == 'o'
                && bytes[from + 3] == 'm'
                && bytes[from + 4] == ' ';
    }

    /** The fields, in their order, and what stands between them that is none. Together they are the whole header. */
    public List<HeaderField> fields() {
        return fields;
    }

    /** The header's bytes, with the empty line that ends it, if it has one. Not a copy: they must not be changed. */
    public byte[] bytes() {
        return bytes;
    }

    /** Whether these are all bytes of the header; else it was longer than what was to be read of it. */
    public boolean isWhole() {
        return whole;
    }

    /**
     * The values, as their bytes, of all that any lenient mail program takes for a field of this name: also where a line
     * before it is none, where bytes in the name are no letters or the name is folded, and the line of a mailbox file.
     *
     * @param name in ASCII
     */
    public List<byte[]> valuesOfAnyReading(String name) {
        List<byte[]> values = new ArrayList<>();
        for (HeaderField field : fields) {
            if (field.isField()) {
                add(values, field.start(), field.end(), name);
            } else {
                int line = field.start();
                add(values, line, field.end(), name);
                while (line < field.end()) {
                    int next = nextLine(bytes, line);
                    if (line > field.start()) {
                        add(values, line, next, name);
                    }
                    line = next;
                }
            }
        }
        return values;
    }

    /** Adds what is behind the colon, if what stands before it can be taken for the name. */
    private void add(List<byte[]> values, int start, int end, String name) {
        int matched = 0;
        int position = start;
        while (position < end && bytes[position] != ':') {
            int c = bytes[position] & 0xff;
            if (c > ' ' && c < 127) {
                if (matched == name.length() || lower(c) != lower(name.charAt(matched))) {
                    break;
                }
                matched++;
            }
            position++;
        }
        boolean named = matched == name.length() && position < end;
        if (named && bytes[position] == ':') {
            values.add(Arrays.copyOfRange(bytes, position + 1, end));
        } else if (named && position > start && bytes[position - 1] == ' ' && isMailboxLine(bytes, start, end)) {
            values.add(Arrays.copyOfRange(bytes, position, end));
        }
    }

    private static int lower(int c) {
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    }

    /**
     * Why two readers could understand this header in two ways; empty when they can't. Libraries skip what is malformed,
     * each in its own way, and a field could hide there.
     */
    public Optional<String> fault() {
        if (!whole) {
            return Optional.of("a header that is too long");
        }
        if (fieldsEnd > 0 && isWhiteSpace(bytes[0])) {
            return Optional.of("a header that starts with a continuation line");
        }
        for (int i = 0; i < bytes.length; i++) {
            boolean behindCr = i > 0 && bytes[i - 1] == '\r';
            boolean beforeLf = i + 1 < bytes.length && bytes[i + 1] == '\n';
            if (bytes[i] == '\n' && !behindCr) {
                return Optional.of("a lone LF in the header");
            }
            if (bytes[i] == '\r' && !beforeLf) {
                return Optional.of("a lone CR in the header");
            }
            if (bytes[i] == 0) {
                return Optional.of("a NUL in the header");
            }
        }
        for (HeaderField field : fields) {
            if (!field.isField() || !field.hasLegalName()) {
                return Optional.of("a header line that is no field");
            }
        }
        return Optional.empty();
    }

    /** How many bytes of the message this header is, with the empty line that ends it, if it has one. */
    public int length() {
        return bytes.length;
    }

    /**
     * The header with some fields replaced or left out; all else, the line that ends it included, is the same bytes. Save
     * for one: where the last field that is left ends with a CR alone, and an empty line of LF or CRLF follows now, it gets an
     * LF too; the two would make one line end, and the body would be part of the header.
     *
     * @param replacements for each field, in their order: {@link #KEEP}, other bytes to replace it, or null to leave it
     *     out
     */
    public byte[] with(List<byte[]> replacements) {
        return with(replacements, "");
    }

    /**
     * The same, with a field more behind the last one.
     *
     * @param more in ASCII, without its line end; empty for none
     */
    public byte[] with(List<byte[]> replacements, String more) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
        byte last = 0;
        for (int i = 0; i < fields.size(); i++) {
            byte[] replacement = replacements.get(i);
            if (replacement == KEEP) {
                HeaderField field = fields.get(i);
                out.write(bytes, field.start(), field.end() - field.start());
                last = bytes[field.end() - 1];
            } else if (replacement != null) {
                out.write(replacement, 0, replacement.length);
                last = replacement[replacement.length - 1];
            }
        }
        if (!more.isEmpty()) {
            if (out.size() > 0 && !isLineEnd(last)) {
                out.writeBytes(new byte[] {'\r', '\n'});
            }
            out.writeBytes((more + "\r\n").getBytes(StandardCharsets.US_ASCII));
            last = '\n';
        }
        boolean lastLeftOut = !fields.isEmpty() && replacements.get(fields.size() - 1) == null;
        if (lastLeftOut && last == '\r' && wouldGoOnAt(fieldsEnd)) {
            out.write('\n');
        }
        out.write(bytes, fieldsEnd, bytes.length - fieldsEnd);
        return out.toByteArray();
    }

    /** Whether what stands here would make one line end with a CR before it. */
    private boolean wouldGoOnAt(int position) {
        return (position < bytes.length && bytes[position] == '\n')
                || (position + 1 < bytes.length && bytes[position] == '\r' && bytes[position + 1] == '\n');
    }

    /** The header with a field more behind its last one; all else is the same bytes. */
    public byte[] append(String field) {
        return with(Collections.nCopies(fields.size(), KEEP), field);
    }

    /**
     * The header with fields more before its first one; all else is the same bytes. A line that would continue what stands
     * before it stays before them.
     *
     * @param more in ASCII, with their line ends
     */
    public byte[] prepend(String more) {
        int place = 0;
        for (int i = 0; place < fieldsEnd && isWhiteSpace(bytes[place]); i++) {
            place = fields.get(i).end();
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length + more.length());
        out.write(bytes, 0, place);
        if (place > 0 && !isLineEnd(bytes[place - 1])) {
            out.writeBytes(new byte[] {'\r', '\n'});
        }
        out.writeBytes(more.getBytes(StandardCharsets.US_ASCII));
        out.write(bytes, place, bytes.length - place);
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
}
