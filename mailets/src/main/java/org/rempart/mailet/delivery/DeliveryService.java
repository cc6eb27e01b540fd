/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.metrics.api.GaugeRegistry;
import org.apache.james.metrics.api.MetricFactory;
import org.apache.james.metrics.api.TimeMetric;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueue.MailQueueException;
import org.apache.james.queue.api.MailQueue.MailQueueItem;
import org.apache.james.queue.api.MailQueue.MailQueueItem.CompletionStatus;
import org.apache.mailet.Mail;
import org.apache.mailet.MailetContext;
import org.reactivestreams.Subscription;
import org.rempart.mailet.delivery.DeliveryScheduler.Verdict;
import org.rempart.mailet.delivery.tls.TlsHandshake;
import org.rempart.mailet.delivery.tls.TlsPolicyUnavailableException;
import org.rempart.message.MailOrigin;
import org.rempart.message.RawMessage;
import org.rempart.message.RequireTls;
import org.rempart.message.dns.Dns;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Delivers what is in a mail queue. Use: {@link #start}, then {@link #enqueue} as mail comes, {@link #stop} at the end.
 *
 * <p>A mail is struck off its queue when each of its recipients has it, is in the queue again, or its sender is told; never
 * before. Who dies meanwhile leaves it in the queue.
 */
public final class DeliveryService {
    private static final Logger LOGGER = LoggerFactory.getLogger(DeliveryService.class);

    private static final Duration SETTLE_AGAIN = Duration.ofSeconds(5);
    private static final Duration CROWD_DELAY = Duration.ofMinutes(1);
    private static final Duration HELD_DELAY = Duration.ofMinutes(1);
    private static final Duration SUBSCRIBE_AGAIN = Duration.ofSeconds(1);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(20);

    private final DeliverySettings settings;
    private final MailQueue queue;
    private final MailetContext context;
    private final SenderReports reports;
    private final Predicate<String> isHeld;
    private final OutboundTlsRules rules;
    private final TlsHandshake handshake;
    private final DeliveryTrail trail;
    private final ConnectionPool pool;
    private final Courier courier;
    private final DeliveryScheduler scheduler;
    private final Intake intake;

    /**
     * @param reports tell senders of failures where no processor does
     * @param isHeld whether an account, in lower case, may not send; its mail waits, and no try is counted
     * @param rules what TLS mail for a domain gets
     * @param sessions is told of sessions with MX hosts
     * @param handshake closed when the delivery stops
     */
    public DeliveryService(
            DeliverySettings settings,
            MailQueue queue,
            MailetContext context,
            SenderReports reports,
            Predicate<String> isHeld,
            DNSService dns,
            OutboundTlsRules rules,
            TlsSessions sessions,
            TlsHandshake handshake,
            MetricFactory metrics,
            GaugeRegistry gauges) {
        this.settings = settings;
        this.queue = queue;
        this.context = context;
        this.reports = reports;
        this.isHeld = isHeld;
        this.rules = rules;
        this.handshake = handshake;
        this.trail = new DeliveryTrail(metrics, settings.debug());
        this.pool = new ConnectionPool(settings);
        MxResolver resolver = new MxResolver(Dns.of(dns), settings.heloName(), settings.port());
        this.courier = new Courier(settings, resolver, rules, handshake, pool, trail, sessions);
        this.scheduler = new DeliveryScheduler(settings.queue(), settings, new Work(), pool::tidy);
        this.intake = new Intake();
        gauges.register("secureDelivery-" + settings.queue() + "-mailsInFlight", scheduler::inFlight);
        gauges.register("secureDelivery-" + settings.queue() + "-connections", pool::size);
    }

    /** Begins to take mail from the queue. */
    public void start() {
        scheduler.start();
        intake.subscribe();
    }

    /**
     * Puts a mail into the queue, one for each destination among its recipients, so that none waits for another. When that
     * fails, the mail has those recipients left who are in no queue yet.
     *
     * @throws MailQueueException when the queue does not take it
     */
    public void enqueue(Mail mail) throws MailQueueException {
        DeliveryReport.begin(mail);
        String name = mail.getName();
        Map<String, List<MailAddress>> destinations = byDestination(mail.getRecipients());
        RawMessage.keepBytes(mail);
        boolean several = destinations.size() > 1;
        while (!destinations.isEmpty()) {
            Map.Entry<String, List<MailAddress>> next =
                    destinations.entrySet().iterator().next();
            mail.setRecipients(next.getValue());
            if (several) {
                mail.setName(name + "-to-" + next.getValue().get(0).getDomain().asString());
            }
            boolean taken = false;
            try {
                queue.enQueue(mail);
                taken = true;
            } finally {
                if (!taken) {
                    mail.setName(name);
                    mail.setRecipients(rest(destinations.values()));
                }
            }
            destinations.remove(next.getKey());
        }
    }

    private Map<String, List<MailAddress>> byDestination(Collection<MailAddress> recipients) {
        Map<String, List<MailAddress>> destinations = new LinkedHashMap<>();
        for (MailAddress recipient : recipients) {
            destinations
                    .computeIfAbsent(destination(recipient.getDomain()), none -> new ArrayList<>())
                    .add(recipient);
        }
        return destinations;
    }

    private static List<MailAddress> rest(Collection<List<MailAddress>> recipients) {
        List<MailAddress> rest = new ArrayList<>();
        recipients.forEach(rest::addAll);
        return rest;
    }

    /**
     * What mails share a lane for: a domain. Through a gateway, a TLS requirement: one that the gateway does not satisfy
     * must not hold up the others.
     */
    private String destination(Domain domain) {
        if (settings.gateways().isEmpty()) {
            return domain.asString();
        }
        Endpoint gateway = settings.gateways().get(0);
        try {
            return gateway + " " + rules.decide(domain, gateway.host()).requirement();
        } catch (TlsPolicyUnavailableException unknown) {
            return gateway + " " + domain.asString();
        }
    }

    /**
     * Stops. What is being delivered is given twenty seconds to end; what has not ended then is cut off, and is in the queue
     * when the server starts again.
     */
    public void stop() {
        stop(STOP_PATIENCE);
    }

    void stop(Duration patience) {
        intake.cancel();
        if (!scheduler.stop(patience)) {
            LOGGER.info("Delivery of {} is cut off; what was not delivered stays in the queue", settings.queue());
            pool.abort();
        }
        pool.close();
        handshake.close();
    }

    /** Asks the queue for as many mails as there is room for, and asks again should it end, as James's queues may. */
    private final class Intake {
        /** Some queues wait for mail in the thread that asks for it. */
        private final Scheduler thread = Schedulers.newSingle("delivery-" + settings.queue() + "-intake", true);

        private final AtomicReference<Subscription> subscription = new AtomicReference<>();
        private volatile boolean cancelled;
        private int room;

        void subscribe() {
            if (cancelled) {
                return;
            }
            Flux.defer(queue::deQueue).subscribeOn(thread).subscribe(new Reader());
        }

        void request(int mails) {
            Subscription given;
            synchronized (this) {
                room += mails;
                given = subscription.get();
            }
            if (given != null) {
                given.request(mails);
            }
        }

        /** Of Reactor's own kind: it would watch over another one, and lose a mail without a word when it sees a fault. */
        private final class Reader extends BaseSubscriber<MailQueueItem> {
            @Override
            protected void hookOnSubscribe(Subscription given) {
                int wanted;
                synchronized (Intake.this) {
                    subscription.set(given);
                    wanted = room;
                }
                if (wanted > 0) {
                    given.request(wanted);
                }
            }

            @Override
            protected void hookOnNext(MailQueueItem item) {
                synchronized (Intake.this) {
                    room--;
                }
                scheduler.submit(laneOf(item), item);
            }

            @Override
            protected void hookOnError(Throwable failure) {
                LOGGER.error("The queue {} failed, and is asked again", settings.queue(), failure);
                again();
            }

            @Override
            protected void hookOnComplete() {
                again();
            }

            private void again() {
                subscription.set(null);
                if (!cancelled) {
                    scheduler.later(Intake.this::subscribe, SUBSCRIBE_AGAIN);
                }
            }
        }

        void cancel() {
            cancelled = true;
            Subscription given = subscription.get();
            if (given != null) {
                given.cancel();
            }
            thread.dispose();
        }
    }

    /** Without one, the mail is tried all the same, and what is wrong with it told then. */
    private String laneOf(MailQueueItem item) {
        try {
            return item.getMail().getRecipients().stream()
                    .findFirst()
                    .map(recipient -> destination(recipient.getDomain()))
                    .orElse("");
        } catch (RuntimeException | Error unknown) {
            LOGGER.warn("The destination of a mail can't be told", unknown);
            return "";
        }
    }

    /** What is done with a mail, in one of the scheduler's threads. */
    private final class Work implements DeliveryScheduler.Worker {
        @Override
        public Verdict deliver(MailQueueItem item) {
            Settlement settlement = settlement(item);
            Map<MailAddress, Outcome> untold = Settlement.untold(item.getMail());
            if (!untold.isEmpty()) {
                settlement.settleUntold(untold);
                carryOut(settlement);
                return Verdict.TALKED;
            }
            if (MailOrigin.account(item.getMail()).filter(isHeld).isPresent()) {
                putBack(item, HELD_DELAY);
                return Verdict.UNTRIED;
            }
            Optional<TimeMetric> time = trail.begin();
            Attempt attempt = new Attempt(item.getMail());
            attempt.run();
            if (attempt.busy) {
                return Verdict.BUSY;
            }
            settlement.settle(attempt.outcomes);
            trail.end(time);
            carryOut(settlement);
            return attempt.unreachable().map(Verdict::unreachable).orElse(Verdict.TALKED);
        }

        @Override
        public boolean mayBePutOff(MailQueueItem item) {
            return Settlement.mayBePutOff(settings, item.getMail());
        }

        @Override
        public void putOff(MailQueueItem item, String reason, Duration delay) {
            Settlement settlement = settlement(item);
            settlement.putOff(reason, delay);
            carryOut(settlement);
        }

        @Override
        public void makeRoom(MailQueueItem item) {
            putBack(item, CROWD_DELAY);
        }

        private void putBack(MailQueueItem item, Duration delay) {
            try {
                RawMessage.keepBytes(item.getMail());
                queue.enQueue(item.getMail(), delay);
                done(item, CompletionStatus.SUCCESS);
            } catch (MailQueueException failure) {
                LOGGER.warn(
                        "Mail {} can't be put back, and is given back: {}",
                        item.getMail().getName(),
                        failure.toString());
                done(item, CompletionStatus.RETRY);
            }
            LifecycleUtil.dispose(item.getMail());
            scheduler.finished();
        }

        @Override
        public void giveBack(MailQueueItem item) {
            done(item, CompletionStatus.RETRY);
            LifecycleUtil.dispose(item.getMail());
        }

        private void done(MailQueueItem item, CompletionStatus status) {
            try {
                item.done(status);
            } catch (MailQueueException | RuntimeException failure) {
                LOGGER.warn(
                        "The queue does not take back mail {}: {}",
                        item.getMail().getName(),
                        failure.toString());
            }
        }

        @Override
        public void roomFor(int mails) {
            intake.request(mails);
        }

        private Settlement settlement(MailQueueItem item) {
            return new Settlement(settings, queue, context, reports, trail, item);
        }

        private void carryOut(Settlement settlement) {
            if (settlement.carryOut()) {
                scheduler.finished();
            } else {
                scheduler.later(() -> carryOut(settlement), SETTLE_AGAIN);
            }
        }
    }

    /** One try of one mail, at all its destinations. */
    private final class Attempt {
        private final Mail mail;
        private final Map<MailAddress, Outcome> outcomes = new LinkedHashMap<>();
        private boolean busy;

        Attempt(Mail mail) {
            this.mail = mail;
        }

        void run() {
            if (mail.getRecipients().isEmpty()) {
                return;
            }
            try (OutgoingMessage message = OutgoingMessage.of(mail.getMessage())) {
                for (List<MailAddress> recipients :
                        byDestination(mail.getRecipients()).values()) {
                    visit(recipients.get(0).getDomain(), recipients, message);
                    if (busy) {
                        return;
                    }
                }
            } catch (Exception | Error failure) {
                // Of this mail, or of this server: nobody else's destination suffers for it, and what is known stays.
                LOGGER.error("Mail {} could not be tried", mail.getName(), failure);
                settleRest(Outcome.local(Stage.HERE, Event.BROKEN, 451, "4.3.0", String.valueOf(failure.getMessage())));
            }
        }

        private void visit(Domain domain, List<MailAddress> recipients, OutgoingMessage message) {
            boolean tried = courier.deliver(mail, domain, recipients, message, outcomes);
            if (!tried && outcomes.isEmpty()) {
                busy = true;
            } else {
                Outcome wait =
                        Outcome.local(Stage.HERE, Event.BUSY, 451, "4.4.5", "too many connections to the host already");
                recipients.forEach(recipient -> outcomes.putIfAbsent(recipient, wait));
            }
        }

        private void settleRest(Outcome outcome) {
            mail.getRecipients().forEach(recipient -> outcomes.putIfAbsent(recipient, outcome));
        }

        /** Why nobody could be talked to; empty when somebody could, or nobody had to be, or others may reach more. */
        Optional<String> unreachable() {
            return !RequireTls.holds(mail) && outcomes.values().stream().allMatch(Outcome::isUnreachable)
                    ? outcomes.values().stream().findFirst().map(Outcome::reason)
                    : Optional.empty();
        }
    }
}
