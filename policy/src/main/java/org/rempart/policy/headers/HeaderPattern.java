/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.headers;

import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;

/**
 * A header field's name as written in the policy: {@code X-Mailer} is that field, {@code X-Acme-*} all that begin so, {@code
 * X-*-MailScanner} all that begin and end so. A star stands for any characters, or for none.
 */
public final class HeaderPattern {
    private final String text;
    /** What stands before, between and behind the stars. */
    private final String[] parts;

    private HeaderPattern(String text) {
        this.text = text;
        this.parts = text.split("\\*", -1);
    }

    /**
     * Reads a pattern; field names are compared without regard to case (RFC 5322, section 1.2.2).
     *
     * @throws PolicyException when it holds what no field name can (RFC 5322, section 2.2), or begins with a star, or has
     *     two in a row
     */
    public static HeaderPattern parse(String text) throws PolicyException {
        String trimmed = text.trim();
        boolean valid = !trimmed.isEmpty()
                && !trimmed.startsWith("*")
                && !trimmed.contains("**")
                && trimmed.chars().allMatch(c -> c > 32 && c < 127 && c != ':');
        if (!valid) {
            throw new PolicyException(
                    Wording.quoted(text) + " is not the name of a header field",
                    "write a name such as X-Mailer, or X-Acme-* for all that begin so");
        }
        return new HeaderPattern(fold(trimmed));
    }

    /**
     * A field name as patterns compare it. Only ASCII letters have a case in field names (RFC 5322, section 1.2.2 and
     * RFC 5234, section 2.3): with Unicode's rules a Kelvin sign would be a k.
     */
    static String fold(String fieldName) {
        for (int i = 0; i < fieldName.length(); i++) {
            if (isUpper(fieldName.charAt(i))) {
                char[] folded = fieldName.toCharArray();
                for (int j = i; j < folded.length; j++) {
                    if (isUpper(folded[j])) {
                        folded[j] = (char) (folded[j] + ('a' - 'A'));
                    }
                }
                return new String(folded);
            }
        }
        return fieldName;
    }

    private static boolean isUpper(char c) {
        return c >= 'A' && c <= 'Z';
    }

    /** Whether the pattern means the field of this name. */
    public boolean matches(String fieldName) {
        return matchesFolded(fold(fieldName));
    }

    /** The same for a name that is folded already, in time proportional to it. */
    boolean matchesFolded(String name) {
        int last = parts.length - 1;
        if (last == 0) {
            return name.equals(text);
        }
        if (!name.startsWith(parts[0])) {
            return false;
        }
        int position = parts[0].length();
        for (int i = 1; i < last; i++) {
            int found = name.indexOf(parts[i], position);
            if (found < 0) {
                return false;
            }
            position = found + parts[i].length();
        }
        return name.length() - position >= parts[last].length() && name.endsWith(parts[last]);
    }

    /** Whether this means the same fields as the other pattern, or some of them and no others. */
    public boolean narrows(HeaderPattern other) {
        // No name holds a star; so one in this pattern is met by none but a star of the other.
        return other.matchesFolded(text);
    }

    /** The name, or the beginning of it up to the first star, in lower case. */
    public String name() {
        return parts[0];
    }

    /** How many characters of the name are said; of two patterns, the one that says more is the more specific. */
    int said() {
        return text.length() - (parts.length - 1);
    }

    /** Whether this means one name alone. */
    public boolean isName() {
        return parts.length == 1;
    }

    /** Whether this means all names that begin so. */
    public boolean isPrefix() {
        return parts.length == 2 && parts[1].isEmpty();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof HeaderPattern && text.equals(((HeaderPattern) other).text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
