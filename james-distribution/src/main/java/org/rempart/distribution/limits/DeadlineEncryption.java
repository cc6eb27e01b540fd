/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.limits;

import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import org.apache.james.protocols.api.ClientAuth;
import org.apache.james.protocols.netty.Encryption;

/**
 * A listener's TLS, with a deadline for the whole handshake.
 *
 * @param tls what James made of the configuration
 * @param handshakeDeadline how long a client may take from its connection, or from the answer to STARTTLS, to the end of
 *     the handshake
 */
public record DeadlineEncryption(Encryption tls, Duration handshakeDeadline) implements Encryption {
    /** The same TLS with a deadline; null, as James has it, where there is none. */
    public static Encryption of(Encryption tls, Duration handshakeDeadline) {
        return tls == null ? null : new DeadlineEncryption(tls, handshakeDeadline);
    }

    @Override
    public boolean isStartTLS() {
        return tls.isStartTLS();
    }

    @Override
    public boolean supportsEncryption() {
        return tls.supportsEncryption();
    }

    @Override
    public String[] getEnabledCipherSuites() {
        return tls.getEnabledCipherSuites();
    }

    @Override
    public ClientAuth getClientAuth() {
        return tls.getClientAuth();
    }

    @Override
    public SslHandler sslHandler() {
        SslHandler handler = tls.sslHandler();
        handler.setHandshakeTimeoutMillis(handshakeDeadline.toMillis());
        return handler;
    }
}
