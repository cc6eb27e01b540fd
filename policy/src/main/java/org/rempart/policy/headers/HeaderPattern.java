/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.headers;

import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;

/** A header field's name as written in the policy: {@code X-Mailer} is that field, {@code X-Acme-*} all that begin so. */
public final class HeaderPattern {
    private final String name;
    private final boolean prefix;

    private HeaderPattern(String name, boolean prefix) {
        this.name = name;
        this.prefix = prefix;
    }

    /**
     * Reads a pattern; field names are compared without regard to case (RFC 5322, section 1.2.2).
     *
     * @throws PolicyException when it holds what no field name can (RFC 5322, section 2.2), or has a star elsewhere than
     *     at its end, or is a star alone
     */
    public static HeaderPattern parse(String text) throws PolicyException {
        String trimmed = text.trim();
        boolean prefix = trimmed.endsWith("*");
        String name = prefix ? trimmed.substring(0, trimmed.length() - 1) : trimmed;
        boolean valid = !name.isEmpty() && name.chars().allMatch(c -> c > 32 && c < 127 && c != ':' && c != '*');
        if (!valid) {
            throw new PolicyException(
                    Wording.quoted(text) + " is not the name of a header field",
                    "write a name such as X-Mailer, or X-Acme-* for all that begin so");
        }
        return new HeaderPattern(fold(name), prefix);
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
        String folded = fold(fieldName);
        return prefix ? folded.startsWith(name) : folded.equals(name);
    }

    /** Whether this means the same fields as the other pattern, or some of them and no others. */
    public boolean narrows(HeaderPattern other) {
        return equals(other) || (other.prefix && name.startsWith(other.name));
    }

    /** The name, or the beginning of it, in lower case. */
    public String name() {
        return name;
    }

    /** Whether this means all names that begin so. */
    public boolean isPrefix() {
        return prefix;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof HeaderPattern
                && name.equals(((HeaderPattern) other).name)
                && prefix == ((HeaderPattern) other).prefix;
    }

    @Override
    public int hashCode() {
        return name.hashCode() * 2 + (prefix ? 1 : 0);
    }

    @Override
    public String toString() {
        return prefix ? name + "*" : name;
    }
}
