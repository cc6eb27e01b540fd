/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.mailet.Mail;
import org.rempart.mailet.delivery.RecipientOutcome.Fate;
import org.rempart.mailet.delivery.tls.TlsDecision;
import org.rempart.mailet.delivery.tls.TlsHandshake;
import org.rempart.mailet.delivery.tls.TlsPolicyUnavailableException;

/**
 * Takes a mail to those of its recipients who share a domain: over a resting connection if there is one, else to the first
 * host that can be connected to and takes it. A host that refuses the mail itself has decided; one that is away, or hangs
 * up before it has the message, leaves it to the next.
 */
final class Courier {
    /** RFC 5321, section 4.5.3.1.8: so many a server has to take. */
    private static final int RECIPIENTS = 100;

    private static final int CONNECTION_TRIES = 5;
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private final DeliverySettings settings;
    private final MxResolver resolver;
    private final OutboundTlsRules rules;
    private final Connector connector;
    private final ConnectionPool pool;
    private final TlsHandshake handshake;
    private final DeliveryTrail trail;

    Courier(
            DeliverySettings settings,
            MxResolver resolver,
            OutboundTlsRules rules,
            TlsHandshake handshake,
            ConnectionPool pool,
            DeliveryTrail trail) {
        this.settings = settings;
        this.resolver = resolver;
        this.rules = rules;
        this.handshake = handshake;
        this.connector = new Connector(settings, handshake);
        this.pool = pool;
        this.trail = trail;
    }

    /** What came of a way to a domain. */
    static final class Report {
        private final Map<MailAddress, RecipientOutcome> outcomes;
        private final boolean unreachable;
        private final boolean busy;
        private final boolean unknownDomain;

        private Report(
                Map<MailAddress, RecipientOutcome> outcomes, boolean unreachable, boolean busy, boolean unknownDomain) {
            this.outcomes = outcomes;
            this.unreachable = unreachable;
            this.busy = busy;
            this.unknownDomain = unknownDomain;
        }

        /** For each recipient; for none that is to be tried again at once when the destination was busy. */
        Map<MailAddress, RecipientOutcome> outcomes() {
            return outcomes;
        }

        /** Whether no host could be talked to at all. */
        boolean isUnreachable() {
            return unreachable;
        }

        /** Whether there are as many connections as there may be, so that nothing could be tried. */
        boolean isBusy() {
            return busy;
        }

        /** Whether the DNS does not know the domain: such mail has retries of its own number. */
        boolean isUnknownDomain() {
            return unknownDomain;
        }
    }

    Report deliver(Mail mail, Domain domain, List<MailAddress> recipients, OutgoingMessage message) {
        return new Way(mail, domain, recipients, message).go();
    }

    /** One mail's way to one domain. */
    private final class Way {
        private final Mail mail;
        private final Domain domain;
        private final OutgoingMessage message;
        private final Envelope envelope;
        private final Map<MailAddress, RecipientOutcome> outcomes = new LinkedHashMap<>();
        private final long started = System.nanoTime();
        /** Who has no outcome yet. */
        private List<MailAddress> remaining;

        private String reason = "451 4.4.4 there is no host to be tried";
        private boolean talked;
        private boolean busy;
        private int tries;

        Way(Mail mail, Domain domain, List<MailAddress> recipients, OutgoingMessage message) {
            this.mail = mail;
            this.domain = domain;
            this.message = message;
            this.envelope = Envelope.of(mail, recipients);
            this.remaining = recipients;
        }

        Report go() {
            try {
                for (Endpoint host : hosts()) {
                    visit(host);
                    if (remaining.isEmpty() || tries >= CONNECTION_TRIES || isLate()) {
                        break;
                    }
                }
            } catch (NoRouteException none) {
                RecipientOutcome outcome = none.kind() == NoRouteException.Kind.PERMANENT
                        ? RecipientOutcome.failed(none.getMessage())
                        : RecipientOutcome.deferred(none.getMessage());
                remaining.forEach(recipient -> outcomes.put(recipient, outcome));
                trail.unavailable(
                        mail,
                        domain,
                        Optional.empty(),
                        Endpoint.of(domain.asString(), settings.port()),
                        Optional.empty(),
                        none.getMessage(),
                        started);
                return new Report(outcomes, false, false, none.kind() == NoRouteException.Kind.UNKNOWN);
            } catch (TlsPolicyUnavailableException unknown) {
                reason = "451 4.7.5 " + unknown.getMessage();
            }
            if (busy && !talked && !remaining.isEmpty()) {
                return new Report(outcomes, false, true, false);
            }
            remaining.forEach(recipient -> outcomes.put(recipient, RecipientOutcome.deferred(reason)));
            return new Report(outcomes, !talked, false, false);
        }

        private List<Endpoint> hosts() throws NoRouteException {
            if (settings.gateways().isEmpty()) {
                return resolver.route(domain);
            }
            List<Endpoint> gateways = new ArrayList<>(settings.gateways());
            if (settings.loadBalancing()) {
                Collections.shuffle(gateways);
            }
            return gateways;
        }

        private boolean isLate() {
            return System.nanoTime() - started > LONGEST.toNanos();
        }

        private void visit(Endpoint host) throws TlsPolicyUnavailableException {
            TlsDecision decision = rules.decide(domain, host.host());
            if (!decision.requirement().allowsMx(host.host())) {
                failed(
                        decision,
                        host,
                        Optional.empty(),
                        "454 4.7.5 the host " + host.host() + " is not one that the domain's policy allows");
                return;
            }
            ConnectionPool.Key key = new ConnectionPool.Key(host, decision.requirement());
            Optional<SmtpConnection> rested = pool.take(key);
            if (rested.isPresent()) {
                use(rested.get(), key, decision);
                if (remaining.isEmpty()) {
                    return;
                }
            }
            try {
                for (InetAddress address : resolver.addresses(host.host())) {
                    if (tries >= CONNECTION_TRIES || isLate()) {
                        return;
                    }
                    if (!pool.reserve(host)) {
                        busy = true;
                        return;
                    }
                    tries++;
                    connect(host, address, key, decision);
                    if (remaining.isEmpty()) {
                        return;
                    }
                }
            } catch (NoRouteException noAddress) {
                failed(decision, host, Optional.empty(), noAddress.getMessage());
            }
        }

        private void connect(Endpoint host, InetAddress address, ConnectionPool.Key key, TlsDecision decision) {
            SmtpConnection connection = null;
            try {
                connection = connector.open(host, address, decision.requirement());
                pool.opened(connection);
            } catch (ConnectionFailureException failure) {
                failed(decision, host, Optional.of(address), failure.getMessage());
            } finally {
                if (connection == null) {
                    pool.release(host);
                }
            }
            if (connection != null) {
                use(connection, key, decision);
            }
        }

        private void failed(TlsDecision decision, Endpoint host, Optional<InetAddress> address, String why) {
            reason = why;
            trail.unavailable(mail, domain, Optional.of(decision), host, address, why, started);
        }

        /** Sends to as many of those who remain as the server takes, in as many transactions as it wants. */
        private void use(SmtpConnection connection, ConnectionPool.Key key, TlsDecision decision) {
            try {
                boolean goesOn = true;
                while (goesOn && !remaining.isEmpty()) {
                    goesOn = transact(connection, decision) && !connection.isAbandoned();
                }
            } catch (RuntimeException | Error unexpected) {
                connection.abandon();
                throw unexpected;
            } finally {
                pool.give(key, connection);
            }
        }

        /** @return whether the server may take those who remain over the same connection */
        private boolean transact(SmtpConnection connection, TlsDecision decision) {
            long begun = System.nanoTime();
            List<MailAddress> batch = List.copyOf(remaining.subList(0, Math.min(RECIPIENTS, remaining.size())));
            MailTransaction.Result result =
                    MailTransaction.run(connection, envelope.to(batch), message, settings.sendPartial());
            List<RecipientOutcome> replies = result.outcomes();
            Optional<String> shortfall = decision.tested()
                    .flatMap(tested ->
                            handshake.shortfall(tested, connection.endpoint().host(), connection.tls()));
            trail.transaction(mail, domain, decision, shortfall, connection, batch, replies, begun);
            boolean anyDelivered = replies.stream().anyMatch(reply -> reply.fate() == Fate.DELIVERED);
            List<MailAddress> left = new ArrayList<>();
            for (int i = 0; i < batch.size(); i++) {
                RecipientOutcome reply = replies.get(i);
                // Too many recipients for one transaction (RFC 5321, section 4.5.3.1.10): there can be another.
                boolean again = result.isUntouched()
                        ? reply.fate() == Fate.DEFERRED
                        : anyDelivered && reply.reason().startsWith("452");
                if (again) {
                    reason = reply.reason();
                    left.add(batch.get(i));
                } else {
                    outcomes.put(batch.get(i), reply);
                }
            }
            talked |= !result.isUntouched();
            left.addAll(remaining.subList(batch.size(), remaining.size()));
            remaining = left;
            return !result.isUntouched();
        }
    }
}
