/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.dkim;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A list of tags with values, as DKIM writes signatures and key records (RFC 6376, section 3.2): {@code v=1; a=rsa-sha256;
 * …}. Names count by case.
 */
public final class TagList {
    /** More than any list of use has. */
    private static final int MOST_TAGS = 100;

    private TagList() {}

    /**
     * Reads a list.
     *
     * @return the values by name, in their order, without white space around them; empty where the text is no such list,
     *     or says something twice
     */
    public static Optional<Map<String, String>> parse(String text) {
        Map<String, String> tags = new LinkedHashMap<>();
        int start = 0;
        while (start <= text.length()) {
            int semicolon = text.indexOf(';', start);
            int end = semicolon < 0 ? text.length() : semicolon;
            String tag = stripped(text.substring(start, end));
            // The last one may be empty.
            if (!tag.isEmpty() || semicolon >= 0) {
                int equals = tag.indexOf('=');
                String name = equals < 0 ? "" : stripped(tag.substring(0, equals));
                if (!isName(name)
                        || tags.size() == MOST_TAGS
                        || tags.put(name, stripped(tag.substring(equals + 1))) != null) {
                    return Optional.empty();
                }
            }
            start = end + 1;
        }
        return Optional.of(tags);
    }

    /** A value without any white space: that may stand anywhere in base64 and between the parts of a list. */
    public static String compact(String value) {
        StringBuilder compact = new StringBuilder(value.length());
        for (int i = 0; i < value.length(); i++) {
            if (!isSpace(value.charAt(i))) {
                compact.append(value.charAt(i));
            }
        }
        return compact.toString();
    }

    private static boolean isName(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '_'))) {
                return false;
            }
        }
        return !name.isEmpty();
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
    }

    private static String stripped(String text) {
        int start = 0;
        int end = text.length();
        while (start < end && isSpace(text.charAt(start))) {
            start++;
        }
        while (end > start && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(start, end);
    }
}
