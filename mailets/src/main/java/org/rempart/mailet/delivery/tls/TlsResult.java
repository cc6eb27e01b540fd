/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.util.Locale;

/** What keeps a session from what a policy asks for, in the words of TLS reports (RFC 8460, section 4.3). */
public enum TlsResult {
    STARTTLS_NOT_SUPPORTED,
    CERTIFICATE_HOST_MISMATCH,
    CERTIFICATE_EXPIRED,
    CERTIFICATE_NOT_TRUSTED,
    /** Whatever has no word of its own. */
    VALIDATION_FAILURE,
    /** What DNSSEC should prove is not proven. */
    DNSSEC_INVALID,
    /** The domain says that it has an MTA-STS policy, and it can't be had. */
    STS_POLICY_FETCH_ERROR,
    /** ... and it is none. */
    STS_POLICY_INVALID,
    /** ... and the certificate of its host is no good. */
    STS_WEBPKI_INVALID,
    /** Nothing goes without DANE here, and the host has none. */
    DANE_REQUIRED;

    /** {@code starttls-not-supported} and the like. */
    public String keyword() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether it is about what the peer has, rather than about a handshake that another time may end well. */
    public boolean isOfPeer() {
        return this == STARTTLS_NOT_SUPPORTED
                || this == CERTIFICATE_HOST_MISMATCH
                || this == CERTIFICATE_EXPIRED
                || this == CERTIFICATE_NOT_TRUSTED;
    }

    /** Of a handshake that failed. */
    public static TlsResult of(TlsFailureException failure) {
        return failure.certificate().map(TlsResult::of).orElse(VALIDATION_FAILURE);
    }

    private static TlsResult of(CertificateVerdict certificate) {
        switch (certificate.kind()) {
            case WRONG_NAME:
                return CERTIFICATE_HOST_MISMATCH;
            case EXPIRED:
            case NOT_YET_VALID:
                return CERTIFICATE_EXPIRED;
            case TRUSTED:
            case PINNED:
            case DANE:
                return VALIDATION_FAILURE;
            default:
                return CERTIFICATE_NOT_TRUSTED;
        }
    }
}
