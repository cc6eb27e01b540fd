/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

/** Comments in field values (RFC 5322, section 3.2.2). */
public final class Comments {
    private Comments() {}

    /** Behind the comment that begins here; comments nest. An unclosed one ends with the text. */
    public static int end(String text, int start) {
        int close = close(text, start);
        return close < 0 ? text.length() : close;
    }

    /** Behind the comment that begins here; -1 when nothing closes it. */
    static int close(String text, int start) {
        int depth = 0;
        for (int i = start; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '(') {
                depth++;
            } else if (c == ')' && --depth == 0) {
                return i + 1;
            }
        }
        return -1;
    }

    /** The text without its comments. */
    public static String without(String text) {
        StringBuilder rest = new StringBuilder(text.length());
        int position = 0;
        while (position < text.length()) {
            int comment = text.indexOf('(', position);
            if (comment < 0) {
                comment = text.length();
            }
            rest.append(text, position, comment);
            position = comment < text.length() ? end(text, comment) : comment;
        }
        return rest.toString();
    }
}
