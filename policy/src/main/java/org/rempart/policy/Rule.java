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
    private final String origin;

    private Rule(String text, Location location, String origin) {
        this.text = Objects.requireNonNull(text);
        this.location = location;
        this.origin = Objects.requireNonNull(origin);
    }

    /**
     * A rule that was written down.
     *
     * @param text the rule as written, for example {@code <allow network="app-servers"/>}
     * @param location where it stands
     */
    public static Rule at(String text, Location location) {
        return new Rule(text, location, location.toString());
    }

    /** A rule that applies because nothing was written. */
    public static Rule byDefault(String text) {
        return new Rule(text, null, "default");
    }

    /**
     * A rule that was not written into a policy file.
     *
     * @param text the rule as written
     * @param origin where: a mailet's parameter, another domain's published policy
     */
    public static Rule from(String origin, String text) {
        return new Rule(text, null, origin);
    }

    /** The rule as written. */
    public String text() {
        return text;
    }

    /** Where the rule stands in a policy file; empty for one that stands in none. */
    public Optional<Location> location() {
        return Optional.ofNullable(location);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Rule && text.equals(((Rule) other).text) && origin.equals(((Rule) other).origin);
    }

    @Override
    public int hashCode() {
        return Objects.hash(text, origin);
    }

    @Override
    public String toString() {
        return text + " (" + origin + ")";
    }
}
