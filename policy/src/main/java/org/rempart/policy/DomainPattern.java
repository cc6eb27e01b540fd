/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.net.IDN;
import java.util.Locale;
import org.apache.james.core.Domain;

/**
 * A domain, or a set of domains, as written in the policy: {@code example.com} is that domain alone,
 * {@code *.example.com} every domain below it at any depth but not itself, {@code *} every domain.
 *
 * <p>Domains are compared by their A-labels (RFC 5890), in lower case; {@code bücher.example} and
 * {@code xn--bcher-kva.example} are the same.
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
        String ascii;
        try {
            ascii = withoutFinalDot(IDN.toASCII(name, IDN.USE_STD3_ASCII_RULES).toLowerCase(Locale.ROOT));
        } catch (IllegalArgumentException notADomain) {
            throw notADomain(text);
        }
        if (ascii.isEmpty() || ascii.length() > 253 || !isDomainName(ascii)) {
            throw notADomain(text);
        }
        return new DomainPattern(ascii, wildcard);
    }

    private static boolean isDomainName(String ascii) {
        for (String label : ascii.split("\\.", -1)) {
            if (label.isEmpty() || label.length() > 63 || label.startsWith("-") || label.endsWith("-")) {
                return false;
            }
        }
        // A top-level domain is never a number (RFC 3696, section 2): this is an address.
        return !ascii.substring(ascii.lastIndexOf('.') + 1).chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /** {@code example.com.} is the same name, written absolutely (RFC 1034, section 3.1). */
    private static String withoutFinalDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    private static PolicyException notADomain(String text) {
        return new PolicyException(
                Wording.quoted(text) + " is not a domain",
                "write example.com for that domain alone, *.example.com for all below it, or * for every domain");
    }

    /** The domain as the policy compares it: A-labels in lower case. */
    static String normalise(Domain domain) {
        String name = domain.asString();
        try {
            return IDN.toASCII(name, IDN.ALLOW_UNASSIGNED).toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException notIdn) {
            // An address literal, or a name that no pattern can mean: it is compared as it stands.
            return name.toLowerCase(Locale.ROOT);
        }
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
