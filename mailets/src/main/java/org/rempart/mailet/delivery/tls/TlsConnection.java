/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.util.Objects;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.rempart.policy.trail.AuditEvent;

/** A connection under TLS that satisfies its requirement. Closing its socket closes all. */
public final class TlsConnection {
    private final SSLSocket socket;
    private final SSLSession session;
    private final CertificateVerdict certificate;
    private final boolean resumed;

    TlsConnection(SSLSocket socket, SSLSession session, CertificateVerdict certificate, boolean resumed) {
        this.socket = Objects.requireNonNull(socket);
        this.session = Objects.requireNonNull(session);
        this.certificate = Objects.requireNonNull(certificate);
        this.resumed = resumed;
    }

    /** The socket to go on with; nothing was read from it yet, and its read timeout is what the plain socket's was. */
    public SSLSocket socket() {
        return socket;
    }

    /** The version, {@code TLSv1.3} or {@code TLSv1.2}. */
    public String protocol() {
        return session.getProtocol();
    }

    /** The cipher suite's name (RFC 8446, appendix B.4). */
    public String cipher() {
        return session.getCipherSuite();
    }

    /** What the peer's certificate proves; at a level that asks for no proof it may prove nothing. */
    public CertificateVerdict certificate() {
        return certificate;
    }

    /** Whether an earlier session with this peer under an equal requirement was resumed. */
    public boolean isResumed() {
        return resumed;
    }

    /** Adds to an event {@code tlsVersion}, {@code cipher}, {@code certificate} and {@code resumed}. */
    public AuditEvent describe(AuditEvent event) {
        return event.with("tlsVersion", protocol())
                .with("cipher", cipher())
                .with("certificate", certificate.toString())
                .with("resumed", resumed ? "yes" : "no");
    }
}
