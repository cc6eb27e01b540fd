/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.metrics.api.Metric;
import org.apache.james.metrics.api.MetricFactory;
import org.apache.james.metrics.api.TimeMetric;
import org.apache.mailet.Mail;
import org.rempart.mailet.delivery.Outcome.Fate;
import org.rempart.mailet.delivery.tls.TlsDecision;
import org.rempart.mailet.delivery.tls.TlsHandshake;
import org.rempart.message.RequireTls;
import org.rempart.policy.trail.AuditEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes delivery visible. What can't be told changes nothing about what has happened: it is left untold, with a warning in
 * the server's log. An event {@code delivery} of the audit trail for each try at a host, one {@code undelivered} when a
 * mail is given up, and counters. {@code outgoingMails} and {@code RemoteDeliveryTrial} are named as James names them.
 */
final class DeliveryTrail {
    private static final Logger LOGGER = LoggerFactory.getLogger(DeliveryTrail.class);

    private final boolean debug;
    private final MetricFactory metrics;
    private final Metric mails;
    private final Metric delivered;
    private final Metric deferred;
    private final Metric failed;
    private final Metric clearText;
    private final Metric connectionFailures;

    DeliveryTrail(MetricFactory metrics, boolean debug) {
        this.debug = debug;
        this.metrics = metrics;
        this.mails = metrics.generate("outgoingMails");
        this.delivered = metrics.generate("secureDelivery-recipientsDelivered");
        this.deferred = metrics.generate("secureDelivery-recipientsDeferred");
        this.failed = metrics.generate("secureDelivery-recipientsFailed");
        this.clearText = metrics.generate("secureDelivery-transactionsInClearText");
        this.connectionFailures = metrics.generate("secureDelivery-connectionFailures");
    }

    /** Begins to take the time of a mail's try. */
    Optional<TimeMetric> begin() {
        try {
            return Optional.of(metrics.timer("RemoteDeliveryTrial"));
        } catch (RuntimeException untold) {
            LOGGER.warn("How long a try takes can't be told", untold);
            return Optional.empty();
        }
    }

    void end(Optional<TimeMetric> time) {
        time.ifPresent(running -> telling(running::stopAndPublish));
    }

    /** A transaction over a connection. */
    void transaction(
            Mail mail,
            Domain domain,
            TlsDecision decision,
            TlsHandshake handshake,
            SmtpConnection connection,
            List<MailAddress> recipients,
            List<Outcome> outcomes,
            long startedNanos) {
        telling(() -> {
            if (connection.tls().isEmpty()) {
                clearText.increment();
            }
            AuditEvent event = event(mail, domain);
            connection.describe(event);
            decision.describe(event);
            shortfall(decision, handshake, connection).ifPresent(missing -> event.with("testedShortfall", missing));
            write(event.with("connectionUse", connection.transactions()).outcomes(recipients, outcomes), startedNanos);
        });
    }

    /** What a policy that is only tested would not have borne, or why that can't be told. */
    static Optional<String> shortfall(TlsDecision decision, TlsHandshake handshake, SmtpConnection connection) {
        try {
            return decision.tested()
                    .flatMap(tested ->
                            handshake.shortfall(tested, connection.endpoint().host(), connection.tls()));
        } catch (RuntimeException unknown) {
            return Optional.of("can't be told: " + unknown.getMessage());
        }
    }

    private static void telling(Runnable told) {
        try {
            told.run();
        } catch (RuntimeException | Error failure) {
            LOGGER.warn("What became of a mail can't be written to the audit trail", failure);
        }
    }

    /** A host over which nothing could be sent. */
    void unavailable(
            Mail mail,
            Domain domain,
            Optional<TlsDecision> decision,
            Endpoint host,
            Optional<InetAddress> address,
            String reason,
            long startedNanos) {
        telling(() -> {
            connectionFailures.increment();
            AuditEvent event = event(mail, domain).with("mx", host.host()).with("port", host.port());
            address.ifPresent(known -> event.with("address", known.getHostAddress()));
            decision.ifPresent(known -> known.describe(event));
            write(event.saying("failure", reason), startedNanos);
        });
    }

    private static AuditEvent event(Mail mail, Domain domain) {
        AuditEvent event = AuditEvent.now("delivery")
                .with("mail", mail.getName())
                .with("sender", mail.getMaybeSender().asString())
                .with("domain", domain.asString());
        return RequireTls.holds(mail) ? event.with("requireTls", "true") : event;
    }

    private void write(AuditEvent event, long startedNanos) {
        event.with("milliseconds", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos))
                .log();
        if (debug) {
            LOGGER.info("{}", event);
        }
    }

    /** What in the end came of one try of a mail, for all its recipients. */
    void tried(Iterable<Outcome> outcomes) {
        telling(() -> {
            boolean any = false;
            for (Outcome outcome : outcomes) {
                any |= outcome.fate() == Fate.DELIVERED;
                metric(outcome.fate()).increment();
            }
            if (any) {
                mails.increment();
            }
        });
    }

    private Metric metric(Fate fate) {
        switch (fate) {
            case DELIVERED:
                return delivered;
            case DEFERRED:
                return deferred;
            default:
                return failed;
        }
    }

    /** Recipients that are given up. */
    void givenUp(Mail mail, List<MailAddress> recipients, String reason) {
        telling(() -> AuditEvent.now("undelivered")
                .with("mail", mail.getName())
                .with("sender", mail.getMaybeSender().asString())
                .recipients(recipients)
                .saying("reason", reason)
                .log());
    }
}
