/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.rempart.mailet.delivery.tls.TlsConnection;
import org.rempart.mailet.delivery.tls.TlsFailureException;
import org.rempart.mailet.delivery.tls.TlsHandshake;
import org.rempart.mailet.delivery.tls.TlsRequirement;
import org.rempart.mailet.delivery.tls.TlsResult;
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
    private final Listener listener;

    /** Is told what a server is like before it is known whether mail may go to it. */
    interface Listener {
        /** The server has greeted, and said in clear text what it offers. */
        default void greeted(EhloResponse server) {}

        /** TLS was begun, and gave no connection that may be used. */
        default void handshakeFailed(TlsFailureException failure) {}
    }

    Connector(DeliverySettings settings, TlsHandshake handshake) {
        this(settings, handshake, new Listener() {});
    }

    Connector(DeliverySettings settings, TlsHandshake handshake, Listener listener) {
        this.settings = settings;
        this.handshake = handshake;
        this.listener = listener;
    }

    /**
     * Opens a connection that satisfies a requirement.
     *
     * @param endpoint the MX host, or the gateway
     * @param address one of its addresses
     * @param mailRequiresTls whether the mail requires TLS all the way (REQUIRETLS), and does not wait for the peer to have it
     *     one day (RFC 8689, section 4.2.1)
     * @throws ConnectionFailureException when there is none
     */
    SmtpConnection open(Endpoint endpoint, InetAddress address, TlsRequirement requirement, boolean mailRequiresTls)
            throws ConnectionFailureException {
        Optional<String> clearText =
                requirement.level() == TlsLevel.NONE ? Optional.of("the level is none") : Optional.empty();
        Optional<TlsResult> lacking = Optional.empty();
        while (true) {
            try {
                return new Opening(endpoint, address, requirement, mailRequiresTls).open(clearText, lacking);
            } catch (TlsUnavailableException failure) {
                if (!requirement.allowsClearText() || failure.injected || clearText.isPresent()) {
                    throw withoutTls(
                            endpoint.host(),
                            failure.stage,
                            failure.event,
                            endpoint.host() + ": " + failure.getMessage() + "; required is "
                                    + requirement.level().keyword(),
                            failure.result,
                            mailRequiresTls,
                            failure);
                }
                clearText = Optional.of(String.valueOf(failure.getMessage()));
                lacking = Optional.of(failure.result);
            }
        }
    }

    private static ConnectionFailureException withoutTls(
            String host,
            Stage stage,
            Event event,
            String reason,
            TlsResult result,
            boolean mailRequiresTls,
            Throwable cause) {
        boolean forNow = event == Event.TRANSIENT || event == Event.GOODBYE;
        Outcome outcome = mailRequiresTls && result.isOfPeer() && !forNow
                ? Outcome.local(
                        Stage.TLS,
                        Event.UNSUPPORTED,
                        550,
                        result == TlsResult.STARTTLS_NOT_SUPPORTED ? "5.7.10" : "5.7.30",
                        reason + ", since the mail requires TLS all the way (REQUIRETLS)")
                : Outcome.local(stage, event, 454, "4.7.5", reason);
        return new ConnectionFailureException(outcome.at(host), result, cause);
    }

    /** One connection on its way. */
    private final class Opening {
        private final Endpoint endpoint;
        private final InetAddress address;
        private final TlsRequirement requirement;
        private final boolean mailRequiresTls;
        private Stage stage = Stage.GREETING;
        private Socket socket;
        private ReplyReader replies;

        Opening(Endpoint endpoint, InetAddress address, TlsRequirement requirement, boolean mailRequiresTls) {
            this.endpoint = endpoint;
            this.address = address;
            this.requirement = requirement;
            this.mailRequiresTls = mailRequiresTls;
        }

        SmtpConnection open(Optional<String> clearText, Optional<TlsResult> before)
                throws ConnectionFailureException, TlsUnavailableException {
            Optional<TlsResult> lacking = before;
            Timeouts timeouts = settings.timeouts();
            SocketChannel channel = connect();
            boolean done = false;
            try {
                converseOver(channel.socket());
                SmtpReply greeting = replies.read(timeouts.greeting());
                if (greeting.code() != 220) {
                    throw refused(greeting);
                }
                EhloResponse server = ehlo();
                listener.greeted(server);
                Optional<TlsConnection> tls = Optional.empty();
                String reason = clearText.orElse("");
                if (clearText.isEmpty() && server.offers("STARTTLS")) {
                    tls = Optional.of(startTls());
                    converseOver(tls.get().socket());
                    server = ehlo();
                } else if (clearText.isEmpty()) {
                    if (!requirement.allowsClearText()) {
                        throw withoutTls(
                                endpoint.host(),
                                Stage.STARTTLS,
                                Event.UNSUPPORTED,
                                endpoint.host() + " does not offer STARTTLS; required is "
                                        + requirement.level().keyword(),
                                TlsResult.STARTTLS_NOT_SUPPORTED,
                                mailRequiresTls,
                                null);
                    }
                    reason = "STARTTLS is not offered";
                    lacking = Optional.of(TlsResult.STARTTLS_NOT_SUPPORTED);
                }
                if (settings.credentials().isPresent()) {
                    authenticate(server, tls.isPresent(), settings.credentials().get());
                }
                SmtpConnection connection = new SmtpConnection(
                        channel, socket, replies, endpoint, address, timeouts, server, tls, reason, lacking);
                done = true;
                return connection;
            } catch (IOException lost) {
                throw lost(lost);
            } finally {
                if (!done) {
                    close(channel);
                }
            }
        }

        private SocketChannel connect() throws ConnectionFailureException {
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
                throw new ConnectionFailureException(
                        Outcome.local(
                                        Stage.CONNECT,
                                        unreachable instanceof SocketTimeoutException ? Event.SILENT : Event.LOST,
                                        421,
                                        "4.4.1",
                                        where() + ":" + endpoint.port() + " can't be connected to: "
                                                + unreachable.getMessage())
                                .at(endpoint.host()),
                        unreachable);
            } finally {
                if (!done && channel != null) {
                    close(channel);
                }
            }
        }

        private String where() {
            return endpoint.host() + " [" + address.getHostAddress() + "]";
        }

        private void converseOver(Socket next) throws IOException {
            socket = next;
            replies = new ReplyReader(next, next.getInputStream());
        }

        private EhloResponse ehlo() throws IOException, ConnectionFailureException {
            stage = Stage.EHLO;
            SmtpReply reply = command("EHLO " + settings.heloName());
            if (reply.code() == 250) {
                return EhloResponse.of(reply);
            }
            if (reply.isPermanent()) {
                SmtpReply plain = command("HELO " + settings.heloName());
                if (plain.code() == 250) {
                    return EhloResponse.none();
                }
                throw refused(plain);
            }
            throw refused(reply);
        }

        private TlsConnection startTls() throws TlsUnavailableException {
            try {
                SmtpReply reply = command("STARTTLS");
                if (reply.code() != 220) {
                    throw new TlsUnavailableException(
                            Stage.STARTTLS,
                            Event.of(reply),
                            "STARTTLS was answered with " + reply,
                            TlsResult.STARTTLS_NOT_SUPPORTED,
                            false,
                            null);
                }
                socket.setSoTimeout(millis(settings.timeouts().command()));
                return handshake.start(socket, replies.hasMore() ? 1 : 0, requirement, endpoint.host());
            } catch (TlsFailureException failure) {
                listener.handshakeFailed(failure);
                throw new TlsUnavailableException(
                        Stage.TLS,
                        Event.of(failure),
                        failure.getMessage(),
                        TlsResult.of(failure),
                        failure.kind() == TlsFailureException.Kind.INJECTED,
                        failure);
            } catch (IOException lost) {
                throw new TlsUnavailableException(
                        Stage.STARTTLS,
                        Event.of(lost),
                        "STARTTLS got no answer: " + lost.getMessage(),
                        TlsResult.VALIDATION_FAILURE,
                        false,
                        lost);
            }
        }

        private void authenticate(EhloResponse server, boolean encrypted, Credentials credentials)
                throws IOException, ConnectionFailureException {
            if (!encrypted) {
                throw withoutTls(
                        endpoint.host(),
                        Stage.TLS,
                        Event.FORBIDDEN,
                        endpoint.host() + " gave no TLS, and without it the gateway's password is not sent",
                        TlsResult.STARTTLS_NOT_SUPPORTED,
                        mailRequiresTls,
                        null);
            }
            stage = Stage.AUTH;
            Set<String> mechanisms = server.authMechanisms();
            SmtpReply reply;
            if (mechanisms.contains("PLAIN")) {
                reply = command("AUTH PLAIN " + credentials.plain());
            } else if (mechanisms.contains("LOGIN")) {
                reply = command("AUTH LOGIN");
                if (reply.isIntermediate()) {
                    reply = command(credentials.loginUser());
                }
                if (reply.isIntermediate()) {
                    reply = command(credentials.loginPassword());
                }
            } else {
                throw new ConnectionFailureException(
                        Outcome.local(
                                        Stage.AUTH,
                                        Event.UNSUPPORTED,
                                        454,
                                        "4.7.0",
                                        endpoint.host() + " offers neither AUTH PLAIN nor AUTH LOGIN")
                                .at(endpoint.host()),
                        null);
            }
            if (!reply.isPositive()) {
                throw refused(reply);
            }
        }

        private SmtpReply command(String command) throws IOException {
            socket.getOutputStream().write(new Flight().line(command).toByteArray());
            socket.getOutputStream().flush();
            return replies.read(settings.timeouts().command());
        }

        /**
         * Whatever a server refuses before it has heard of a mail says nothing about the mail: another host may take it, or
         * the same one later, even where the refusal is a 5xx.
         */
        private ConnectionFailureException refused(SmtpReply reply) {
            return new ConnectionFailureException(
                    Outcome.local(
                                    stage,
                                    Event.of(reply),
                                    450,
                                    "4.3.2",
                                    endpoint.host() + " answered " + stage + " with " + reply)
                            .at(endpoint.host()),
                    null);
        }

        private ConnectionFailureException lost(IOException fault) {
            return new ConnectionFailureException(
                    Outcome.local(
                                    stage,
                                    Event.of(fault),
                                    421,
                                    fault instanceof SmtpProtocolException ? "4.5.0" : "4.4.2",
                                    where() + ": " + fault.getMessage() + ", while waiting for the answer to " + stage)
                            .at(endpoint.host()),
                    fault);
        }
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

        private final Stage stage;
        private final Event event;
        private final TlsResult result;
        private final boolean injected;

        TlsUnavailableException(
                Stage stage, Event event, String message, TlsResult result, boolean injected, Throwable cause) {
            super(message, cause);
            this.stage = stage;
            this.event = event;
            this.result = result;
            this.injected = injected;
        }
    }
}
