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
import org.rempart.mailet.delivery.RecipientOutcome.Fate;
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
    /** On a mail of which nothing is left to do but to tell its sender: why it failed. */
    private static final AttributeName UNTOLD = AttributeName.of("org.rempart.delivery.untold");

    private static final Duration UNTOLD_DELAY = Duration.ofMinutes(5);

    private final DeliverySettings settings;
    private final MailQueue queue;
    private final MailetContext context;
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
            DeliveryTrail trail,
            MailQueueItem item) {
        this.settings = settings;
        this.queue = queue;
        this.context = context;
        this.trail = trail;
        this.item = item;
        this.mail = item.getMail();
    }

    /** Why a mail failed whose sender could not be told of it yet; such a mail is not to be sent. */
    static Optional<String> untold(Mail mail) {
        return AttributeUtils.getValueAndCastFromMail(mail, UNTOLD, String.class);
    }

    /** Settles a mail whose sender is to be told of an earlier failure. */
    void settleUntold(String reason) {
        List<MailAddress> recipients = List.copyOf(mail.getRecipients());
        steps.add(() -> tellOrKeep(recipients, reason));
        steps.add(() -> item.done(CompletionStatus.SUCCESS));
    }

    /**
     * Settles a try.
     *
     * @param outcomes for each recipient
     * @param unknownDomain whether it is the DNS that has to be asked again
     */
    void settle(Map<MailAddress, RecipientOutcome> outcomes, boolean unknownDomain) {
        trail.tried(outcomes.values());
        List<MailAddress> delivered = new ArrayList<>();
        List<MailAddress> deferred = new ArrayList<>();
        Map<String, List<MailAddress>> failed = new LinkedHashMap<>();
        int retries = AttributeUtils.getValueAndCastFromMail(mail, RETRIES, Integer.class)
                .orElse(0);
        Optional<Duration> delay = unknownDomain && retries >= settings.dnsRetries()
                ? Optional.empty()
                : settings.retries().delayAfter(retries);
        String firstReason = null;
        for (Map.Entry<MailAddress, RecipientOutcome> entry : outcomes.entrySet()) {
            RecipientOutcome outcome = entry.getValue();
            if (outcome.fate() == Fate.DELIVERED) {
                delivered.add(entry.getKey());
            } else if (outcome.fate() == Fate.DEFERRED && delay.isPresent()) {
                deferred.add(entry.getKey());
                firstReason = firstReason == null ? outcome.reason() : firstReason;
            } else {
                String reason = outcome.fate() == Fate.FAILED || unknownDomain
                        ? outcome.reason()
                        : outcome.reason() + " (given up after " + (retries + 1) + " tries)";
                failed.computeIfAbsent(reason, none -> new ArrayList<>()).add(entry.getKey());
            }
        }
        if (!delivered.isEmpty() && settings.successProcessor().isPresent()) {
            steps.add(() -> handOn(delivered, settings.successProcessor().get()));
        }
        failed.forEach((reason, recipients) -> {
            trail.givenUp(mail, recipients, reason);
            steps.add(() -> tellOrKeep(recipients, reason));
        });
        if (!deferred.isEmpty()) {
            String reason = firstReason;
            steps.add(() -> defer(deferred, retries + 1, delay.get(), reason));
        }
        steps.add(() -> item.done(CompletionStatus.SUCCESS));
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
        } catch (MessagingException | RuntimeException failure) {
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

    /** When its sender can't be told now, the mail goes back into the queue for that alone. */
    private void tellOrKeep(List<MailAddress> recipients, String reason) throws MailQueueException {
        mail.removeAttribute(UNTOLD);
        try {
            tell(recipients, reason);
        } catch (MessagingException | RuntimeException untold) {
            LOGGER.warn(
                    "The sender of {} can't be told yet that it was not delivered: {}",
                    mail.getName(),
                    untold.toString());
            mail.setRecipients(recipients);
            mail.setAttribute(new Attribute(UNTOLD, AttributeValue.of(reason)));
            mail.setErrorMessage(reason);
            queue.enQueue(mail, UNTOLD_DELAY);
            mail.removeAttribute(UNTOLD);
        }
    }

    private void tell(List<MailAddress> recipients, String reason) throws MessagingException {
        mail.setRecipients(recipients);
        mail.setLastUpdated(Date.from(Instant.now()));
        mail.setErrorMessage(reason);
        mail.setAttribute(new Attribute(PERMANENT, AttributeValue.of(true)));
        mail.setAttribute(new Attribute(ERROR, AttributeValue.of(reason)));
        mail.setAttribute(new Attribute(ERROR_CODE, AttributeValue.of(Integer.parseInt(reason.substring(0, 3)))));
        try {
            if (settings.bounceProcessor().isPresent()) {
                handOn(recipients, settings.bounceProcessor().get());
            } else if (mail.hasSender()) {
                context.bounce(mail, notice(recipients, reason));
            } else {
                LOGGER.warn(
                        "Mail {} without a sender could not be delivered to {}: {}",
                        mail.getName(),
                        recipients,
                        reason);
            }
        } finally {
            mail.removeAttribute(PERMANENT);
            mail.removeAttribute(ERROR);
            mail.removeAttribute(ERROR_CODE);
        }
    }

    private static String notice(List<MailAddress> recipients, String reason) {
        StringBuilder text = new StringBuilder("Your message could not be delivered to the recipients below.\r\n\r\n");
        recipients.forEach(recipient -> text.append(recipient.asString()).append("\r\n"));
        return text.append("\r\n").append(reason).append("\r\n").toString();
    }

    private void defer(List<MailAddress> recipients, int retries, Duration delay, String reason)
            throws MailQueueException {
        mail.setRecipients(recipients);
        mail.setLastUpdated(Date.from(Instant.now()));
        mail.setErrorMessage(reason);
        mail.setAttribute(new Attribute(RETRIES, AttributeValue.of(retries)));
        mail.setAttribute(new Attribute(PERMANENT, AttributeValue.of(false)));
        if (settings.usePriority()) {
            mail.setAttribute(MailPrioritySupport.LOW_PRIORITY_ATTRIBUTE);
        }
        queue.enQueue(mail, delay);
    }
}
