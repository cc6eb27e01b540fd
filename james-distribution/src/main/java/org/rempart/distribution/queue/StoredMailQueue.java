/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.james.mailetcontainer.impl.JamesMailSpooler;
import org.apache.james.queue.api.MailQueueItemDecoratorFactory;
import org.apache.james.queue.api.MailQueueName;
import org.apache.james.queue.api.ManageableMailQueue;
import org.apache.mailet.Mail;
import org.reactivestreams.Publisher;
import org.rempart.distribution.queue.MailTable.Row;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * A queue of {@link MailStore}. {@link #deQueue()} neither ends nor fails: while the database or a message's file can't be
 * read, it waits. A mail leaves the queue when its processing succeeded, or when an administrator deletes it, and for no
 * other reason; what can't be handed out is held, with the reason, where {@link MailAdministration} shows it.
 */
public final class StoredMailQueue implements ManageableMailQueue {
    private final MailStore store;
    private final MailQueueName name;
    private final int place;
    private final Dispatcher dispatcher;

    StoredMailQueue(
            MailStore store,
            MailQueueName name,
            int place,
            MailQueueItemDecoratorFactory decorators,
            HeldAccounts heldAccounts) {
        this.store = store;
        this.name = name;
        this.place = place;
        this.dispatcher = new Dispatcher(store, name, place, decorators, heldAccounts);
    }

    @Override
    public MailQueueName getName() {
        return name;
    }

    /** Leaves the queue as it is: others use it, and a consumer leaves it by cancelling. */
    @Override
    public void close() {}

    // Enqueuing

    @Override
    public void enQueue(Mail mail) throws MailQueueException {
        int tries = failures(mail);
        enQueue(mail, tries == 0 ? Duration.ZERO : QueueItem.backOff(tries), tries);
    }

    @Override
    public void enQueue(Mail mail, Duration delay) throws MailQueueException {
        enQueue(mail, delay, 0);
    }

    private void enQueue(Mail mail, Duration delay, int tries) throws MailQueueException {
        try {
            store.insert(place, mail, delay, tries);
        } catch (MailStoreException failure) {
            throw new MailQueueException("Mail " + mail.getName() + " is not queued: " + failure.getMessage(), failure);
        }
    }

    /**
     * How often the mail's processing has failed, when it comes back from there: James's spooler puts such a mail into the
     * queue again, while it is still being processed, with a higher count.
     */
    private int failures(Mail mail) {
        int count = failureCount(mail);
        if (count == 0) {
            return 0;
        }
        return dispatcher.isInFlight(mail.getName()) ? count : 0;
    }

    private static int failureCount(Mail mail) {
        return mail.getAttribute(JamesMailSpooler.MAIL_PROCESSING_ERROR_COUNT)
                .flatMap(attribute -> attribute.getValue().valueAs(Integer.class))
                .orElse(0);
    }

    @Override
    public Publisher<Void> enqueueReactive(Mail mail) {
        return Mono.<Void>fromCallable(() -> {
                    enQueue(mail);
                    return null;
                })
                .subscribeOn(Schedulers.boundedElastic());
    }

    /** Takes note of a mail that was stored; called after its commit, before anything else is written. */
    void offer(Row row) {
        dispatcher.offer(row);
    }

    /** Forgets what is known of turns: something has changed in the database. */
    void refresh() {
        dispatcher.refresh();
    }

    /** Mail as it becomes due, to as many subscribers as there are, each mail to one of them. */
    @Override
    public Publisher<MailQueueItem> deQueue() {
        return dispatcher.mails();
    }

    /** From now on nothing is handed out. */
    void stop() {
        dispatcher.stop();
    }

    /** Whether mail is being processed. */
    boolean isBusy() {
        return dispatcher.isBusy();
    }

    boolean isInFlight(long id) {
        return dispatcher.isInFlight(id);
    }

    /** Takes what is not being processed, so that it is not handed out meanwhile. */
    Set<Long> take(Collection<Long> ids) {
        return dispatcher.take(ids);
    }

    void giveBack(Collection<Long> ids) {
        dispatcher.giveBack(ids);
    }

    // Administration

    private MailAdministration administration() {
        return new StoredMailAdministration(store);
    }

    private MailAdministration.Filter all() {
        return MailAdministration.Filter.ALL
                .withKind(MailAdministration.Kind.QUEUE)
                .withName(name.asString());
    }

    @Override
    public long getSize() throws MailQueueException {
        try {
            return store.table().count("SELECT COUNT(*) FROM rempart_mail WHERE place = ?", List.of(place));
        } catch (MailStoreException failure) {
            throw failed(failure);
        }
    }

    @Override
    public long flush() throws MailQueueException {
        try {
            return administration().flush(all());
        } catch (MailStoreException failure) {
            throw failed(failure);
        }
    }

    @Override
    public long clear() throws MailQueueException {
        try {
            return administration().delete(all());
        } catch (MailStoreException failure) {
            throw failed(failure);
        }
    }

    @Override
    public long remove(Type type, String value) throws MailQueueException {
        try {
            return switch (type) {
                case Sender -> administration().delete(all().withSender(value));
                case Recipient -> administration().delete(all().withRecipient(value));
                case Name -> removeNamed(value);
            };
        } catch (MailStoreException failure) {
            throw failed(failure);
        }
    }

    private long removeNamed(String mail) throws MailStoreException {
        Set<Long> ids = new HashSet<>();
        List<Object> values = List.of(place, MailTable.hash(MailTable.clean(mail)));
        for (Row row : store.table().rows("place = ? AND name_hash = ?", values, Dispatcher.TURNS)) {
            ids.add(row.id());
        }
        return ids.isEmpty() ? 0 : administration().delete(MailAdministration.Filter.ofIds(ids));
    }

    private MailQueueException failed(MailStoreException failure) {
        return new MailQueueException("The queue " + name.asString() + ": " + failure.getMessage(), failure);
    }

    /** All mail of the queue, held and delayed and in flight, in the order in which it came. */
    @Override
    public MailQueueIterator browse() throws MailQueueException {
        try {
            return new QueueBrowser(store, place);
        } catch (MailStoreException failure) {
            throw failed(failure);
        }
    }
}
