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
import org.apache.mailet.Mail;
import org.rempart.mailet.delivery.RecipientOutcome.Fate;
import org.rempart.mailet.delivery.tls.TlsDecision;
import org.rempart.policy.trail.AuditEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes delivery visible: an event {@code delivery} of the audit trail for each try at a host, one {@code undelivered} when a
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

    MetricFactory metrics() {
        return metrics;
    }

    /** A transaction over a connection. */
    void transaction(
            Mail mail,
            Domain domain,
            TlsDecision decision,
            Optional<String> shortfall,
            SmtpConnection connection,
            List<MailAddress> recipients,
            List<RecipientOutcome> outcomes,
            long startedNanos) {
        if (connection.tls().isEmpty()) {
            clearText.increment();
        }
        AuditEvent event = event(mail, domain);
        connection.describe(event);
        decision.describe(event);
        shortfall.ifPresent(missing -> event.with("testedShortfall", missing));
        write(event.with("connectionUse", connection.transactions()).outcomes(recipients, outcomes), startedNanos);
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
        connectionFailures.increment();
        AuditEvent event = event(mail, domain).with("mx", host.host()).with("port", host.port());
        address.ifPresent(known -> event.with("address", known.getHostAddress()));
        decision.ifPresent(known -> known.describe(event));
        write(event.saying("failure", reason), startedNanos);
    }

    private static AuditEvent event(Mail mail, Domain domain) {
        return AuditEvent.now("delivery")
                .with("mail", mail.getName())
                .with("sender", mail.getMaybeSender().asString())
                .with("domain", domain.asString());
    }

    private void write(AuditEvent event, long startedNanos) {
        event.with("milliseconds", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos))
                .log();
        if (debug) {
            LOGGER.info("{}", event);
        }
    }

    /** What in the end came of one try of a mail, for all its recipients. */
    void tried(Iterable<RecipientOutcome> outcomes) {
        boolean any = false;
        for (RecipientOutcome outcome : outcomes) {
            any |= outcome.fate() == Fate.DELIVERED;
            metric(outcome.fate()).increment();
        }
        if (any) {
            mails.increment();
        }
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
        AuditEvent.now("undelivered")
                .with("mail", mail.getName())
                .with("sender", mail.getMaybeSender().asString())
                .recipients(recipients)
                .saying("reason", reason)
                .log();
    }
}
