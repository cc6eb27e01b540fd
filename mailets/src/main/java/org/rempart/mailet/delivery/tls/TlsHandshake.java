/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.rempart.mailet.delivery.tls.TlsFailureException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts TLS on a connection to an MX, as the client, and sees that it satisfies the requirement.
 *
 * <p>Only the TLS versions of the requirement are offered. The MX host's name is told to the peer (SNI, RFC 6066, section
 * 3), an address never. At the levels {@code opportunistic} and {@code encrypt} any certificate does, and what it proves
 * is told; at the others the handshake ends with an alert when the certificate
 * proves too little. A session is resumed only with the same host and port, and under an equal requirement; what its
 * certificate proves is looked at again each time.
 *
 * <p>Safe for use by many threads. To be closed when no more is started.
 */
public final class TlsHandshake implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(TlsHandshake.class);

    private final Duration deadline;
    private final ScheduledExecutorService watch;
    private final Map<TlsRequirement, TlsContext> contexts = Collections.synchronizedMap(new LastUsed<>());

    /** @param deadline how long a handshake may take in all, however slowly the peer sends */
    public TlsHandshake(Duration deadline) {
        this.deadline = deadline;
        this.watch = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "tls-handshake-deadlines");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Remembers what was used last. */
    private static final class LastUsed<V> extends LinkedHashMap<TlsRequirement, V> {
        private static final long serialVersionUID = 1L;
        private static final int LARGEST = 1_000;

        LastUsed() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<TlsRequirement, V> eldest) {
            return size() > LARGEST;
        }
    }

    /**
     * Does the handshake. When it fails, the plain socket is closed, so that nothing goes on in clear text over it.
     *
     * @param plain the connection, on which the peer has just answered 220 to STARTTLS
     * @param unread how many bytes the caller has received behind that answer. There must be none: in TLS the client
     *     speaks first, so they are of somebody on the way who wants them taken for what the peer says under TLS
     * @param requirement what must hold, at a level with TLS
     * @param mxHost the host name of the MX record, or the address of a gateway that has no name
     * @throws TlsFailureException when there is no connection that satisfies the requirement, with a reason for the
     *     administrator
     * @throws IllegalArgumentException at the level {@code none}
     */
    public TlsConnection start(Socket plain, int unread, TlsRequirement requirement, String mxHost)
            throws TlsFailureException {
        TlsContext context = contexts.computeIfAbsent(requirement, TlsContext::new);
        // Who sets this first decides: the handshake that has ended, or its deadline.
        AtomicBoolean ended = new AtomicBoolean();
        Future<?> deadlineWatch = watch.schedule(
                () -> {
                    if (ended.compareAndSet(false, true)) {
                        close(plain);
                    }
                },
                deadline.toMillis(),
                TimeUnit.MILLISECONDS);
        boolean done = false;
        try {
            refuseInjected(plain, unread);
            int timeout = plain.getSoTimeout();
            TlsConnection connection = context.connect(plain, HostNames.normalise(mxHost));
            connection.socket().setSoTimeout(timeout);
            done = ended.compareAndSet(false, true);
            if (!done) {
                throw late(null);
            }
            return connection;
        } catch (IOException failure) {
            throw ended.compareAndSet(false, true) ? failure(failure) : late(failure);
        } finally {
            deadlineWatch.cancel(false);
            if (!done) {
                close(plain);
            }
        }
    }

    /**
     * What keeps a connection from satisfying a requirement that is only tested; empty when it would do.
     *
     * @param tested what would have to hold
     * @param mxHost the host that was connected to
     * @param connection the connection; empty: mail went in clear text
     */
    public Optional<String> shortfall(TlsRequirement tested, String mxHost, Optional<TlsConnection> connection) {
        Optional<String> refusal = tested.refusal(mxHost);
        if (refusal.isPresent()) {
            return refusal;
        }
        if (connection.isEmpty()) {
            return tested.allowsClearText() ? Optional.empty() : Optional.of("there was no TLS");
        }
        return contexts.computeIfAbsent(tested, TlsContext::new)
                .shortfall(connection.get(), HostNames.normalise(mxHost));
    }

    private static void refuseInjected(Socket plain, int unread) throws IOException, TlsFailureException {
        if (unread > 0 || plain.getInputStream().available() > 0) {
            throw new TlsFailureException(
                    Kind.INJECTED,
                    "data in clear text came behind the answer to STARTTLS; somebody on the way may have put it there",
                    null,
                    null);
        }
    }

    private TlsFailureException late(IOException failure) {
        return new TlsFailureException(
                Kind.TIMED_OUT, "the handshake was not done within " + deadline.toSeconds() + " s", null, failure);
    }

    private TlsFailureException failure(IOException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SocketTimeoutException) {
                return new TlsFailureException(
                        Kind.TIMED_OUT, "the peer fell silent in the midst of the handshake", null, failure);
            }
            if (cause instanceof EOFException || cause instanceof SocketException) {
                return new TlsFailureException(
                        Kind.LOST,
                        "the connection was closed in the midst of the handshake (" + failure.getMessage() + ")",
                        null,
                        failure);
            }
        }
        return new TlsFailureException(Kind.HANDSHAKE, "the handshake failed: " + failure.getMessage(), null, failure);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException failure) {
            LOGGER.debug("Closing a connection failed", failure);
        }
    }

    @Override
    public void close() {
        watch.shutdownNow();
    }
}
