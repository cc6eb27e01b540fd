/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;
import org.rempart.mailet.delivery.tls.TlsConnection;
import org.rempart.mailet.delivery.tls.TlsResult;
import org.rempart.policy.trail.AuditEvent;

/**
 * An open connection to a server, behind its greeting, and behind the TLS handshake if there is one: it takes one mail after
 * the other. What is sent over it, and what the answers mean, is {@link MailTransaction}'s business; how it came about,
 * {@link Connector}'s. Of one thread at a time.
 */
final class SmtpConnection {
    private final SocketChannel channel;
    private final Endpoint endpoint;
    private final InetAddress address;
    private final Timeouts timeouts;
    private final OutputStream out;
    private final ReplyReader replies;
    private final EhloResponse server;
    private final TlsConnection tls;
    private final String clearTextReason;
    private final Optional<TlsResult> lacking;

    private int transactions;
    private boolean needsReset;
    private boolean takenRecipients;
    private boolean droppedEarly;
    private boolean abandoned;
    private long idleSince;
    /** When the present writing has to be done, by {@link System#nanoTime}; 0 while nothing is written. */
    private volatile long writeDeadline;

    /**
     * @param socket that the conversation goes on over: the channel's own, or TLS upon it
     * @param tls empty: mail goes in clear text
     * @param clearTextReason why there is no TLS; empty where there is
     * @param lacking the same in the words of TLS reports; empty where there is TLS, or none was asked for
     */
    SmtpConnection(
            SocketChannel channel,
            Socket socket,
            ReplyReader replies,
            Endpoint endpoint,
            InetAddress address,
            Timeouts timeouts,
            EhloResponse server,
            Optional<TlsConnection> tls,
            String clearTextReason,
            Optional<TlsResult> lacking)
            throws IOException {
        this.channel = channel;
        this.endpoint = endpoint;
        this.address = address;
        this.timeouts = timeouts;
        this.out = socket.getOutputStream();
        this.replies = replies;
        this.server = server;
        this.tls = tls.orElse(null);
        this.clearTextReason = clearTextReason;
        this.lacking = lacking;
    }

    Endpoint endpoint() {
        return endpoint;
    }

    Timeouts timeouts() {
        return timeouts;
    }

    /** What the server offers, after the handshake if there was one. */
    EhloResponse server() {
        return server;
    }

    Optional<TlsConnection> tls() {
        return Optional.ofNullable(tls);
    }

    /** Why mail goes in clear text; empty where it does not. */
    String clearTextReason() {
        return clearTextReason;
    }

    /** What was wrong with TLS, where there is none. */
    Optional<TlsResult> lacking() {
        return lacking;
    }

    /** Tells whom it leads to and how it is protected: {@code mx}, {@code address}, {@code port}, and those of TLS. */
    void describe(AuditEvent event) {
        event.with("mx", endpoint.host())
                .with("address", address.getHostAddress())
                .with("port", endpoint.port());
        if (tls != null) {
            tls.describe(event);
        } else {
            event.with("tlsVersion", "none").with("clearText", clearTextReason);
        }
    }

    /**
     * Writes bytes; who does not take them in time loses the connection.
     *
     * @throws SocketTimeoutException where that was so
     */
    void write(byte[] bytes, int offset, int length) throws IOException {
        writeDeadline = System.nanoTime() + timeouts.dataBlock().toNanos();
        try {
            out.write(bytes, offset, length);
            out.flush();
        } catch (IOException lost) {
            if (!isStuck()) {
                throw lost;
            }
            SocketTimeoutException late = new SocketTimeoutException("it has stopped to take what is sent");
            late.initCause(lost);
            throw late;
        } finally {
            writeDeadline = 0;
        }
    }

    void write(Flight flight) throws IOException {
        byte[] bytes = flight.toByteArray();
        write(bytes, 0, bytes.length);
    }

    SmtpReply read(Duration timeout) throws IOException {
        SmtpReply reply = replies.read(timeout);
        if (reply.saysGoodbye()) {
            abandon();
        }
        return reply;
    }

    /** Counts a mail. */
    void begin() {
        transactions++;
    }

    /** How many mails went, or should have gone, over it. */
    int transactions() {
        return transactions;
    }

    /** Whether the server still has a transaction open, which RSET has to end before the next one. */
    boolean needsReset() {
        return needsReset;
    }

    void needsReset(boolean value) {
        this.needsReset = value;
    }

    /**
     * Whether a message may travel along with its envelope: the server has taken a recipient over it, and is none of those
     * that hang up at MAIL, of whom one can't know then what they have.
     */
    boolean takesAllAtOnce() {
        return takenRecipients && !droppedEarly;
    }

    void hasTakenRecipient() {
        this.takenRecipients = true;
    }

    /** Whether the server has hung up, here or elsewhere before, when a message had gone along with its envelope. */
    boolean hasDroppedEarly() {
        return droppedEarly;
    }

    void droppedEarly(boolean value) {
        this.droppedEarly = value;
    }

    /** Marks it as not to be used again. */
    void abandon() {
        abandoned = true;
    }

    boolean isAbandoned() {
        return abandoned;
    }

    void rest() {
        idleSince = System.nanoTime();
    }

    Duration idle() {
        return Duration.ofNanos(System.nanoTime() - idleSince);
    }

    /**
     * Whether the peer has closed a resting connection, or has said something unasked, which can only be a goodbye. It is
     * not to be used any more then.
     */
    boolean isStale() {
        try {
            if (replies.hasMore()) {
                return true;
            }
            channel.configureBlocking(false);
            try {
                return channel.read(ByteBuffer.allocate(1)) != 0;
            } finally {
                channel.configureBlocking(true);
            }
        } catch (IOException lost) {
            return true;
        }
    }

    /** Whether the peer has taken too long to take what is written. */
    boolean isStuck() {
        long deadline = writeDeadline;
        return deadline != 0 && System.nanoTime() - deadline > 0;
    }

    /** Ends the conversation politely, without waiting for the answer. */
    void quit() {
        try {
            if (!abandoned) {
                write(new Flight().line("QUIT"));
            }
        } catch (IOException gone) {
            // There is nobody to be polite to.
        } finally {
            close();
        }
    }

    /**
     * Closes the socket below TLS: who has said QUIT, or is not spoken to any more, needs no TLS alert, and waiting for one
     * could take for ever.
     */
    void close() {
        abandoned = true;
        try {
            channel.close();
        } catch (IOException gone) {
            // It is closed either way.
        }
    }
}
