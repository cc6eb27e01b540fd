/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.net.InetAddress;
import java.util.Optional;
import javax.net.ssl.SSLSession;
import org.apache.james.core.Username;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.smtp.SMTPSession;

/** What is known of a connection, read so that it can be relied on. */
final class SmtpFacts {
    /** What JSSE answers for a connection whose handshake is not done. */
    private static final String NO_CIPHER = "SSL_NULL_WITH_NULL_NULL";

    private SmtpFacts() {}

    /** The client's real address; behind a proxy, the one that the PROXY protocol gave. */
    static InetAddress client(SMTPSession session) {
        return session.getRemoteAddress().getAddress();
    }

    /** What the client said of itself; empty where it said nothing. */
    static String helo(SMTPSession session) {
        return session.getAttachment(SMTPSession.CURRENT_HELO_NAME, State.Connection)
                .orElse("");
    }

    /** The account that the client proved (RFC 4954). */
    static Optional<Username> account(SMTPSession session) {
        return Optional.ofNullable(session.getUsername());
    }

    /**
     * The TLS session of the connection, once its handshake is done. {@link SMTPSession#isTLSStarted()} is true from the
     * answer to STARTTLS on, while the client may still send clear text; it is no proof of encryption.
     */
    static Optional<SSLSession> tls(SMTPSession session) {
        return session.getSSLSession().filter(ssl -> !ssl.getCipherSuite().equals(NO_CIPHER));
    }
}
