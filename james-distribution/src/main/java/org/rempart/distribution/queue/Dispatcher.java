/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.queue.api.MailQueue.MailQueueItem;
import org.apache.james.queue.api.MailQueueItemDecoratorFactory;
import org.apache.james.queue.api.MailQueueName;
import org.apache.james.server.core.MailImpl;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import org.rempart.distribution.queue.MailTable.Row;
import org.rempart.distribution.queue.MailTable.Turn;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;

/**
 * Hands out the mail of a queue as it becomes due, in its order, to as many consumers as there are. It neither ends nor
 * fails: while the database or a message's file can't be read, it waits. What can't be handed out is held, with the reason.
 */
final class Dispatcher {
    private static final Logger LOGGER = LoggerFactory.getLogger(Dispatcher.class);

    /** Turns known at a time; the others wait in the database. */
    static final int TURNS = 1_000;
    /** An envelope above that many characters is read again rather than kept until its turn. */
    private static final int KEPT_ENVELOPE = 16 * 1024;

    private static final Duration TICK = Duration.ofSeconds(1);
    /** So often the database is looked into even if nothing is expected there. */
    private static final Duration LOOK = Duration.ofMinutes(1);

    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LAST_PAUSE = Duration.ofSeconds(30);

    private final MailStore store;
    private final MailQueueName name;
    private final int place;
    private final MailQueueItemDecoratorFactory decorators;
    private final HeldAccounts heldAccounts;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Turns that are due, each with its row if that is at hand. */
    private final TreeMap<Turn, Optional<Row>> ready = new TreeMap<>();
    /** Mail that is being processed. */
    private final Map<Long, Row> inFlight = new HashMap<>();
    /** Mail that is about to be handed out, or that an administrator has a hand on. */
    private final Set<Long> touched = new HashSet<>();

    private final ArrayDeque<Consumer> consumers = new ArrayDeque<>();
    /** Whether no mail is due but those in {@link #ready} and in flight. */
    private boolean complete;
    /** Counts what became due without being put into {@link #ready}. */
    private long missed;

    private long nextDue = Long.MAX_VALUE;
    private long lastLook = System.nanoTime();
    private Thread dispatcher;
    private boolean stopped;
    /** Whether the last try to hand out mail failed; only the dispatcher's thread uses it. */
    private boolean failing;

    Dispatcher(
            MailStore store,
            MailQueueName name,
            int place,
            MailQueueItemDecoratorFactory decorators,
            HeldAccounts heldAccounts) {
        this.store = store;
        this.name = name;
        this.place = place;
        this.decorators = decorators;
        this.heldAccounts = heldAccounts;
    }

    // What changes

    /** Takes note of a mail that was stored; called by the writing thread, before anything else is written. */
    void offer(Row row) {
        lock.lock();
        try {
            if (row.due() > store.now()) {
                nextDue = Math.min(nextDue, row.due());
            } else if (complete && ready.size() < TURNS) {
                ready.put(
                        new Turn(row.due(), row.id()),
                        row.envelope().length() <= KEPT_ENVELOPE ? Optional.of(row) : Optional.empty());
            } else {
                complete = false;
                missed++;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Forgets what is known of turns: something has changed in the database. */
    void refresh() {
        lock.lock();
        try {
            ready.clear();
            complete = false;
            missed++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // Consumers

    /** Mail as it becomes due, to as many subscribers as there are, each mail to one of them. */
    Publisher<MailQueueItem> mails() {
        return Flux.from((Publisher<MailQueueItem>) this::subscribe);
    }

    private void subscribe(Subscriber<? super MailQueueItem> subscriber) {
        Consumer consumer = new Consumer(subscriber);
        subscriber.onSubscribe(consumer);
        lock.lock();
        try {
            if (!consumer.cancelled) {
                consumers.add(consumer);
            }
            if (dispatcher == null && !stopped) {
                dispatcher = new Thread(this::dispatch, "mail-queue-" + name.asString());
                dispatcher.setDaemon(true);
                dispatcher.start();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private final class Consumer implements Subscription {
        private final Subscriber<? super MailQueueItem> subscriber;
        private long demand;
        private boolean cancelled;

        Consumer(Subscriber<? super MailQueueItem> subscriber) {
            this.subscriber = subscriber;
        }

        @Override
        public void request(long count) {
            if (count <= 0) {
                cancel();
                subscriber.onError(new IllegalArgumentException("a demand for " + count + " mails (rule 3.9)"));
                return;
            }
            lock.lock();
            try {
                demand = demand > Long.MAX_VALUE - count ? Long.MAX_VALUE : demand + count;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void cancel() {
            lock.lock();
            try {
                cancelled = true;
                consumers.remove(this);
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    // Handing out

    private void dispatch() {
        Duration pause = FIRST_PAUSE;
        while (true) {
            try {
                if (!awaitDemand()) {
                    return;
                }
                store.checkClock();
                if (!store.mayHandOut()) {
                    pause(FIRST_PAUSE);
                    continue;
                }
                handOutOne();
                pause = FIRST_PAUSE;
                if (failing) {
                    failing = false;
                    LOGGER.info("The queue {} goes on", name.asString());
                }
            } catch (MailStoreException | RuntimeException | Error failure) {
                if (!failing) {
                    failing = true;
                    LOGGER.error(
                            "The queue {} waits, and goes on by itself: {}",
                            name.asString(),
                            failure.toString(),
                            failure);
                }
                refresh();
                pause(pause);
                Duration longer = pause.multipliedBy(2);
                pause = longer.compareTo(LAST_PAUSE) < 0 ? longer : LAST_PAUSE;
            }
        }
    }

    private boolean awaitDemand() {
        lock.lock();
        try {
            while (!stopped && consumers.stream().noneMatch(consumer -> consumer.demand > 0)) {
                changed.awaitUninterruptibly();
            }
            return !stopped;
        } finally {
            lock.unlock();
        }
    }

    private void pause(Duration pause) {
        lock.lock();
        try {
            long left = pause.toNanos();
            while (left > 0 && !stopped) {
                left = Waiting.awaitNanos(changed, left);
            }
        } finally {
            lock.unlock();
        }
    }

    private void handOutOne() throws MailStoreException {
        Map.Entry<Turn, Optional<Row>> turn = takeTurn();
        if (turn == null) {
            return;
        }
        long id = turn.getKey().id();
        boolean handedOut = false;
        try {
            Optional<Row> row = turn.getValue();
            if (row.isEmpty()) {
                row = store.table().row(id).filter(found -> !found.held() && found.due() <= store.now());
            }
            // Without a row it was deleted, or is held, since its turn was read.
            if (row.isPresent()) {
                handedOut = handOut(row.get());
            }
        } finally {
            if (!handedOut) {
                letGo(id);
            }
        }
    }

    /** The next turn, which is in flight from now on; null when there was none for a while. */
    private Map.Entry<Turn, Optional<Row>> takeTurn() throws MailStoreException {
        long missedBefore;
        int limit;
        // One time for all, so that nothing becomes due between two looks and is seen by neither.
        long now = store.now();
        lock.lock();
        try {
            if (now >= nextDue || System.nanoTime() - lastLook > LOOK.toNanos()) {
                complete = false;
                missed++;
                nextDue = Long.MAX_VALUE;
            }
            Map.Entry<Turn, Optional<Row>> first = ready.pollFirstEntry();
            while (first != null && isTaken(first.getKey().id())) {
                first = ready.pollFirstEntry();
            }
            if (first != null) {
                touched.add(first.getKey().id());
                return first;
            }
            if (complete) {
                Waiting.awaitNanos(
                        changed,
                        Math.min(
                                TICK.toNanos(),
                                TimeUnit.MILLISECONDS.toNanos(Math.max(1, Math.min(nextDue - now, 1_000)))));
                return null;
            }
            missedBefore = missed;
            // Those in flight come first in the database, for they were due first.
            limit = TURNS + Math.max(64, Integer.highestOneBit(inFlight.size() + touched.size()) * 2);
        } finally {
            lock.unlock();
        }
        lastLook = System.nanoTime();
        List<Turn> due = store.table().due(place, now, limit);
        long next = due.size() < limit ? store.table().nextDue(place, now) : Long.MAX_VALUE;
        lock.lock();
        try {
            due.stream().filter(turn -> !isTaken(turn.id())).forEach(turn -> ready.putIfAbsent(turn, Optional.empty()));
            nextDue = Math.min(nextDue, next);
            complete = due.size() < limit && missed == missedBefore;
        } finally {
            lock.unlock();
        }
        return null;
    }

    private boolean isTaken(long id) {
        return touched.contains(id) || inFlight.containsKey(id);
    }

    /** It is in nobody's hands any more. */
    void letGo(long id) {
        lock.lock();
        try {
            touched.remove(id);
            inFlight.remove(id);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** After that the mail's turn comes again, when it is due. */
    void letGoAndLookAgain(long id) {
        lock.lock();
        try {
            letGo(id);
            complete = false;
            missed++;
        } finally {
            lock.unlock();
        }
    }

    /** @return whether the mail is in somebody else's hands now, who lets it go */
    private boolean handOut(Row row) throws MailStoreException {
        MailImpl mail;
        try {
            if (row.blob().isPresent()) {
                store.blobs().check(row.blob().get());
            }
        } catch (Blobs.BrokenBlobException broken) {
            store.holdFor(row.id(), broken.getMessage(), () -> letGo(row.id()));
            return true;
        } catch (IOException failure) {
            LOGGER.warn(
                    "Mail {} is tried again later, for its message can't be read: {}", row.name(), failure.toString());
            store.postpone(
                    row,
                    QueueItem.backOff(row.tries() + 1),
                    "the message can't be read: " + failure,
                    Optional.empty(),
                    () -> letGoAndLookAgain(row.id()));
            return true;
        }
        try {
            mail = store.mail(row);
        } catch (IOException broken) {
            store.holdFor(row.id(), broken.getMessage(), () -> letGo(row.id()));
            return true;
        }
        Optional<String> held = heldAccounts.of(name, mail);
        if (held.isPresent()) {
            LifecycleUtil.dispose(mail);
            store.hold(row.id(), HeldAccounts.reason(held.get()), () -> letGo(row.id()));
            return true;
        }
        Consumer consumer = nextConsumer(row);
        if (consumer == null) {
            LifecycleUtil.dispose(mail);
            letGoAndLookAgain(row.id());
            return true;
        }
        consumer.subscriber.onNext(decorators.decorate(new QueueItem(store, this, row, mail), name));
        return true;
    }

    /** The consumer whose turn it is; null when all have gone. */
    private Consumer nextConsumer(Row row) {
        lock.lock();
        try {
            for (int at = consumers.size(); at > 0; at--) {
                Consumer consumer = consumers.poll();
                consumers.add(consumer);
                if (consumer.demand > 0) {
                    if (consumer.demand != Long.MAX_VALUE) {
                        consumer.demand--;
                    }
                    touched.remove(row.id());
                    inFlight.put(row.id(), row);
                    return consumer;
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    // What is in somebody's hands

    /** From now on nothing is handed out. */
    void stop() {
        lock.lock();
        try {
            stopped = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Whether mail is being processed. */
    boolean isBusy() {
        lock.lock();
        try {
            return !inFlight.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    boolean isInFlight(long id) {
        lock.lock();
        try {
            return inFlight.containsKey(id);
        } finally {
            lock.unlock();
        }
    }

    /** Whether a mail of this name is being processed. */
    boolean isInFlight(String mail) {
        lock.lock();
        try {
            return inFlight.values().stream().anyMatch(row -> row.name().equals(mail));
        } finally {
            lock.unlock();
        }
    }

    /** Takes what is not being processed, so that it is not handed out meanwhile. */
    Set<Long> take(Collection<Long> ids) {
        lock.lock();
        try {
            Set<Long> taken = new HashSet<>();
            for (Long id : ids) {
                if (!isTaken(id)) {
                    touched.add(id);
                    taken.add(id);
                }
            }
            return taken;
        } finally {
            lock.unlock();
        }
    }

    void giveBack(Collection<Long> ids) {
        lock.lock();
        try {
            touched.removeAll(Set.copyOf(ids));
        } finally {
            lock.unlock();
        }
    }
}
