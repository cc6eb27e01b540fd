/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import javax.mail.MessagingException;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueueFactory;
import org.apache.james.queue.api.MailQueueName;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Mail;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/**
 * The spool as a plain queue in memory, which the pipeline empties itself. A delay is no delay here. Any other queue is one
 * of a remote delivery: what is put into it ends there, and nothing ever comes out.
 */
final class Spool implements MailQueueFactory<MailQueue>, MailQueue {
    private final Queue<Mail> mails = new ArrayDeque<>();
    private final Outlets outlets;

    Spool(Outlets outlets) {
        this.outlets = outlets;
    }

    /** The mail that has waited longest; empty when there is none. */
    Optional<Mail> next() {
        return Optional.ofNullable(mails.poll());
    }

    @Override
    public MailQueueName getName() {
        return SPOOL;
    }

    /** Queues a copy: mailets dispose of what they have sent. */
    @Override
    public void enQueue(Mail mail) throws MailQueueException {
        try {
            MailImpl copy = MailImpl.duplicate(mail);
            copy.setName(mail.getName());
            copy.setState(mail.getState());
            mails.add(copy);
        } catch (MessagingException unreadable) {
            throw new MailQueueException("can't copy " + mail.getName(), unreadable);
        }
    }

    @Override
    public void enQueue(Mail mail, Duration delay) throws MailQueueException {
        enQueue(mail);
    }

    @Override
    public Publisher<Void> enqueueReactive(Mail mail) {
        return Mono.fromCallable(() -> {
            enQueue(mail);
            return null;
        });
    }

    @Override
    public Publisher<MailQueueItem> deQueue() {
        return Mono.error(new UnsupportedOperationException("the pipeline empties the spool itself"));
    }

    @Override
    public void close() {
        mails.forEach(LifecycleUtil::dispose);
        mails.clear();
    }

    @Override
    public Optional<MailQueue> getQueue(MailQueueName name, PrefetchCount count) {
        return name.equals(SPOOL) ? Optional.of(this) : Optional.empty();
    }

    @Override
    public MailQueue createQueue(MailQueueName name, PrefetchCount count) {
        return name.equals(SPOOL) ? this : new Outgoing(name);
    }

    private final class Outgoing implements MailQueue {
        private final MailQueueName name;

        Outgoing(MailQueueName name) {
            this.name = name;
        }

        @Override
        public MailQueueName getName() {
            return name;
        }

        @Override
        public void enQueue(Mail mail) throws MailQueueException {
            try {
                outlets.note(name.asString(), mail);
            } catch (MessagingException unreadable) {
                throw new MailQueueException("can't read " + mail.getName(), unreadable);
            }
        }

        @Override
        public void enQueue(Mail mail, Duration delay) throws MailQueueException {
            enQueue(mail);
        }

        @Override
        public Publisher<Void> enqueueReactive(Mail mail) {
            return Mono.error(new UnsupportedOperationException("deliveries wait until the mail is queued"));
        }

        @Override
        public Publisher<MailQueueItem> deQueue() {
            return Mono.never();
        }

        @Override
        public void close() {}
    }

    @Override
    public Set<MailQueueName> listCreatedMailQueues() {
        return Set.of(SPOOL);
    }
}
