/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.tls;

import java.util.Locale;
import java.util.Optional;

/** How much TLS a destination gets; the words are Postfix's {@code smtp_tls_security_level}. */
public enum TlsLevel {
    /** Clear text. */
    NONE,
    /** TLS where the peer offers it, any certificate; else clear text (RFC 7435). */
    OPPORTUNISTIC,
    /** TLS with any certificate, never clear text. */
    ENCRYPT,
    /** TLS, a certificate of a trusted authority for the name of the MX host; never clear text. */
    VERIFY,
    /** TLS, a certificate of a trusted authority for a name of the recipient's domain; never clear text. */
    SECURE,
    /** TLS, a certificate or key that the policy names; never clear text. */
    FINGERPRINT,
    /** What the destination's TLSA records ask for (RFC 7672); {@link #OPPORTUNISTIC} where it has none. */
    DANE,
    /** What the destination's TLSA records ask for; nothing goes where it has none. */
    DANE_ONLY;

    /** The level as the policy writes it. */
    public String keyword() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The level of this keyword, in lower case; empty when there is none. */
    public static Optional<TlsLevel> ofKeyword(String keyword) {
        for (TlsLevel level : values()) {
            if (level.keyword().equals(keyword)) {
                return Optional.of(level);
            }
        }
        return Optional.empty();
    }

    /** Whether this level asks the DNS for TLSA records. */
    public boolean isDane() {
        return this == DANE || this == DANE_ONLY;
    }

    /** Whether a peer must prove who it is at this level; {@link #DANE} says so only once the records are known. */
    public boolean provesPeer() {
        return !allowsClearText() && this != ENCRYPT;
    }

    /** Whether this level says by itself who the peer is, whichever host the DNS names. */
    public boolean namesPeer() {
        return this == SECURE || this == FINGERPRINT;
    }

    /** Whether mail may leave in clear text at this level; {@link #DANE} says so only once the records are known. */
    public boolean allowsClearText() {
        return this == NONE || this == OPPORTUNISTIC;
    }
}
