/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import org.apache.james.core.Domain;

/**
 * A domain, or a set of domains, as written in the policy: {@code example.com} is that domain alone,
 * {@code *.example.com} every domain below it at any depth but not itself, {@code *} every domain.
 *
 * <p>Domains are compared as {@link DomainNames} has them; {@code bücher.example} and {@code xn--bcher-kva.example} are
 * the same.
 */
public final class DomainPattern {
    private static final String WILDCARD = "*";
    private static final DomainPattern EVERYTHING = new DomainPattern("", true);

    /** Lower-case A-labels; empty for {@code *}. */
    private final String name;

    private final boolean wildcard;

    private DomainPattern(String name, boolean wildcard) {
        this.name = name;
        this.wildcard = wildcard;
    }

    /**
     * Reads a pattern.
     *
     * @throws PolicyException when the text is neither a domain name (RFC 1035, section 2.3.1; or an internationalised
     *     one), nor one behind {@code *.}, nor {@code *}
     */
    public static DomainPattern parse(String text) throws PolicyException {
        String trimmed = text.trim();
        if (trimmed.equals(WILDCARD)) {
            return EVERYTHING;
        }
        boolean wildcard = trimmed.startsWith("*.");
        String name = wildcard ? trimmed.substring(2) : trimmed;
        String ascii = DomainNames.parse(name).orElseThrow(() -> notADomain(text));
        return new DomainPattern(ascii, wildcard);
    }

    private static PolicyException notADomain(String text) {
        return new PolicyException(
                Wording.quoted(text) + " is not a domain",
                "write example.com for that domain alone, *.example.com for all below it, or * for every domain");
    }

    /** The domain as the policy compares it: A-labels in lower case. */
    static String normalise(Domain domain) {
        return DomainNames.comparable(domain.asString());
    }

    /** The pattern {@code *}. */
    public static DomainPattern everything() {
        return EVERYTHING;
    }

    /** Whether this means every domain that the other pattern means. */
    public boolean covers(DomainPattern other) {
        return equals(other) || (wildcard && (name.isEmpty() || other.name.endsWith("." + name)));
    }

    /** Whether the domain is one that this pattern means. */
    public boolean matches(Domain domain) {
        return matchesNormalised(normalise(domain));
    }

    boolean matchesNormalised(String domain) {
        if (!wildcard) {
            return domain.equals(name);
        }
        return name.isEmpty() || domain.endsWith("." + name);
    }

    public String name() {
        return name;
    }

    /** Whether this means more than one domain. */
    public boolean isWildcard() {
        return wildcard;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof DomainPattern
                && name.equals(((DomainPattern) other).name)
                && wildcard == ((DomainPattern) other).wildcard;
    }

    @Override
    public int hashCode() {
        return name.hashCode() * 2 + (wildcard ? 1 : 0);
    }

    @Override
    public String toString() {
        if (!wildcard) {
            return name;
        }
        return name.isEmpty() ? WILDCARD : "*." + name;
    }
}
