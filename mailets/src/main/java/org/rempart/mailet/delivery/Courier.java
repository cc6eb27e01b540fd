/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.mailet.Mail;
import org.rempart.mailet.delivery.Outcome.Fate;
import org.rempart.mailet.delivery.Outcome.Scope;
import org.rempart.mailet.delivery.tls.PublishedPolicy;
import org.rempart.mailet.delivery.tls.TlsDecision;
import org.rempart.mailet.delivery.tls.TlsHandshake;
import org.rempart.mailet.delivery.tls.TlsPolicyUnavailableException;
import org.rempart.mailet.delivery.tls.TlsResult;
import org.rempart.policy.DomainNames;
import org.rempart.policy.tls.TlsLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a mail to those of its recipients who share a domain: over a resting connection if there is one, else to the first
 * host that can be connected to and takes it. Who is tried elsewhere after what has happened at one host is {@link
 * Outcome#scope}'s to say.
 */
final class Courier {
    private static final Logger LOGGER = LoggerFactory.getLogger(Courier.class);

    /** RFC 5321, section 4.5.3.1.8: so many a server has to take. */
    private static final int RECIPIENTS = 100;

    static final int CONNECTION_TRIES = 12;

    /** RFC 5321, section 5.1: at least so many. More of a host's addresses are tried after the other hosts. */
    private static final int ADDRESSES_AT_FIRST = 2;

    private static final Duration LONGEST = Duration.ofMinutes(10);

    private final DeliverySettings settings;
    private final MxResolver resolver;
    private final OutboundTlsRules rules;
    private final Connector connector;
    private final ConnectionPool pool;
    private final TlsHandshake handshake;
    private final DeliveryTrail trail;
    private final TlsSessions sessions;

    Courier(
            DeliverySettings settings,
            MxResolver resolver,
            OutboundTlsRules rules,
            TlsHandshake handshake,
            ConnectionPool pool,
            DeliveryTrail trail,
            TlsSessions sessions) {
        this.settings = settings;
        this.resolver = resolver;
        this.rules = rules;
        this.handshake = handshake;
        this.connector = new Connector(settings, handshake);
        this.pool = pool;
        this.trail = trail;
        this.sessions = sessions;
    }

    /**
     * Takes a mail to a domain.
     *
     * @param outcomes gets an outcome for each recipient, as soon as there is one: what is known stays known, whatever
     *     happens next
     * @return false when there are as many connections as there may be, so that nothing could be tried
     */
    boolean deliver(
            Mail mail,
            Domain domain,
            List<MailAddress> recipients,
            OutgoingMessage message,
            Map<MailAddress, Outcome> outcomes) {
        return new Way(mail, domain, recipients, message, outcomes).go();
    }

    /** One mail's way to one domain. */
    private final class Way {
        private final Mail mail;
        private final Domain domain;
        private final OutgoingMessage message;
        private final Envelope envelope;
        private final Map<MailAddress, Outcome> outcomes;
        private final long started = System.nanoTime();
        /** Who may still be tried now. */
        private List<MailAddress> remaining;
        /** What becomes of those when nothing is left to be tried. */
        private Outcome last =
                Outcome.local(Stage.ADDRESS, Event.UNKNOWN, 451, "4.4.4", "there is no host to be tried");

        private boolean busy;
        private boolean talked;
        /** Whether what the domain publishes does not count. */
        private final boolean unbound;
        /** Whether it goes only under TLS, to who promises the same. */
        private final boolean requiresTls;
        /** What came of each host. */
        private final Map<Endpoint, Outcome> byHost = new LinkedHashMap<>();

        private int tries;

        Way(
                Mail mail,
                Domain domain,
                List<MailAddress> recipients,
                OutgoingMessage message,
                Map<MailAddress, Outcome> outcomes) {
            this.mail = mail;
            this.domain = domain;
            this.message = message;
            this.envelope = Envelope.of(mail, recipients);
            this.remaining = recipients;
            this.outcomes = outcomes;
            this.requiresTls = envelope.requiresTls();
            this.unbound = mail.getAttribute(TlsSessions.REPORT)
                    .or(() -> mail.getAttribute(TlsSessions.WAIVED))
                    .isPresent();
        }

        boolean go() {
            try {
                List<Visit> visits = new ArrayList<>();
                for (Endpoint host : hosts()) {
                    visits.add(new Visit(host));
                }
                for (Visit visit : visits) {
                    visit.begin();
                }
                for (Visit visit : visits) {
                    visit.goOn();
                }
            } catch (NoRouteException none) {
                last = none.outcome(Stage.ROUTE);
                trail.unavailable(
                        mail,
                        domain,
                        Optional.empty(),
                        Endpoint.of(domain.asString(), settings.port()),
                        Optional.empty(),
                        last.reason(),
                        started);
            }
            if (busy && !talked && !remaining.isEmpty()) {
                return false;
            }
            Outcome end = end();
            remaining.forEach(recipient -> outcomes.putIfAbsent(recipient, end));
            return true;
        }

        /** A host that can't be given the mail fails it only when no other may take it later. */
        private Outcome end() {
            return byHost.values().stream()
                    .filter(outcome -> last.fate() == Fate.FAILED && outcome.fate() == Fate.DEFERRED)
                    .findFirst()
                    .orElse(last);
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

        private boolean isOver() {
            return remaining.isEmpty()
                    || tries >= CONNECTION_TRIES
                    || System.nanoTime() - started > LONGEST.toNanos()
                    || pool.isAborted();
        }

        /** One host, and what is left to be tried there. */
        private final class Visit {
            private final Endpoint host;
            private final Deque<InetAddress> addresses = new ArrayDeque<>();
            private TlsDecision decision;
            private ConnectionPool.Key key;

            Visit(Endpoint host) {
                this.host = host;
            }

            /** Tries a resting connection, and the first addresses. */
            void begin() {
                if (isOver()) {
                    return;
                }
                try {
                    decision = decided();
                } catch (TlsPolicyUnavailableException unknown) {
                    ended(
                            new PublishedPolicy("tlsa", host.host(), List.of(), List.of(host.host())),
                            Optional.empty(),
                            Optional.of(TlsResult.DNSSEC_INVALID),
                            unknown.getMessage());
                    forbidden(Event.UNANSWERED, 451, unknown.getMessage());
                    return;
                }
                key = new ConnectionPool.Key(host, decision.requirement());
                Optional<String> refusal = decision.requirement().refusal(host.host());
                if (refusal.isPresent()) {
                    ended(
                            Optional.empty(),
                            Optional.of(
                                    decision.requirement().level() == TlsLevel.DANE_ONLY
                                            ? TlsResult.DANE_REQUIRED
                                            : TlsResult.VALIDATION_FAILURE),
                            refusal.get());
                    if (requiresTls) {
                        failed(
                                Optional.empty(),
                                Outcome.local(Stage.POLICY, Event.UNSUPPORTED, 550, "5.7.30", refusal.get())
                                        .at(host.host()));
                    } else {
                        forbidden(Event.FORBIDDEN, 454, refusal.get());
                    }
                    return;
                }
                pool.take(key).ifPresent(this::use);
                if (isOver()) {
                    return;
                }
                try {
                    addresses.addAll(resolver.addresses(host.host()));
                } catch (NoRouteException noAddress) {
                    failed(Optional.empty(), noAddress.outcome(Stage.ADDRESS).at(host.host()));
                }
                for (int i = 0; i < ADDRESSES_AT_FIRST; i++) {
                    tryNext();
                }
            }

            private TlsDecision decided() throws TlsPolicyUnavailableException {
                if (requiresTls) {
                    return rules.decideRequired(domain, host.host());
                }
                return unbound ? rules.decideUnpublished(domain, host.host()) : rules.decide(domain, host.host());
            }

            /** The domain's policy may miss something in a connection that goes on all the same. */
            private void opened(SmtpConnection connection, InetAddress address) {
                Optional<TlsResult> lacking = connection.lacking();
                String reason = lacking.map(TlsResult::keyword).orElse("");
                if (lacking.isEmpty() && decision.tested().isPresent()) {
                    reason = DeliveryTrail.shortfall(decision, handshake, connection)
                            .orElse("");
                    lacking = reason.isEmpty() ? Optional.empty() : Optional.of(TlsResult.VALIDATION_FAILURE);
                }
                ended(Optional.of(address), lacking, reason);
            }

            private void ended(Optional<InetAddress> address, Optional<TlsResult> failure, String reason) {
                decision.published(DomainNames.comparable(domain.asString()))
                        .ifPresent(policy ->
                                ended(policy, address, decision.unknown().or(() -> failure), reason));
            }

            /** What can't be counted changes nothing about the mail. */
            private void ended(
                    PublishedPolicy policy, Optional<InetAddress> address, Optional<TlsResult> failure, String reason) {
                // What this mail asks for besides is none of the domain's policy.
                if (unbound || requiresTls) {
                    return;
                }
                try {
                    sessions.ended(domain, policy, host.host(), address, failure, reason);
                } catch (RuntimeException uncounted) {
                    LOGGER.warn("A session with {} can't be counted for TLS reports", host, uncounted);
                }
            }

            private void forbidden(Event event, int code, String why) {
                failed(
                        Optional.empty(),
                        Outcome.local(Stage.POLICY, event, code, "4.7.5", why).at(host.host()));
            }

            /** Tries the other addresses. */
            void goOn() {
                while (!addresses.isEmpty() && !isOver()) {
                    tryNext();
                }
            }

            private void tryNext() {
                if (addresses.isEmpty() || isOver()) {
                    return;
                }
                if (!pool.reserve(host)) {
                    busy = true;
                    noted(Outcome.local(
                            Stage.HERE, Event.BUSY, 451, "4.4.5", "too many connections to the host already"));
                    addresses.clear();
                    return;
                }
                tries++;
                connect(addresses.poll());
            }

            private void connect(InetAddress address) {
                SmtpConnection connection = null;
                try {
                    connection = connector.open(host, address, decision.requirement(), requiresTls);
                    opened(connection, address);
                } catch (ConnectionFailureException failure) {
                    failure.tls()
                            .ifPresent(
                                    result -> ended(Optional.of(address), Optional.of(result), failure.getMessage()));
                    failed(Optional.of(address), failure.outcome());
                } finally {
                    if (connection == null) {
                        pool.release(host);
                    }
                }
                if (connection == null) {
                    return;
                }
                if (pool.opened(connection)) {
                    use(connection);
                } else {
                    pool.give(key, connection);
                    noted(Outcome.local(Stage.HERE, Event.STOPPED, 421, "4.3.2", "the delivery stops"));
                }
            }

            private void failed(Optional<InetAddress> address, Outcome outcome) {
                noted(outcome);
                trail.unavailable(
                        mail, domain, Optional.ofNullable(decision), host, address, outcome.reason(), started);
            }

            /** What is left of it when no other host does better. */
            private void noted(Outcome outcome) {
                last = outcome;
                if (requiresTls) {
                    byHost.merge(host, outcome, (before, now) -> before.fate() == Fate.FAILED ? before : now);
                }
            }

            /** Sends to as many of those who remain as the server takes, in as many transactions as it wants. */
            private void use(SmtpConnection connection) {
                try {
                    boolean goesOn = true;
                    while (goesOn && !remaining.isEmpty()) {
                        goesOn = transact(connection) && !connection.isAbandoned();
                    }
                } catch (RuntimeException | Error unexpected) {
                    connection.abandon();
                    throw unexpected;
                } finally {
                    pool.give(key, connection);
                }
            }

            /** @return whether the server may take those who remain over the same connection */
            private boolean transact(SmtpConnection connection) {
                long begun = System.nanoTime();
                List<MailAddress> batch = List.copyOf(remaining.subList(0, Math.min(RECIPIENTS, remaining.size())));
                List<Outcome> replies =
                        MailTransaction.run(connection, envelope.to(batch), message, settings.sendPartial());
                boolean anyDelivered = replies.stream().anyMatch(reply -> reply.fate() == Fate.DELIVERED);
                boolean elsewhere = false;
                List<MailAddress> left = new ArrayList<>();
                for (int i = 0; i < batch.size(); i++) {
                    Outcome reply = replies.get(i);
                    boolean connectionLost = reply.scope() == Scope.CONNECTION;
                    elsewhere |= connectionLost;
                    if (connectionLost || (anyDelivered && reply.scope() == Scope.TRANSACTION)) {
                        noted(reply);
                        left.add(batch.get(i));
                    } else {
                        talked = true;
                        outcomes.put(batch.get(i), reply);
                    }
                }
                left.addAll(remaining.subList(batch.size(), remaining.size()));
                remaining = left;
                trail.transaction(mail, domain, decision, handshake, connection, batch, replies, begun);
                return !elsewhere;
            }
        }
    }
}
