/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;

/** A change of a message's header that a filter wants. Immutable. */
public final class HeaderChange {
    /** What is done with the field. */
    enum Kind {
        /** It goes behind the last one. */
        ADD,
        /** It goes before the one at {@link #index}, counted from 0 over all fields; behind the last one where there is none. */
        INSERT,
        /** The value of the {@link #index}th of its name, counted from 1, becomes another; it is added where there is none. */
        CHANGE,
        /** The {@link #index}th of its name goes, all for 0, counted from the last one for a negative one. */
        REMOVE
    }

    private static final Pattern NAME = Pattern.compile("[!-9;-~]{1,76}");
    private static final int LONGEST = 64 * 1024;

    private final Kind kind;
    private final int index;
    private final String name;
    private final String value;

    private HeaderChange(Kind kind, int index, String name, String value) {
        this.kind = kind;
        this.index = index;
        this.name = Objects.requireNonNull(name);
        this.value = value;
    }

    /**
     * A change.
     *
     * @param value what stands behind the colon, as the filter writes it; each byte is one character. Folding is mended: no
     *     line of it can begin a field of its own, or end the header
     * @throws FilterFaultException when the name is none, or the value too long
     */
    static HeaderChange of(Kind kind, int index, String name, String value) throws FilterFaultException {
        if (!NAME.matcher(name).matches()) {
            throw new FilterFaultException("it names a field with characters that no name has");
        }
        if (value.length() > LONGEST) {
            throw new FilterFaultException("it writes a field that is too long");
        }
        return new HeaderChange(kind, index, name, folded(value));
    }

    /** With CRLF and white space between two lines, and no other control characters. */
    private static String folded(String value) {
        StringBuilder folded = new StringBuilder(value.length());
        String text = value.replace("\r\n", "\n").replace('\r', '\n').stripTrailing();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                // Also an empty line would end the header.
                while (i + 1 < text.length() && text.charAt(i + 1) == '\n') {
                    i++;
                }
                boolean continued = i + 1 < text.length() && (text.charAt(i + 1) == ' ' || text.charAt(i + 1) == '\t');
                folded.append(continued ? "\r\n" : "\r\n\t");
            } else {
                folded.append(c == '\t' || (c >= ' ' && c != 127) ? c : '?');
            }
        }
        // A line of white space alone is obsolete (RFC 5322, section 4.2), and some take it for the end.
        return folded.toString().replaceAll("\r\n[ \t]+(?=\r\n)", "");
    }

    Kind kind() {
        return kind;
    }

    int index() {
        return index;
    }

    String name() {
        return name;
    }

    /** The field, with its line end. */
    String field() {
        boolean spaced = value.startsWith(" ") || value.startsWith("\t") || value.startsWith("\r\n") || value.isEmpty();
        return name + (spaced ? ":" : ": ") + value + "\r\n";
    }

    /** Whether it is the mark that filters put on spam. */
    boolean marksSpam() {
        return kind != Kind.REMOVE
                && name.toLowerCase(Locale.ROOT).matches("x-spam|x-spam-flag|x-spam-status")
                && value.strip().toLowerCase(Locale.ROOT).matches("(?s)yes\\b.*");
    }
}
