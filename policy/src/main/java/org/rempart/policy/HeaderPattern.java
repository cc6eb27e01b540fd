/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.util.Locale;

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
                    "\"" + text + "\" is not the name of a header field",
                    "write a name such as X-Mailer, or X-Acme-* for all that begin so");
        }
        return new HeaderPattern(name.toLowerCase(Locale.ROOT), prefix);
    }

    public boolean matches(String fieldName) {
        return prefix ? fieldName.regionMatches(true, 0, name, 0, name.length()) : fieldName.equalsIgnoreCase(name);
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
