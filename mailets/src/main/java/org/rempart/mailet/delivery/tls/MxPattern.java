/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One {@code mx} line of an MTA-STS policy (RFC 8461, section 3.2): a host name, or {@code *.} and a name, where the star
 * stands for exactly one label (section 4.1).
 */
public final class MxPattern {
    private static final Pattern FORM =
            Pattern.compile("(\\*\\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?" + "(\\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*");
    private static final int LONGEST = 255;

    private final String pattern;

    private MxPattern(String pattern) {
        this.pattern = pattern;
    }

    /** Reads a pattern; empty when it is none. */
    public static Optional<MxPattern> parse(String written) {
        String normalised = HostNames.normalise(written);
        return normalised.length() <= LONGEST && FORM.matcher(normalised).matches()
                ? Optional.of(new MxPattern(normalised))
                : Optional.empty();
    }

    /** Whether an MX host is one that this pattern means. */
    public boolean matches(String mxHost) {
        String host = HostNames.normalise(mxHost);
        if (!pattern.startsWith("*.")) {
            return host.equals(pattern);
        }
        int dot = host.indexOf('.');
        return dot > 0 && host.substring(dot + 1).equals(pattern.substring(2));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof MxPattern && pattern.equals(((MxPattern) other).pattern);
    }

    @Override
    public int hashCode() {
        return pattern.hashCode();
    }

    @Override
    public String toString() {
        return pattern;
    }
}
