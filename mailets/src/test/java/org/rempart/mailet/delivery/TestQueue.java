/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.mail.MessagingException;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueueName;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageWrapper;
import org.apache.mailet.Mail;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A mail queue that a test looks into. Mail with a delay is noted and not handed out, until {@link #passTime}; what was
 * handed out is in {@link #open} until it is done.
 */
final class TestQueue implements MailQueue {
    private final Deque<Mail> due = new ArrayDeque<>();
    private final List<Later> delayed = new CopyOnWriteArrayList<>();
    private final List<Mail> open = new CopyOnWriteArrayList<>();
    private final List<String> endings = new CopyOnWriteArrayList<>();
    private final AtomicInteger drains = new AtomicInteger();
    private volatile Subscriber<? super MailQueueItem> subscriber;
    private long demand;
    private volatile boolean full;
    private volatile int refusals;
    private volatile Kill kill = Kill.NEVER;
    private volatile boolean damaged;
    /** What the queue holds of mail that was handed out, by what was handed out. */
    private final Map<Mail, Mail> originals = new ConcurrentHashMap<>();
    /** What a server had that was killed. */
    private final List<Mail> abandoned = new CopyOnWriteArrayList<>();

    /** A mail that waits for its time. */
    static final class Later {
        final Mail mail;
        final Duration delay;

        Later(Mail mail, Duration delay) {
            this.mail = mail;
            this.delay = delay;
        }
    }

    /** Whether the queue refuses to take mail. */
    void full(boolean value) {
        this.full = value;
    }

    /** Ends for the one who takes mail from it, and so many times throws when it is asked again. */
    void breakDown(int times) {
        Subscriber<? super MailQueueItem> reader;
        synchronized (this) {
            refusals = times;
            reader = subscriber;
            subscriber = null;
            demand = 0;
        }
        reader.onError(new IllegalStateException("the queue is broken"));
    }

    /** Whether messages can be read only in part. */
    void damaged(boolean value) {
        damaged = value;
    }

    /** What the delivery does to the queue is done up to this. */
    void kill(Kill value) {
        kill = value;
    }

    /** What a server finds when it starts again: all that was handed out and is not done, as it was. */
    void restart() {
        synchronized (this) {
            subscriber = null;
            demand = 0;
            kill = Kill.NEVER;
            due.addAll(originals.values());
        }
        originals.clear();
        abandoned.addAll(open);
        open.clear();
    }

    List<Later> delayed() {
        return delayed;
    }

    /** Mail that was handed out and is not done. */
    List<Mail> open() {
        return open;
    }

    /** How mails were done, in the order that it happened. */
    List<String> endings() {
        return endings;
    }

    /** All delays are over. */
    void passTime() {
        List<Later> all = new ArrayList<>(delayed);
        delayed.removeAll(all);
        synchronized (this) {
            all.forEach(later -> due.add(later.mail));
        }
        handOut();
    }

    @Override
    public MailQueueName getName() {
        return MailQueueName.of("outgoing");
    }

    @Override
    public void enQueue(Mail mail) throws MailQueueException {
        enQueue(mail, Duration.ZERO);
    }

    @Override
    public void enQueue(Mail mail, long delay, TimeUnit unit) throws MailQueueException {
        enQueue(mail, Duration.ofMillis(unit.toMillis(delay)));
    }

    @Override
    public void enQueue(Mail mail, Duration delay) throws MailQueueException {
        if (full) {
            throw new MailQueueException("the disk is full");
        }
        if (damaged && !delay.isZero()) {
            throw new MailQueueException("the message can't be read");
        }
        if (delay.isZero()) {
            synchronized (this) {
                due.add(copyOf(mail));
            }
            handOut();
        } else {
            kill.around(() -> delayed.add(new Later(copyOf(mail), delay)));
        }
    }

    @Override
    public Publisher<Void> enqueueReactive(Mail mail) {
        return Mono.fromRunnable(() -> {
            try {
                enQueue(mail);
            } catch (MailQueueException failure) {
                throw new IllegalStateException(failure);
            }
        });
    }

    @Override
    public Publisher<MailQueueItem> deQueue() {
        synchronized (this) {
            if (refusals > 0) {
                refusals--;
                throw new IllegalStateException("the queue is still broken");
            }
        }
        return Flux.from((Publisher<MailQueueItem>) given -> {
            synchronized (this) {
                subscriber = given;
            }
            given.onSubscribe(new Subscription() {
                @Override
                public void request(long count) {
                    synchronized (TestQueue.this) {
                        demand += count;
                    }
                    handOut();
                }

                @Override
                public void cancel() {
                    synchronized (TestQueue.this) {
                        subscriber = null;
                    }
                }
            });
        });
    }

    /** One mail after the other, no matter who asks (rule 1.3 of Reactive Streams). */
    private void handOut() {
        if (drains.getAndIncrement() > 0) {
            return;
        }
        do {
            drains.set(1);
            for (Mail mail = next(); mail != null; mail = next()) {
                Mail given = copyOf(mail);
                if (damaged) {
                    damage(given);
                }
                originals.put(given, mail);
                open.add(given);
                subscriber.onNext(new Item(given));
            }
        } while (drains.decrementAndGet() > 0);
    }

    private static void damage(Mail mail) {
        try {
            LifecycleUtil.dispose(mail.getMessage());
            ((MailImpl) mail)
                    .setMessageNoCopy(new MimeMessageWrapper(new OutgoingMessageTest.Endless(1_000_000, 500_000)));
        } catch (MessagingException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static Mail copyOf(Mail mail) {
        try {
            MailImpl copy = MailImpl.duplicate(mail);
            copy.setName(mail.getName());
            copy.setState(mail.getState());
            copy.setErrorMessage(mail.getErrorMessage());
            return copy;
        } catch (MessagingException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private synchronized Mail next() {
        if (subscriber == null || demand == 0 || due.isEmpty()) {
            return null;
        }
        demand--;
        return due.poll();
    }

    private final class Item implements MailQueueItem {
        private final Mail mail;

        Item(Mail mail) {
            this.mail = mail;
        }

        @Override
        public Mail getMail() {
            return mail;
        }

        @Override
        public void done(CompletionStatus status) {
            kill.around(() -> {
                open.remove(mail);
                if (kill != Kill.NEVER) {
                    abandoned.add(mail);
                }
                LifecycleUtil.dispose(originals.remove(mail));
                endings.add(mail.getName() + " " + status);
            });
        }
    }

    /** Disposes of the mail that is still in it. */
    @Override
    public void close() {
        List<Mail> left = new ArrayList<>(open);
        left.addAll(originals.values());
        left.addAll(abandoned);
        delayed.forEach(later -> left.add(later.mail));
        synchronized (this) {
            left.addAll(due);
        }
        left.forEach(LifecycleUtil::dispose);
    }
}
