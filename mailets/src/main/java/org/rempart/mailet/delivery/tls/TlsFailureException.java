/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * A handshake that gave no connection that may be used. The plain socket is closed. It is temporary for delivery: the
 * mail waits and is tried again; at a level that allows clear text, it may go in clear text over a <em>new</em>
 * connection.
 */
public final class TlsFailureException extends Exception {
    private static final long serialVersionUID = 1L;

    /** The enhanced status code "cryptographic failure", temporary (RFC 3463, section 3.8). */
    public static final String STATUS = "4.7.5";

    /** What went wrong. */
    public enum Kind {
        /** Bytes in clear text came behind the answer to STARTTLS: somebody on the way speaks in the peer's name. */
        INJECTED,
        /** The handshake was not done in its time. */
        TIMED_OUT,
        /** The peer, or something on the way, closed the connection. */
        LOST,
        /** No TLS version or cipher in common, an alert, or bytes that are no TLS. */
        HANDSHAKE,
        /** The certificate does not prove what is required. */
        CERTIFICATE;

        /** The kind in small letters. */
        public String keyword() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private final Kind kind;
    private final transient CertificateVerdict certificate;

    TlsFailureException(Kind kind, String message, CertificateVerdict certificate, Throwable cause) {
        super(message, cause);
        this.kind = Objects.requireNonNull(kind);
        this.certificate = certificate;
    }

    public Kind kind() {
        return kind;
    }

    /** What the certificate proves, if one was seen. */
    public Optional<CertificateVerdict> certificate() {
        return Optional.ofNullable(certificate);
    }
}
