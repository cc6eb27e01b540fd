/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.mail.MessagingException;
import org.apache.james.core.MailAddress;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.queue.api.MailPrioritySupport;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueue.MailQueueException;
import org.apache.james.queue.api.MailQueue.MailQueueItem;
import org.apache.james.queue.api.MailQueue.MailQueueItem.CompletionStatus;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeUtils;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.apache.mailet.MailetContext;
import org.rempart.mailet.delivery.Outcome.Fate;
import org.rempart.message.RawMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out what a try came to: senders are told of recipients who failed, those who are to be tried again go back into
 * the queue with a delay, and only then the mail is struck off the queue. Whatever of it fails is done again until it
 * succeeds; a server that dies meanwhile finds the mail still in its queue.
 *
 * <p>The attributes are those of James's RemoteDelivery, so that mail which it has queued is understood, and so that bounce
 * processors find what they look for.
 */
final class Settlement {
    private static final Logger LOGGER = LoggerFactory.getLogger(Settlement.class);

    private static final AttributeName RETRIES = AttributeName.of("delivery_retry_count");
    private static final AttributeName ERROR = AttributeName.of("delivery-error");
    private static final AttributeName ERROR_CODE = AttributeName.of("delivery-error-code");
    private static final AttributeName PERMANENT = AttributeName.of("is-delivery-permanent-error");
    /** On a mail of which nothing is left to do but to tell its sender: what is to be told. */
    private static final AttributeName UNTOLD = AttributeName.of("org.rempart.delivery.untold");
    /** How long the mail was put off without a try since its last one, in milliseconds. */
    private static final AttributeName PUT_OFF = AttributeName.of("org.rempart.delivery.put-off");
    /** Whether the sender was told that it takes long. */
    private static final AttributeName WARNED = AttributeName.of("org.rempart.delivery.warned");

    private static final Duration UNTOLD_DELAY = Duration.ofMinutes(5);

    private final DeliverySettings settings;
    private final MailQueue queue;
    private final MailetContext context;
    private final SenderReports reports;
    private final DeliveryTrail trail;
    private final MailQueueItem item;
    private final Mail mail;
    private final Deque<Step> steps = new ArrayDeque<>();

    /** One thing to be done, once. */
    @FunctionalInterface
    private interface Step {
        void run() throws MessagingException;
    }

    Settlement(
            DeliverySettings settings,
            MailQueue queue,
            MailetContext context,
            SenderReports reports,
            DeliveryTrail trail,
            MailQueueItem item) {
        this.settings = settings;
        this.queue = queue;
        this.context = context;
        this.reports = reports;
        this.trail = trail;
        this.item = item;
        this.mail = item.getMail();
    }

    /** Of which recipients a mail's sender could not be told yet; where there are some, the mail is not to be sent. */
    static Map<MailAddress, Outcome> untold(Mail mail) {
        return DeliveryReport.outcomes(mail, UNTOLD);
    }

    /** Whether a mail may wait without a try: not for longer than its schedule says anyway, and not before it is told of. */
    static boolean mayBePutOff(DeliverySettings settings, Mail mail) {
        return untold(mail).isEmpty()
                && settings.retries()
                        .delayAfter(retries(mail))
                        .filter(delay -> putOff(mail).compareTo(delay) < 0)
                        .isPresent();
    }

    private static int retries(Mail mail) {
        return AttributeUtils.getValueAndCastFromMail(mail, RETRIES, Integer.class)
                .orElse(0);
    }

    private static Duration putOff(Mail mail) {
        return Duration.ofMillis(AttributeUtils.getValueAndCastFromMail(mail, PUT_OFF, Long.class)
                .orElse(0L));
    }

    /** Settles a mail whose sender is to be told of an earlier failure. */
    void settleUntold(Map<MailAddress, Outcome> untold) {
        steps.add(() -> tellOrKeep(untold));
        steps.add(() -> item.done(CompletionStatus.SUCCESS));
    }

    /** Settles a mail that was not tried, since nobody can be talked to: it waits, and that counts as no try. */
    void putOff(String reason, Duration delay) {
        steps.add(() -> {
            mail.setErrorMessage(reason);
            mail.setAttribute(new Attribute(
                    PUT_OFF, AttributeValue.of(putOff(mail).plus(delay).toMillis())));
            RawMessage.keepBytes(mail);
            queue.enQueue(mail, delay);
        });
        steps.add(() -> item.done(CompletionStatus.SUCCESS));
    }

    /**
     * Settles a try.
     *
     * @param outcomes for each recipient
     */
    void settle(Map<MailAddress, Outcome> outcomes) {
        trail.tried(outcomes.values());
        int retries = retries(mail);
        Optional<Duration> delay = settings.retries().delayAfter(retries);
        Map<MailAddress, Outcome> delivered = new LinkedHashMap<>();
        Map<MailAddress, Outcome> deferred = new LinkedHashMap<>();
        Map<MailAddress, Outcome> failed = new LinkedHashMap<>();
        outcomes.forEach((recipient, outcome) -> {
            if (outcome.fate() == Fate.DELIVERED) {
                delivered.put(recipient, outcome);
            } else if (outcome.fate() == Fate.FAILED) {
                failed.put(recipient, outcome);
            } else if (outcome.isUnknownDomain() && retries >= settings.dnsRetries()) {
                failed.put(recipient, outcome);
            } else if (delay.isEmpty()) {
                failed.put(recipient, outcome.saying(" (given up after " + (retries + 1) + " tries)"));
            } else {
                deferred.put(recipient, outcome);
            }
        });
        if (!delivered.isEmpty()) {
            settings.successProcessor().ifPresent(processor -> steps.add(() -> handOn(delivered.keySet(), processor)));
            Map<MailAddress, Outcome> relayed = new LinkedHashMap<>(delivered);
            relayed.values().removeIf(Outcome::handsReportsOn);
            report(DeliveryReport.Action.RELAYED, relayed);
        }
        if (!failed.isEmpty()) {
            byReason(failed).forEach((reason, recipients) -> trail.givenUp(mail, recipients, reason));
            told(failed).forEach(together -> steps.add(() -> tellOrKeep(together)));
        }
        if (!deferred.isEmpty()) {
            if (isLate()) {
                report(DeliveryReport.Action.DELAYED, deferred);
            }
            steps.add(() -> defer(deferred, retries + 1, delay.get()));
        }
        steps.add(() -> item.done(CompletionStatus.SUCCESS));
    }

    /** SendReport tells each recipient's reason; James's own mailets know but one for all of a mail. */
    private List<Map<MailAddress, Outcome>> told(Map<MailAddress, Outcome> failed) {
        if (settings.bounceProcessor().isEmpty() || settings.bounceProcessor().equals(settings.reportProcessor())) {
            return List.of(failed);
        }
        List<Map<MailAddress, Outcome>> told = new ArrayList<>();
        byReason(failed).values().forEach(recipients -> {
            Map<MailAddress, Outcome> together = new LinkedHashMap<>(failed);
            together.keySet().retainAll(recipients);
            told.add(together);
        });
        return told;
    }

    private boolean isLate() {
        return settings.warnAfter().isPresent()
                && mail.getAttribute(WARNED).isEmpty()
                && Duration.between(DeliveryReport.since(mail), Instant.now())
                                .compareTo(settings.warnAfter().get())
                        >= 0;
    }

    /** A report of no failure: a courtesy, which nothing waits for. */
    private void report(DeliveryReport.Action action, Map<MailAddress, Outcome> outcomes) {
        Map<MailAddress, Outcome> wanted = new LinkedHashMap<>(outcomes);
        wanted.keySet().removeIf(recipient -> !DeliveryReport.isWanted(mail, recipient, action));
        if (wanted.isEmpty() || settings.reportProcessor().isEmpty() || !mail.hasSender()) {
            return;
        }
        steps.add(() -> {
            if (action == DeliveryReport.Action.DELAYED) {
                mail.setAttribute(new Attribute(WARNED, AttributeValue.of(true)));
                DeliveryReport.until(mail, Instant.now().plus(settings.retries().rest(retries(mail))));
            }
            try {
                handOn(action, wanted, settings.reportProcessor().get());
            } catch (MessagingException | RuntimeException untold) {
                LOGGER.warn(
                        "The sender of {} can't be told that it is {}: {}", mail.getName(), action, untold.toString());
            }
        });
    }

    private static Map<String, List<MailAddress>> byReason(Map<MailAddress, Outcome> outcomes) {
        Map<String, List<MailAddress>> reasons = new LinkedHashMap<>();
        outcomes.forEach((recipient, outcome) -> reasons.computeIfAbsent(outcome.reason(), none -> new ArrayList<>())
                .add(recipient));
        return reasons;
    }

    /**
     * Does what is left to be done.
     *
     * @return false when something failed; it is to be called again after a while
     */
    boolean carryOut() {
        try {
            while (!steps.isEmpty()) {
                steps.peek().run();
                steps.poll();
            }
            LifecycleUtil.dispose(mail);
            return true;
        } catch (MessagingException | RuntimeException | Error failure) {
            LOGGER.warn(
                    "What came of mail {} can't be written down, and is written down later: {}",
                    mail.getName(),
                    failure.toString());
            return false;
        }
    }

    private void handOn(Collection<MailAddress> recipients, String processor) throws MessagingException {
        String state = mail.getState();
        mail.setRecipients(recipients);
        try {
            context.sendMail(mail, processor);
        } finally {
            mail.setState(state);
        }
    }

    private void handOn(DeliveryReport.Action action, Map<MailAddress, Outcome> outcomes, String processor)
            throws MessagingException {
        DeliveryReport.describe(mail, action, outcomes);
        try {
            handOn(outcomes.keySet(), processor);
        } finally {
            DeliveryReport.forget(mail);
        }
    }

    /** When its sender can't be told now, the mail goes back into the queue for that alone. */
    private void tellOrKeep(Map<MailAddress, Outcome> failed) throws MailQueueException {
        mail.removeAttribute(UNTOLD);
        try {
            tell(failed);
        } catch (MessagingException | RuntimeException untold) {
            LOGGER.warn(
                    "The sender of {} can't be told yet that it was not delivered: {}",
                    mail.getName(),
                    untold.toString());
            mail.setRecipients(failed.keySet());
            mail.setAttribute(DeliveryReport.attribute(UNTOLD, failed));
            mail.setErrorMessage(first(failed).reason());
            RawMessage.keepBytes(mail);
            queue.enQueue(mail, UNTOLD_DELAY);
            mail.removeAttribute(UNTOLD);
        }
    }

    private static Outcome first(Map<MailAddress, Outcome> outcomes) {
        return outcomes.values().iterator().next();
    }

    private void tell(Map<MailAddress, Outcome> failed) throws MessagingException {
        Outcome first = first(failed);
        mail.setRecipients(failed.keySet());
        mail.setLastUpdated(Date.from(Instant.now()));
        mail.setErrorMessage(first.reason());
        mail.setAttribute(new Attribute(PERMANENT, AttributeValue.of(true)));
        mail.setAttribute(new Attribute(ERROR, AttributeValue.of(first.reason())));
        mail.setAttribute(new Attribute(ERROR_CODE, AttributeValue.of(first.code())));
        try {
            if (settings.bounceProcessor().isPresent()) {
                handOn(
                        DeliveryReport.Action.FAILED,
                        failed,
                        settings.bounceProcessor().get());
            } else if (mail.hasSender()) {
                reports.tell(mail, DeliveryReport.Action.FAILED, failed);
            } else {
                // James's own place for what nobody can be told of.
                handOn(failed.keySet(), Mail.ERROR);
            }
        } finally {
            mail.removeAttribute(PERMANENT);
            mail.removeAttribute(ERROR);
            mail.removeAttribute(ERROR_CODE);
        }
    }

    private void defer(Map<MailAddress, Outcome> deferred, int retries, Duration delay) throws MailQueueException {
        mail.setRecipients(deferred.keySet());
        mail.setLastUpdated(Date.from(Instant.now()));
        mail.setErrorMessage(first(deferred).reason());
        mail.setAttribute(new Attribute(RETRIES, AttributeValue.of(retries)));
        mail.setAttribute(new Attribute(PERMANENT, AttributeValue.of(false)));
        mail.removeAttribute(PUT_OFF);
        if (settings.usePriority()) {
            mail.setAttribute(MailPrioritySupport.LOW_PRIORITY_ATTRIBUTE);
        }
        RawMessage.keepBytes(mail);
        queue.enQueue(mail, delay);
    }
}
