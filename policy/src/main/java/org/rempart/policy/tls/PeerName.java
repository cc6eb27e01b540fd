/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.tls;

import java.util.Locale;
import org.rempart.policy.DomainNames;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;

/**
 * A name that a peer's certificate may have: {@code mail.x.example} is that name alone, {@code .x.example} every name
 * below {@code x.example} at any depth, but not itself. Compared by A-labels (RFC 5890) in lower case.
 */
public final class PeerName {
    private final String name;
    private final boolean below;

    private PeerName(String name, boolean below) {
        this.name = name;
        this.below = below;
    }

    /**
     * Reads a name.
     *
     * @throws PolicyException when the text is neither a host or domain name nor one behind a dot
     */
    public static PeerName parse(String text) throws PolicyException {
        String trimmed = text.strip();
        boolean below = trimmed.startsWith(".");
        try {
            DomainPattern pattern = DomainPattern.parse(below ? trimmed.substring(1) : trimmed);
            if (!pattern.isWildcard()) {
                return new PeerName(pattern.name(), below);
            }
        } catch (PolicyException notAName) {
            // Told below, with what would be right here.
        }
        throw new PolicyException(
                Wording.quoted(text) + " is not a name that a certificate can have",
                "write mail.x.example for that name alone, .x.example for all below it");
    }

    /** This name alone; nothing is checked. */
    public static PeerName exactly(String name) {
        return new PeerName(DomainNames.comparable(name), false);
    }

    /** Every name below this one; nothing is checked. */
    public static PeerName below(String name) {
        return new PeerName(DomainNames.comparable(name), true);
    }

    /**
     * Whether a certificate's name is this one, or one of these.
     *
     * @param presented a DNS-ID (RFC 6125, section 6.4): a name, or {@code *.} and a name, where the star stands for
     *     exactly one whole label
     */
    public boolean matches(String presented) {
        String dnsId = presented.toLowerCase(Locale.ROOT);
        if (below) {
            return dnsId.endsWith("." + name) && dnsId.length() > name.length() + 1;
        }
        if (!dnsId.startsWith("*.")) {
            return dnsId.equals(name);
        }
        int dot = name.indexOf('.');
        String parent = dnsId.substring(2);
        // "*.example" would stand for a whole top-level domain.
        return dot > 0 && parent.indexOf('.') > 0 && parent.equals(name.substring(dot + 1));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PeerName && name.equals(((PeerName) other).name) && below == ((PeerName) other).below;
    }

    @Override
    public int hashCode() {
        return name.hashCode() * 2 + (below ? 1 : 0);
    }

    @Override
    public String toString() {
        return below ? "." + name : name;
    }
}
