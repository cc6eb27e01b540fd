/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server's reply to one command (RFC 5321, section 4.2): a code and one or more lines of text. */
final class SmtpReply {
    private static final Pattern ENHANCED = Pattern.compile("([245])\\.(\\d{1,3})\\.(\\d{1,3})(?= |$)");
    private static final int MAX_TEXT = 800;

    private final int code;
    private final List<String> lines;

    SmtpReply(int code, List<String> lines) {
        this.code = code;
        this.lines = List.copyOf(lines);
    }

    int code() {
        return code;
    }

    /** The text of each line, without the code. */
    List<String> lines() {
        return lines;
    }

    boolean isPositive() {
        return code / 100 == 2;
    }

    /** Whether the server waits for more: for the message after DATA, for a step of AUTH. */
    boolean isIntermediate() {
        return code / 100 == 3;
    }

    boolean isPermanent() {
        return code / 100 == 5;
    }

    /** Whether the server closes the connection, whatever it was asked for (RFC 5321, section 3.8). */
    boolean saysGoodbye() {
        return code == 421;
    }

    /** The enhanced status code (RFC 3463), when the first line begins with one that fits the code. */
    Optional<String> enhancedCode() {
        Matcher found = ENHANCED.matcher(lines.get(0));
        return found.lookingAt() && found.group(1).charAt(0) == '0' + code / 100
                ? Optional.of(found.group())
                : Optional.empty();
    }

    /** Code and text in one line that is fit for a log and for a report: nothing but printable ASCII, of bounded length. */
    @Override
    public String toString() {
        String repeated = enhancedCode().map(enhanced -> enhanced + " ").orElse("");
        StringBuilder text = new StringBuilder().append(code);
        for (int i = 0; i < lines.size() && text.length() < MAX_TEXT; i++) {
            String line = lines.get(i);
            text.append(' ').append(i > 0 && line.startsWith(repeated) ? line.substring(repeated.length()) : line);
        }
        text.setLength(Math.min(text.length(), MAX_TEXT));
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
                text.setCharAt(i, '?');
            }
        }
        return text.toString().stripTrailing();
    }
}
