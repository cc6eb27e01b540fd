/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.text;

import java.nio.charset.StandardCharsets;

/**
 * A file as text that has one character for each byte, whatever its encoding, so that a position in it is one in the file
 * and what is not changed stays the same bytes.
 */
public final class SourceText {
    private final String name;
    private final String text;

    private SourceText(String name, String text) {
        this.name = name;
        this.text = text;
    }

    /** The file of this name, as a message or a diff says it, with these bytes. */
    public static SourceText of(String name, byte[] bytes) {
        return new SourceText(name, new String(bytes, StandardCharsets.ISO_8859_1));
    }

    public String name() {
        return name;
    }

    /** One character for each byte. */
    public String text() {
        return text;
    }

    public byte[] bytes() {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The same file with another text. */
    public SourceText with(String other) {
        return new SourceText(name, other);
    }

    /** The number of the line that a position is in, from 1. */
    public int line(int position) {
        int line = 1;
        for (int i = text.indexOf('\n'); i >= 0 && i < position; i = text.indexOf('\n', i + 1)) {
            line++;
        }
        return line;
    }

    /** Where the line begins that a position is in. */
    public int lineStart(int position) {
        return text.lastIndexOf('\n', position - 1) + 1;
    }

    /** Where the line behind it begins, or the end of the file. */
    public int nextLine(int position) {
        int end = text.indexOf('\n', position);
        return end < 0 ? text.length() : end + 1;
    }

    /** What its lines end in; a file of one line has LF. */
    public String lineEnd() {
        int end = text.indexOf('\n');
        return end > 0 && text.charAt(end - 1) == '\r' ? "\r\n" : "\n";
    }

    /** Blanks and tabs that the line of a position begins with. */
    public String indent(int position) {
        int start = lineStart(position);
        int end = start;
        while (end < text.length() && (text.charAt(end) == ' ' || text.charAt(end) == '\t')) {
            end++;
        }
        return text.substring(start, end);
    }

    /** Whether nothing but blanks stands before a position in its line. */
    public boolean beginsLine(int position) {
        return text.substring(lineStart(position), position).isBlank();
    }

    /** Whether nothing but blanks stands behind a position in its line. */
    public boolean endsLine(int position) {
        return text.substring(position, nextLine(position)).isBlank();
    }
}
