/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.rempart.mailet.delivery.tls.TlsConnection;
import org.rempart.mailet.delivery.tls.TlsFailureException;
import org.rempart.mailet.delivery.tls.TlsHandshake;
import org.rempart.mailet.delivery.tls.TlsRequirement;
import org.rempart.policy.tls.TlsLevel;

/**
 * Opens connections: TCP, greeting, EHLO, STARTTLS (RFC 3207), EHLO once more, AUTH (RFC 4954).
 *
 * <p>STARTTLS is asked for wherever it is offered and the level is not {@code none}. Where it is not offered, refused or
 * fails, a level that allows it gets clear text; after a failure over a new connection, since nobody knows what became of
 * the first. The one failure that is never answered so is data injected behind the answer to STARTTLS: somebody is there.
 */
final class Connector {
    private final DeliverySettings settings;
    private final TlsHandshake handshake;

    Connector(DeliverySettings settings, TlsHandshake handshake) {
        this.settings = settings;
        this.handshake = handshake;
    }

    /**
     * Opens a connection that satisfies a requirement.
     *
     * @param endpoint the MX host, or the gateway
     * @param address one of its addresses
     * @throws ConnectionFailureException when there is none
     */
    SmtpConnection open(Endpoint endpoint, InetAddress address, TlsRequirement requirement)
            throws ConnectionFailureException {
        Optional<String> clearText =
                requirement.level() == TlsLevel.NONE ? Optional.of("the level is none") : Optional.empty();
        while (true) {
            try {
                return open(endpoint, address, requirement, clearText);
            } catch (TlsUnavailableException failure) {
                if (!requirement.allowsClearText() || failure.injected || clearText.isPresent()) {
                    throw ConnectionFailureException.tls(
                            endpoint.host() + ": " + failure.getMessage() + "; required is "
                                    + requirement.level().keyword(),
                            failure);
                }
                clearText = Optional.of(String.valueOf(failure.getMessage()));
            }
        }
    }

    private SmtpConnection open(
            Endpoint endpoint, InetAddress address, TlsRequirement requirement, Optional<String> clearText)
            throws ConnectionFailureException, TlsUnavailableException {
        Timeouts timeouts = settings.timeouts();
        SocketChannel channel = connect(endpoint, address);
        boolean done = false;
        try {
            Socket socket = channel.socket();
            ReplyReader replies = new ReplyReader(socket, socket.getInputStream());
            SmtpReply greeting = replies.read(timeouts.greeting());
            if (greeting.code() != 220) {
                throw refused(endpoint, "the greeting", greeting);
            }
            EhloResponse server = ehlo(endpoint, socket, replies);
            Optional<TlsConnection> tls = Optional.empty();
            String reason = clearText.orElse("");
            if (clearText.isEmpty() && server.offers("STARTTLS")) {
                tls = Optional.of(startTls(endpoint, socket, replies, requirement));
                socket = tls.get().socket();
                replies = new ReplyReader(socket, socket.getInputStream());
                server = ehlo(endpoint, socket, replies);
            } else if (clearText.isEmpty()) {
                if (!requirement.allowsClearText()) {
                    throw ConnectionFailureException.tls(
                            endpoint.host() + " does not offer STARTTLS; required is "
                                    + requirement.level().keyword(),
                            null);
                }
                reason = "STARTTLS is not offered";
            }
            if (settings.credentials().isPresent()) {
                authenticate(
                        endpoint,
                        socket,
                        replies,
                        server,
                        tls.isPresent(),
                        settings.credentials().get());
            }
            SmtpConnection connection =
                    new SmtpConnection(channel, socket, replies, endpoint, address, timeouts, server, tls, reason);
            done = true;
            return connection;
        } catch (IOException lost) {
            throw ConnectionFailureException.unavailable(
                    "421 4.4.2 " + endpoint.host() + " [" + address.getHostAddress() + "]: " + lost.getMessage(), lost);
        } finally {
            if (!done) {
                close(channel);
            }
        }
    }

    private SocketChannel connect(Endpoint endpoint, InetAddress address) throws ConnectionFailureException {
        SocketChannel channel = null;
        boolean done = false;
        try {
            channel = SocketChannel.open();
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            if (settings.bind().isPresent()) {
                channel.bind(new InetSocketAddress(settings.bind().get(), 0));
            }
            channel.socket()
                    .connect(
                            new InetSocketAddress(address, endpoint.port()),
                            millis(settings.timeouts().connect()));
            done = true;
            return channel;
        } catch (IOException | RuntimeException unreachable) {
            // RuntimeException: an address of another family than the one that is bound to.
            throw ConnectionFailureException.unavailable(
                    "421 4.4.1 " + endpoint.host() + " [" + address.getHostAddress() + "]:" + endpoint.port()
                            + " can't be connected to: " + unreachable.getMessage(),
                    unreachable);
        } finally {
            if (!done && channel != null) {
                close(channel);
            }
        }
    }

    private EhloResponse ehlo(Endpoint endpoint, Socket socket, ReplyReader replies)
            throws IOException, ConnectionFailureException {
        SmtpReply reply = command(socket, replies, "EHLO " + settings.heloName());
        if (reply.code() == 250) {
            return EhloResponse.of(reply);
        }
        if (reply.isPermanent()) {
            SmtpReply plain = command(socket, replies, "HELO " + settings.heloName());
            if (plain.code() == 250) {
                return EhloResponse.none();
            }
            throw refused(endpoint, "HELO", plain);
        }
        throw refused(endpoint, "EHLO", reply);
    }

    private TlsConnection startTls(Endpoint endpoint, Socket socket, ReplyReader replies, TlsRequirement requirement)
            throws TlsUnavailableException {
        try {
            SmtpReply reply = command(socket, replies, "STARTTLS");
            if (reply.code() != 220) {
                throw new TlsUnavailableException("STARTTLS was answered with " + reply, false, null);
            }
            socket.setSoTimeout(millis(settings.timeouts().command()));
            return handshake.start(socket, replies.hasMore() ? 1 : 0, requirement, endpoint.host());
        } catch (TlsFailureException failure) {
            throw new TlsUnavailableException(
                    failure.getMessage(), failure.kind() == TlsFailureException.Kind.INJECTED, failure);
        } catch (IOException lost) {
            throw new TlsUnavailableException("STARTTLS got no answer: " + lost.getMessage(), false, lost);
        }
    }

    private void authenticate(
            Endpoint endpoint,
            Socket socket,
            ReplyReader replies,
            EhloResponse server,
            boolean encrypted,
            Credentials credentials)
            throws IOException, ConnectionFailureException {
        if (!encrypted) {
            throw ConnectionFailureException.tls(
                    endpoint.host() + " gave no TLS, and without it the gateway's password is not sent", null);
        }
        Set<String> mechanisms = server.authMechanisms();
        SmtpReply reply;
        if (mechanisms.contains("PLAIN")) {
            reply = command(socket, replies, "AUTH PLAIN " + credentials.plain());
        } else if (mechanisms.contains("LOGIN")) {
            reply = command(socket, replies, "AUTH LOGIN");
            if (reply.isIntermediate()) {
                reply = command(socket, replies, credentials.loginUser());
            }
            if (reply.isIntermediate()) {
                reply = command(socket, replies, credentials.loginPassword());
            }
        } else {
            throw ConnectionFailureException.unavailable(
                    "454 4.7.0 " + endpoint.host() + " offers neither AUTH PLAIN nor AUTH LOGIN", null);
        }
        if (!reply.isPositive()) {
            throw refused(endpoint, "AUTH", reply);
        }
    }

    private SmtpReply command(Socket socket, ReplyReader replies, String command) throws IOException {
        socket.getOutputStream().write(new Flight().line(command).toByteArray());
        socket.getOutputStream().flush();
        return replies.read(settings.timeouts().command());
    }

    /**
     * Whatever a server refuses before it has heard of a mail says nothing about the mail: another host may take it, or the
     * same one later, even where the refusal is a 5xx.
     */
    private static ConnectionFailureException refused(Endpoint endpoint, String what, SmtpReply reply) {
        return ConnectionFailureException.unavailable(
                "450 4.3.2 " + endpoint.host() + " answered " + what + " with " + reply, null);
    }

    private static int millis(Duration duration) {
        return (int) Math.min(duration.toMillis(), Integer.MAX_VALUE);
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException gone) {
            // It is closed either way.
        }
    }

    /** TLS was offered and can't be had. */
    private static final class TlsUnavailableException extends Exception {
        private static final long serialVersionUID = 1L;

        private final boolean injected;

        TlsUnavailableException(String message, boolean injected, Throwable cause) {
            super(message, cause);
            this.injected = injected;
        }
    }
}
