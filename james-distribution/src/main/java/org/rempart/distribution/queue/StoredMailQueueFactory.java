/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import javax.inject.Inject;
import org.apache.james.core.Username;
import org.apache.james.metrics.api.GaugeRegistry;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueueFactory;
import org.apache.james.queue.api.MailQueueItemDecoratorFactory;
import org.apache.james.queue.api.MailQueueName;
import org.rempart.distribution.queue.MailAdministration.Kind;
import org.rempart.distribution.queue.MailAdministration.Place;
import org.rempart.policy.ledger.SubmissionLedger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The queues of a {@link MailStore}. A queue that was ever made is listed for ever, even if nothing uses it any more: there
 * may be mail in it.
 */
public final class StoredMailQueueFactory implements MailQueueFactory<StoredMailQueue> {
    private static final Logger LOGGER = LoggerFactory.getLogger(StoredMailQueueFactory.class);
    private static final long UNKNOWN = -1;

    private final MailStore store;
    private final MailQueueItemDecoratorFactory decorators;
    private final GaugeRegistry gauges;
    private final HeldAccounts heldAccounts;
    private final Map<MailQueueName, StoredMailQueue> queues = new ConcurrentHashMap<>();

    /** Makes queues in this store; their sizes are gauges. */
    @Inject
    public StoredMailQueueFactory(
            MailStore store, MailQueueItemDecoratorFactory decorators, GaugeRegistry gauges, SubmissionLedger ledger) {
        this(store, decorators, gauges, new HeldAccounts(account -> ledger.keepsWaiting(Username.of(account))));
    }

    StoredMailQueueFactory(
            MailStore store,
            MailQueueItemDecoratorFactory decorators,
            GaugeRegistry gauges,
            HeldAccounts heldAccounts) {
        this.store = store;
        this.decorators = decorators;
        this.gauges = gauges;
        this.heldAccounts = heldAccounts;
    }

    @Override
    public Optional<StoredMailQueue> getQueue(MailQueueName name, PrefetchCount count) {
        return store.places().find(place(name)).map(place -> queue(name, place));
    }

    /** @throws IllegalStateException when the queue is new and the database does not answer */
    @Override
    public StoredMailQueue createQueue(MailQueueName name, PrefetchCount count) {
        try {
            return queue(name, store.places().add(place(name)));
        } catch (MailStoreException failure) {
            throw new IllegalStateException(
                    "the queue " + name.asString() + " can't be made: " + failure.getMessage(), failure);
        }
    }

    private StoredMailQueue queue(MailQueueName name, int place) {
        return queues.computeIfAbsent(name, missing -> {
            StoredMailQueue queue = new StoredMailQueue(store, name, place, decorators, heldAccounts);
            store.register(place, queue);
            gauges.register(MailQueue.QUEUE_SIZE_METRIC_NAME_PREFIX + name.asString(), () -> size(queue));
            return queue;
        });
    }

    private static long size(StoredMailQueue queue) {
        try {
            return queue.getSize();
        } catch (MailQueue.MailQueueException failure) {
            LOGGER.debug("The size of the queue {} is unknown", queue.getName().asString(), failure);
            return UNKNOWN;
        }
    }

    private static Place place(MailQueueName name) {
        return new Place(Kind.QUEUE, name.asString());
    }

    @Override
    public Set<MailQueueName> listCreatedMailQueues() {
        return store.places().all().stream()
                .filter(place -> place.kind() == Kind.QUEUE)
                .map(place -> MailQueueName.of(place.name()))
                .collect(Collectors.toUnmodifiableSet());
    }
}
