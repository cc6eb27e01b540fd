/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.tls;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Dialogue;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Wire;

/** Whether a client may ask for new handshakes on one connection, which costs the server more than the client. */
public enum ClientRenegotiation {
    REFUSED("a second handshake is refused"),
    IGNORED("a second handshake does not come"),
    TAKEN("a client may ask for new handshakes on one connection");

    private static final Duration TIME = Duration.ofSeconds(2);
    private static final long DONE_MILLIS = 200;

    private final String words;

    ClientRenegotiation(String words) {
        this.words = words;
    }

    public String words() {
        return words;
    }

    /**
     * Asks for one.
     *
     * @param version up to TLS 1.2; TLS 1.3 has none
     * @throws javax.net.ssl.SSLException when there is no first handshake
     */
    public static ClientRenegotiation of(Listener listener, Budget budget, Version version) throws IOException {
        try (Wire wire = Dialogue.secure(listener, budget, Jsse.only(version.label()))) {
            SSLSocket socket = wire.tls().orElseThrow();
            socket.setSoTimeout((int) TIME.toMillis());
            CountDownLatch second = new CountDownLatch(1);
            socket.addHandshakeCompletedListener(event -> second.countDown());
            try {
                socket.startHandshake();
                return second.await(DONE_MILLIS, TimeUnit.MILLISECONDS) ? TAKEN : IGNORED;
            } catch (IOException refused) {
                return REFUSED;
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", interrupted);
            }
        }
    }
}
