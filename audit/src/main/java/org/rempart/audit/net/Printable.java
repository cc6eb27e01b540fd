/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

/** Text of strangers, made safe for a terminal and a report. */
public final class Printable {
    private Printable() {}

    /**
     * One line without control characters, which could command a terminal, and without invisible or direction-changing
     * ones, which could hide what stands there.
     *
     * @param limit how many characters are kept; what is cut is told
     */
    public static String line(String text, int limit) {
        StringBuilder out = new StringBuilder(Math.min(text.length(), limit) + 16);
        int kept = Math.min(text.length(), limit);
        for (int i = 0; i < kept; i++) {
            char c = text.charAt(i);
            switch (Character.getType(c)) {
                case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> {
                    if (c == '\r') {
                        out.append("\\r");
                    } else if (c == '\n') {
                        out.append("\\n");
                    } else if (c == '\t') {
                        out.append(' ');
                    } else {
                        out.append(String.format("\\u%04x", (int) c));
                    }
                }
                case Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED -> out.append('?');
                default -> out.append(c);
            }
        }
        if (kept < text.length()) {
            out.append(" … (").append(text.length() - kept).append(" more)");
        }
        return out.toString();
    }
}
