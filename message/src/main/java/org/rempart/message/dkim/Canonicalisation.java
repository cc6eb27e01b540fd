/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dkim;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import org.rempart.message.HeaderField;

/**
 * The two forms in which a signature sees a message (RFC 6376, section 3.4): {@code simple}, as it stands, and {@code
 * relaxed}, which bears changes of white space.
 */
public enum Canonicalisation {
    SIMPLE,
    RELAXED;

    /** The form that a keyword means. */
    static Optional<Canonicalisation> ofKeyword(String keyword) {
        for (Canonicalisation one : values()) {
            if (one.name().toLowerCase(Locale.ROOT).equals(keyword)) {
                return Optional.of(one);
            }
        }
        return Optional.empty();
    }

    /**
     * A field of a header in this form, each byte as one character.
     *
     * @param lineEnd whether the CRLF behind it is part of it, which it is but for the signature itself
     */
    String field(HeaderField field, boolean lineEnd) {
        return field(field.name(), field.rawName(), field.rawValue(), lineEnd);
    }

    /**
     * The same.
     *
     * @param name of the field
     * @param rawName with all that stands before the colon
     * @param rawValue all behind the colon
     */
    String field(String name, String rawName, String rawValue, boolean lineEnd) {
        String text = this == SIMPLE
                ? rawName + ':' + withCrlf(rawValue)
                : name.toLowerCase(Locale.ROOT) + ':' + relaxed(rawValue);
        return lineEnd ? text + "\r\n" : text;
    }

    /** Section 3.4.2: line ends are no part of it, runs of white space are one space, none at both ends. */
    private static String relaxed(String value) {
        StringBuilder relaxed = new StringBuilder(value.length());
        boolean space = false;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == ' ' || c == '\t') {
                space = true;
            } else if (c != '\r' && c != '\n') {
                if (space && relaxed.length() > 0) {
                    relaxed.append(' ');
                }
                space = false;
                relaxed.append(c);
            }
        }
        return relaxed.toString();
    }

    /** As the lines of the field are on the wire, without the last line end. */
    private static String withCrlf(String value) {
        StringBuilder lines = new StringBuilder(value.length() + 16);
        int i = 0;
        while (i < value.length()) {
            char c = value.charAt(i);
            if (c != '\r' && c != '\n') {
                lines.append(c);
                i++;
                continue;
            }
            int end = i;
            while (end < value.length() && end < i + 2 && value.charAt(end) == '\r') {
                end++;
            }
            i = end < value.length() && value.charAt(end) == '\n' ? end + 1 : i + 1;
            if (i < value.length()) {
                lines.append("\r\n");
            }
        }
        return lines.toString();
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
