/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Encoded words (RFC 2047) as lenient mail programs read them: wherever they stand, in quoted strings, comments and
 * addresses too; with a language (RFC 2231, section 5), with spaces inside, without the padding of their base64, one glued to
 * the next. The bytes of neighbours of one charset are put together before they are decoded. What is in a charset that
 * nobody knows is read as ISO-8859-1, whose ASCII is everybody's.
 *
 * <p>The time is proportional to the text: charsets are looked up in a table of those that this Java has, and not among
 * service providers, which takes a millisecond for each one that does not exist.
 */
final class EncodedWords {
    private static final int LONGEST_CHARSET = 64;
    private static final String HEX = "0123456789ABCDEF";
    private static final String BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    private final String text;
    private final StringBuilder decoded = new StringBuilder();
    /** The bytes of encoded words not yet decoded, and the charset of all of them. */
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private String charset = "";
    /** Where the next {@code ?=} stands; it is looked for only once behind it. */
    private int terminator;

    private EncodedWords(String text) {
        this.text = text;
    }

    /** Only what needs decoding at all loads the charsets. */
    private static final class Charsets {
        private static final Map<String, Charset> BY_NAME = byName();

        private static Map<String, Charset> byName() {
            Map<String, Charset> byName = new HashMap<>();
            for (Charset charset : Charset.availableCharsets().values()) {
                byName.put(charset.name().toLowerCase(Locale.ROOT), charset);
                charset.aliases().forEach(alias -> byName.putIfAbsent(alias.toLowerCase(Locale.ROOT), charset));
            }
            return Map.copyOf(byName);
        }
    }

    /** The text with its encoded words decoded; all else stays. */
    static String decode(String text) {
        return text.contains("=?") ? new EncodedWords(text).decode() : text;
    }

    private String decode() {
        int position = 0;
        while (position < text.length()) {
            int start = text.indexOf("=?", position);
            if (start < 0) {
                start = text.length();
            }
            int end = start < text.length() ? word(position, start) : -1;
            if (end < 0) {
                // No word begins here: what stands up to behind the question mark is text.
                int next = Math.min(start + 2, text.length());
                flush();
                decoded.append(text, position, next);
                position = next;
            } else {
                position = end;
            }
        }
        flush();
        return decoded.toString();
    }

    /**
     * Takes an encoded word.
     *
     * @param from where the text before it begins
     * @return behind it; -1 when none begins here
     */
    private int word(int from, int start) {
        int name = start + 2;
        int nameEnd = text.indexOf('?', name);
        if (nameEnd < 0 || nameEnd == name || nameEnd - name > LONGEST_CHARSET || nameEnd + 2 >= text.length()) {
            return -1;
        }
        char encoding = Character.toUpperCase(text.charAt(nameEnd + 1));
        if ((encoding != 'B' && encoding != 'Q') || text.charAt(nameEnd + 2) != '?') {
            return -1;
        }
        int content = nameEnd + 3;
        if (terminator < content) {
            terminator = text.indexOf("?=", content);
            terminator = terminator < 0 ? Integer.MAX_VALUE : terminator;
        }
        if (terminator == Integer.MAX_VALUE) {
            return -1;
        }
        String wanted = text.substring(name, nameEnd).toLowerCase(Locale.ROOT).trim();
        int language = wanted.indexOf('*');
        wanted = language >= 0 ? wanted.substring(0, language) : wanted;
        if (!text.substring(from, start).isBlank()) {
            flush();
            decoded.append(text, from, start);
        } else if (bytes.size() == 0) {
            decoded.append(text, from, start);
        } else if (!wanted.equals(charset)) {
            // White space between encoded words is none of the text (RFC 2047, section 6.2).
            flush();
        }
        charset = wanted;
        if (encoding == 'B') {
            base64(content, terminator);
        } else {
            quoted(content, terminator);
        }
        return terminator + 2;
    }

    private void flush() {
        if (bytes.size() == 0) {
            return;
        }
        byte[] encoded = bytes.toByteArray();
        bytes.reset();
        if (charset.equals("utf-7") || charset.equals("unicode-1-1-utf-7")) {
            decoded.append(utf7(new String(encoded, StandardCharsets.ISO_8859_1)));
        } else {
            decoded.append(new String(encoded, Charsets.BY_NAME.getOrDefault(charset, StandardCharsets.ISO_8859_1)));
        }
    }

    private void base64(int start, int end) {
        int buffer = 0;
        int bits = 0;
        for (int i = start; i < end; i++) {
            char c = text.charAt(i);
            int digit = BASE64.indexOf(c == '-' ? '+' : c == '_' ? '/' : c);
            if (digit >= 0) {
                buffer = (buffer << 6) | digit;
                bits += 6;
                if (bits >= 8) {
                    bits -= 8;
                    bytes.write(buffer >> bits);
                    buffer &= (1 << bits) - 1;
                }
            }
        }
    }

    private void quoted(int start, int end) {
        int i = start;
        while (i < end) {
            char c = text.charAt(i);
            int high = c == '=' && i + 2 < end ? HEX.indexOf(Character.toUpperCase(text.charAt(i + 1))) : -1;
            int low = high >= 0 ? HEX.indexOf(Character.toUpperCase(text.charAt(i + 2))) : -1;
            if (low >= 0) {
                bytes.write(high * 16 + low);
                i += 3;
            } else {
                byte[] literal = (c == '_' ? " " : String.valueOf(c)).getBytes(StandardCharsets.UTF_8);
                bytes.write(literal, 0, literal.length);
                i++;
            }
        }
    }

    /** RFC 2152, which Java does not have. */
    private static String utf7(String text) {
        StringBuilder decoded = new StringBuilder();
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i++);
            if (c != '+') {
                decoded.append(c);
                continue;
            }
            int buffer = 0;
            int bits = 0;
            int start = i;
            while (i < text.length() && BASE64.indexOf(text.charAt(i)) >= 0) {
                buffer = (buffer << 6) | BASE64.indexOf(text.charAt(i++));
                bits += 6;
                if (bits >= 16) {
                    bits -= 16;
                    decoded.append((char) (buffer >> bits));
                    buffer &= (1 << bits) - 1;
                }
            }
            if (i < text.length() && text.charAt(i) == '-') {
                decoded.append(i == start ? "+" : "");
                i++;
            }
        }
        return decoded.toString();
    }
}
