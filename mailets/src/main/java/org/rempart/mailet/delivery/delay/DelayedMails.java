/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.delay;

import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import javax.mail.MessagingException;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.mailrepository.api.MailKey;
import org.apache.james.mailrepository.api.MailRepository;
import org.apache.james.queue.api.MailQueue.MailQueueException;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeUtils;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.rempart.message.RawMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Mail of one queue that waits for its time in a mail repository. The mail is the truth: it says itself when it is due, and
 * whether it is held; the index only finds it, and decides which server takes it. When the index was away, or has lost what it
 * knew, all mails of the repository are shown to it again.
 *
 * <p>A server that takes a mail has a lease of it, and makes it longer while it works. It puts the mail into the queue, and
 * only then removes it from the repository. So a server that dies meanwhile loses nothing, and another takes the mail within
 * {@link #LEASE}; what was in the queue already by then is delivered twice.
 *
 * <p>Needs a call of {@link #tick} twice a second or so. Safe for use by many threads.
 */
final class DelayedMails {
    private static final Logger LOGGER = LoggerFactory.getLogger(DelayedMails.class);

    /** The name that the mail had in the queue; in the repository it has one that no other mail has. */
    private static final AttributeName NAME = AttributeName.of("org.rempart.delivery.name");
    /** When it is due, in the form of ISO 8601. */
    private static final AttributeName DUE = AttributeName.of("org.rempart.delivery.due");

    private static final AttributeName HELD = AttributeName.of("org.rempart.delivery.held");

    /** Stands for the keys of all mails. */
    static final String ALL = "*";

    static final Duration LEASE = Duration.ofSeconds(6);
    /** A server that can't hand on a mail for so long lets others try, at the danger of handing it on twice. */
    static final Duration LONGEST = Duration.ofMinutes(5);

    static final Duration AGAIN = Duration.ofSeconds(1);
    static final Duration BETWEEN_SCANS = Duration.ofMinutes(5);
    private static final int AT_ONCE = 64;
    private static final int PAGE = 500;

    private final String queue;
    private final MailRepository repository;
    private final DelayIndex index;
    private final HandOn handOn;
    private final Clock clock;
    private final Executor workers;
    /** Since when this server works at a mail that it has taken. */
    private final Map<String, Instant> inProgress = new ConcurrentHashMap<>();
    /** What is in the queue again, but may still be in the repository. */
    private final Set<String> handedOn = ConcurrentHashMap.newKeySet();

    private final AtomicBoolean scanning = new AtomicBoolean();
    private final AtomicBoolean finishing = new AtomicBoolean();
    private volatile boolean scanWanted = true;
    private volatile boolean away;
    private Instant lastScan = Instant.MIN;

    /** Puts a mail into the queue. */
    @FunctionalInterface
    interface HandOn {
        void enQueue(Mail mail) throws MailQueueException;
    }

    /**
     * @param queue its name, for the log
     * @param workers does what takes long
     */
    DelayedMails(
            String queue, MailRepository repository, DelayIndex index, HandOn handOn, Clock clock, Executor workers) {
        this.queue = queue;
        this.repository = repository;
        this.index = index;
        this.handOn = handOn;
        this.clock = clock;
        this.workers = workers;
    }

    /**
     * Keeps a mail until its time. The caller's mail is as it was.
     *
     * @throws MailQueueException when the repository does not take it; then it is not kept
     */
    void keep(Mail mail, Duration delay) throws MailQueueException {
        String name = mail.getName();
        String key = name + "." + UUID.randomUUID();
        mail.setAttribute(new Attribute(NAME, AttributeValue.of(name)));
        mail.setAttribute(
                new Attribute(DUE, AttributeValue.of(clock.instant().plus(delay).toString())));
        mail.setName(key);
        try {
            repository.store(mail);
        } catch (MessagingException | RuntimeException failure) {
            throw new MailQueueException(
                    "the repository of delayed mail does not take " + name,
                    failure instanceof MessagingException
                            ? failure
                            : new MessagingException(failure.toString(), failure));
        } finally {
            restore(mail);
        }
        try {
            index.due(key, delay);
        } catch (IndexAwayException later) {
            isAway(later);
        }
    }

    /** Gives a mail of the repository back what it had in the queue. */
    static void restore(Mail mail) {
        AttributeUtils.getValueAndCastFromMail(mail, NAME, String.class).ifPresent(mail::setName);
        mail.removeAttribute(NAME);
        mail.removeAttribute(DUE);
        mail.removeAttribute(HELD);
    }

    /** Takes what is due, and does what is left to be done. */
    void tick() {
        if (!handedOn.isEmpty() && finishing.compareAndSet(false, true)) {
            workers.execute(this::finishAll);
        }
        try {
            renew();
            DelayIndex.Turn turn = index.take(isStuck() ? 0 : Math.max(0, AT_ONCE - inProgress.size()), LEASE);
            if (away) {
                LOGGER.info("The index of the delayed mail of {} answers again", queue);
                away = false;
            }
            for (String key : turn.keys()) {
                inProgress.put(key, clock.instant());
                workers.execute(() -> handOn(key));
            }
            if (!turn.isComplete() || lastScan.plus(BETWEEN_SCANS).isBefore(clock.instant())) {
                scanWanted = true;
            }
            if (scanWanted && scanning.compareAndSet(false, true)) {
                scanWanted = false;
                lastScan = clock.instant();
                workers.execute(this::scan);
            }
        } catch (IndexAwayException later) {
            isAway(later);
        }
    }

    private void isAway(IndexAwayException failure) {
        scanWanted = true;
        if (!away) {
            away = true;
            LOGGER.error(
                    "The index of the delayed mail of {} does not answer; the mail is kept, and goes on when it does:"
                            + " {}",
                    queue,
                    failure.getMessage());
        }
    }

    /** Others take what it can't hand on, and what is due besides. */
    private boolean isStuck() {
        return inProgress.keySet().stream().anyMatch(this::takesTooLong);
    }

    private boolean takesTooLong(String key) {
        Instant since = inProgress.get(key);
        return since != null && !handedOn.contains(key) && !since.plus(LONGEST).isAfter(clock.instant());
    }

    private void renew() throws IndexAwayException {
        List<String> mine =
                inProgress.keySet().stream().filter(key -> !takesTooLong(key)).collect(Collectors.toList());
        if (!mine.isEmpty()) {
            index.renew(mine, LEASE);
        }
    }

    private void handOn(String key) {
        try {
            Mail mail = repository.retrieve(new MailKey(key));
            if (mail == null) {
                index.forget(key);
                inProgress.remove(key);
                return;
            }
            try {
                if (mail.getAttribute(HELD).isPresent()) {
                    index.hold(key);
                    inProgress.remove(key);
                    return;
                }
                if (!index.renew(List.of(key), LEASE).contains(key)) {
                    // This server was asleep for too long, and another has it.
                    inProgress.remove(key);
                    return;
                }
                RawMessage.keepBytes(mail);
                handOn.enQueue(mail);
            } finally {
                LifecycleUtil.dispose(mail);
            }
            handedOn.add(key);
            finish(key);
        } catch (IndexAwayException later) {
            inProgress.remove(key);
            isAway(later);
        } catch (MessagingException | RuntimeException | Error failure) {
            LOGGER.warn("The mail {} can't go back into {}, and is tried again: {}", key, queue, failure.toString());
            again(key);
        }
    }

    private void again(String key) {
        inProgress.remove(key);
        try {
            index.due(key, AGAIN);
        } catch (IndexAwayException later) {
            isAway(later);
        }
    }

    private void finishAll() {
        try {
            handedOn.forEach(this::finish);
        } finally {
            finishing.set(false);
        }
    }

    private void finish(String key) {
        try {
            repository.remove(new MailKey(key));
            handedOn.remove(key);
            inProgress.remove(key);
            index.forget(key);
        } catch (IndexAwayException later) {
            isAway(later);
        } catch (MessagingException | RuntimeException failure) {
            LOGGER.warn("The mail {} can't be removed, which is tried again: {}", key, failure.toString());
        }
    }

    /** Shows the index all mails that there are. */
    private void scan() {
        try {
            List<String> page = new ArrayList<>();
            for (Iterator<MailKey> keys = repository.list(); keys.hasNext(); ) {
                page.add(keys.next().asString());
                if (page.size() == PAGE || !keys.hasNext()) {
                    show(page);
                    page.clear();
                }
            }
            index.completed();
        } catch (IndexAwayException later) {
            isAway(later);
        } catch (MessagingException | RuntimeException failure) {
            scanWanted = true;
            LOGGER.warn("The delayed mail of {} can't be listed, which is tried again: {}", queue, failure.toString());
        } finally {
            scanning.set(false);
        }
    }

    private void show(Collection<String> keys) throws IndexAwayException, MessagingException {
        for (String key : index.unknown(keys)) {
            Mail mail = repository.retrieve(new MailKey(key));
            if (mail == null) {
                continue;
            }
            try {
                Optional<Duration> left = left(mail);
                if (left.isPresent()) {
                    // One that is held turns that out when it is taken.
                    index.dueIfUnknown(key, left.get());
                }
            } finally {
                LifecycleUtil.dispose(mail);
            }
        }
    }

    /** How long a mail has to wait still; empty for one that somebody else has put into the repository. */
    private Optional<Duration> left(Mail mail) {
        try {
            return AttributeUtils.getValueAndCastFromMail(mail, DUE, String.class)
                    .map(due -> Duration.between(clock.instant(), Instant.parse(due)))
                    .map(left -> left.isNegative() ? Duration.ZERO : left);
        } catch (DateTimeException none) {
            return Optional.empty();
        }
    }

    /** The same of a mail of the repository; a little where that can't be found out now. */
    private Duration left(String key) {
        try {
            Mail mail = repository.retrieve(new MailKey(key));
            if (mail == null) {
                return Duration.ZERO;
            }
            try {
                return left(mail).orElse(Duration.ZERO);
            } finally {
                LifecycleUtil.dispose(mail);
            }
        } catch (MessagingException | RuntimeException unread) {
            return LEASE;
        }
    }

    /** What can be done to mail that waits. */
    enum Change {
        /** It stays, whatever happens, until it is released. */
        HOLD,
        /** It goes on at once, held or not. */
        RELEASE,
        /** It goes on at once, unless it is held. */
        FLUSH,
        /** It is gone for good; nobody is told. */
        DELETE
    }

    /**
     * Changes a mail, or all of them.
     *
     * @param key of the repository, or {@value #ALL}
     * @return false when there is no such mail, or a server is about to hand it on
     */
    boolean change(Change change, String key) throws IndexAwayException, MessagingException {
        if (!key.equals(ALL)) {
            return changeOne(change, key);
        }
        for (Iterator<MailKey> keys = repository.list(); keys.hasNext(); ) {
            changeOne(change, keys.next().asString());
        }
        return true;
    }

    private boolean changeOne(Change change, String key) throws IndexAwayException, MessagingException {
        if (!index.take(key, LEASE)) {
            return false;
        }
        try {
            return changeTaken(change, key);
        } catch (MessagingException | RuntimeException failure) {
            // It waits as before, and may be taken for the next try.
            index.due(key, left(key));
            throw failure;
        }
    }

    private boolean changeTaken(Change change, String key) throws IndexAwayException, MessagingException {
        if (change == Change.DELETE) {
            repository.remove(new MailKey(key));
            index.forget(key);
            return true;
        }
        if (change != Change.FLUSH && !mark(key, change == Change.HOLD)) {
            index.forget(key);
            return false;
        }
        if (change == Change.HOLD) {
            index.hold(key);
        } else {
            // One that is held turns that out when it is taken.
            index.due(key, Duration.ZERO);
        }
        return true;
    }

    private boolean mark(String key, boolean held) throws MessagingException {
        Mail mail = repository.retrieve(new MailKey(key));
        if (mail == null) {
            return false;
        }
        try {
            if (held) {
                mail.setAttribute(new Attribute(HELD, AttributeValue.of(true)));
            } else {
                mail.removeAttribute(HELD);
            }
            RawMessage.keepBytes(mail);
            repository.store(mail);
            return true;
        } finally {
            LifecycleUtil.dispose(mail);
        }
    }
}
