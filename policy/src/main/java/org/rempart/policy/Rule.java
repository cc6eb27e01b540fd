/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.util.Objects;
import java.util.Optional;

/**
 * A rule of the policy, in the words of the one who wrote it: the element of the policy file and where it stands, the
 * inline parameter of a mailet, or the default that applies where nothing was written.
 */
public final class Rule {
    private final String text;
    private final Location location;

    private Rule(String text, Location location) {
        this.text = Objects.requireNonNull(text);
        this.location = location;
    }

    /**
     * A rule that was written down.
     *
     * @param text the rule as written, for example {@code <allow network="app-servers"/>}
     * @param location where it stands
     */
    public static Rule at(String text, Location location) {
        return new Rule(text, Objects.requireNonNull(location));
    }

    /** A rule that applies because nothing was written. */
    public static Rule byDefault(String text) {
        return new Rule(text, null);
    }

    /** The rule as written. */
    public String text() {
        return text;
    }

    /** Where the rule stands; empty for a default or an inline parameter. */
    public Optional<Location> location() {
        return Optional.ofNullable(location);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Rule
                && text.equals(((Rule) other).text)
                && Objects.equals(location, ((Rule) other).location);
    }

    @Override
    public int hashCode() {
        return Objects.hash(text, location);
    }

    @Override
    public String toString() {
        return location == null ? text + " (default)" : text + " (" + location + ")";
    }
}
