/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** What a peer's certificate proves, told also where nothing has to be proven. */
public final class CertificateVerdict {
    /** The outcomes; {@link #keyword()} is how the audit trail writes them. */
    public enum Kind {
        /** A trusted authority vouches for one of the names that were asked for. */
        TRUSTED,
        /** The certificate or its key is one that the policy names. */
        PINNED,
        /** A TLSA record names it, its key, or an authority that vouches for one of the names that were asked for. */
        DANE,
        /** A trusted authority vouches for it, but for other names. */
        WRONG_NAME,
        EXPIRED,
        NOT_YET_VALID,
        /** It vouches for itself. */
        SELF_SIGNED,
        /** No trusted authority vouches for it. */
        UNTRUSTED,
        /** Its chain is signed by an algorithm or with a key that is too weak. */
        WEAK,
        /** Neither the certificate nor its key is one that the policy names. */
        NOT_PINNED,
        /** No TLSA record names it, its key, or an authority that has issued it. */
        NOT_DANE;

        /** {@code wrong-name} and the like. */
        public String keyword() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private final Kind kind;
    private final String detail;
    private final List<X509Certificate> chain;

    CertificateVerdict(Kind kind, String detail, List<X509Certificate> chain) {
        this.kind = Objects.requireNonNull(kind);
        this.detail = Objects.requireNonNull(detail);
        this.chain = List.copyOf(chain);
    }

    public Kind kind() {
        return kind;
    }

    /** Whether it proves what was asked for. */
    public boolean isProof() {
        return kind == Kind.TRUSTED || kind == Kind.PINNED || kind == Kind.DANE;
    }

    /** What it is, in words, with the names, dates or digests that matter. */
    public String detail() {
        return detail;
    }

    /** The certificates as the peer sent them, its own first. */
    public List<X509Certificate> chain() {
        return chain;
    }

    @Override
    public String toString() {
        return kind.keyword() + ": " + detail;
    }
}
