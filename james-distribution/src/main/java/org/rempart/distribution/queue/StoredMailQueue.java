/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.james.lifecycle.api.LifecycleUtil;
import org.apache.james.mailetcontainer.impl.JamesMailSpooler;
import org.apache.james.queue.api.MailQueueItemDecoratorFactory;
import org.apache.james.queue.api.MailQueueName;
import org.apache.james.queue.api.ManageableMailQueue;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Mail;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import org.rempart.distribution.queue.MailStore.Envelopes;
import org.rempart.distribution.queue.MailStore.Row;
import org.rempart.distribution.queue.MailStore.Turn;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * A queue of {@link MailStore}. {@link #deQueue()} neither ends nor fails: while the database or a message's file can't be
 * read, it waits. A mail leaves the queue when its processing succeeded, or when an administrator deletes it, and for no
 * other reason; what can't be handed out is held, with the reason, where {@link MailAdministration} shows it.
 */
public final class StoredMailQueue implements ManageableMailQueue {
    private static final Logger LOGGER = LoggerFactory.getLogger(StoredMailQueue.class);

    /** Turns known at a time; the others wait in the database. */
    static final int TURNS = 1_000;
    /** An envelope above that many characters is read again rather than kept until its turn. */
    private static final int KEPT_ENVELOPE = 16 * 1024;

    private static final int BROWSED_PAGE = 100;
    private static final Duration TICK = Duration.ofSeconds(1);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LAST_PAUSE = Duration.ofSeconds(30);
    private static final List<Duration> RETRIES = List.of(
            Duration.ofSeconds(1),
            Duration.ofSeconds(5),
            Duration.ofSeconds(30),
            Duration.ofMinutes(2),
            Duration.ofMinutes(10),
            Duration.ofMinutes(30));

    private final MailStore store;
    private final MailQueueName name;
    private final int place;
    private final MailQueueItemDecoratorFactory decorators;
    private final HeldAccounts heldAccounts;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Turns that are due, each with its row if that is at hand. */
    private final TreeMap<Turn, Optional<Row>> ready = new TreeMap<>();
    /** Mail that is being processed, or that an administrator has a hand on. */
    private final Map<Long, Row> inFlight = new HashMap<>();

    private final Set<Long> touched = new HashSet<>();
    private final ArrayDeque<Consumer> consumers = new ArrayDeque<>();
    /** Whether no mail is due but those in {@link #ready} and in flight. */
    private boolean complete;
    /** Counts what became due without being put into {@link #ready}. */
    private long missed;

    private long nextDue = Long.MAX_VALUE;
    private Thread dispatcher;
    private boolean stopped;
    /** Whether the last try to hand out mail failed; only the dispatcher uses it. */
    private boolean failing;

    StoredMailQueue(
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

    /** How long a mail waits before it is tried again, after so many tries in vain. */
    static Duration backOff(int tries) {
        return RETRIES.get(Math.max(0, Math.min(tries, RETRIES.size()) - 1));
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
        enQueue(mail, tries == 0 ? Duration.ZERO : backOff(tries), tries);
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
     * queue anew, while it is still being processed, with a higher count.
     */
    private int failures(Mail mail) {
        int count = failureCount(mail);
        if (count == 0) {
            return 0;
        }
        lock.lock();
        try {
            boolean comesBack =
                    inFlight.values().stream().anyMatch(row -> row.name().equals(mail.getName()));
            return comesBack ? count : 0;
        } finally {
            lock.unlock();
        }
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

    // Handing out

    /** Mail as it becomes due, to as many subscribers as there are, each mail to one of them. */
    @Override
    public Publisher<MailQueueItem> deQueue() {
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

    private void dispatch() {
        Duration pause = FIRST_PAUSE;
        while (true) {
            try {
                if (!awaitDemand()) {
                    return;
                }
                store.checkClock();
                if (store.isAway()) {
                    // What is processed now could not be struck off the queue.
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
                row = store.row(id).filter(found -> !found.held() && found.due() <= store.now());
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
            if (now >= nextDue) {
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
        List<Turn> due = store.due(place, now, limit);
        long next = due.size() < limit ? store.nextDue(place, now) : Long.MAX_VALUE;
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

    private void letGo(long id) {
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
    private void letGoAndLookAgain(long id) {
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
                    backOff(row.tries() + 1),
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
        consumer.subscriber.onNext(decorators.decorate(new Item(row, mail), name));
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

    private final class Item implements MailQueueItem {
        private final Row row;
        private final MailImpl mail;
        private final long handedOut = System.nanoTime();
        private final AtomicBoolean done = new AtomicBoolean();

        Item(Row row, MailImpl mail) {
            this.row = row;
            this.mail = mail;
        }

        @Override
        public Mail getMail() {
            return mail;
        }

        /**
         * Waits until the outcome is on the disk; when the database is away, it is written once that is back.
         *
         * <p>A rejected mail is held, unless the store has failed meanwhile: then its processing can hardly be blamed, and
         * it is tried again, a few times.
         */
        @Override
        public void done(CompletionStatus status) throws MailQueueException {
            if (done.getAndSet(true)) {
                return;
            }
            try {
                switch (status) {
                    case SUCCESS -> store.delete(row.id(), row.blob(), () -> letGo(row.id()));
                    case RETRY -> retry("its processing failed", currentEnvelope());
                    case REJECT -> {
                        if (store.lastFailure() - handedOut >= 0 && row.tries() < RETRIES.size()) {
                            retry("mail could not be stored while this one was processed", Optional.empty());
                        } else {
                            store.holdFor(row.id(), rejection(), () -> letGo(row.id()));
                        }
                    }
                }
            } catch (MailStoreException failure) {
                throw new MailQueueException(
                        "Mail " + row.name() + " stays in the queue " + name.asString() + ": " + failure.getMessage(),
                        failure);
            }
        }

        private void retry(String error, Optional<Envelopes> envelope) throws MailStoreException {
            store.postpone(row, backOff(row.tries() + 1), error, envelope, () -> letGoAndLookAgain(row.id()));
        }

        /** Recipients that were dealt with are not among those of the next try. */
        private Optional<Envelopes> currentEnvelope() {
            try {
                return mail.getRecipients().isEmpty() ? Optional.empty() : Optional.of(Envelopes.of(mail));
            } catch (IOException | RuntimeException unwritable) {
                LOGGER.warn("Mail {} is tried again as it was: {}", row.name(), unwritable.toString());
                return Optional.empty();
            }
        }

        private String rejection() {
            String error = mail.getErrorMessage();
            return error == null || error.isBlank()
                    ? "its processing failed, and so did what James does then; the log says why"
                    : "its processing failed: " + error;
        }

        @Override
        public String toString() {
            return "mail " + row.name() + " of the queue " + name.asString();
        }
    }

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

    // Administration

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
            return store.count("SELECT COUNT(*) FROM rempart_mail WHERE place = ?", List.of(place));
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
        List<Object> values = List.of(place, MailStore.hash(MailStore.clean(mail)));
        for (Row row : store.rows("place = ? AND name_hash = ?", values, TURNS)) {
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
        Browser browser = new Browser();
        try {
            browser.read();
        } catch (MailStoreException failure) {
            throw failed(failure);
        }
        return browser;
    }

    private final class Browser implements MailQueueIterator {
        private final ArrayDeque<Row> page = new ArrayDeque<>();
        private long last;
        private boolean ended;

        private void read() throws MailStoreException {
            List<Row> rows = new ArrayList<>(store.rows("place = ? AND id > ?", List.of(place, last), BROWSED_PAGE));
            page.addAll(rows);
            ended = rows.size() < BROWSED_PAGE;
            if (!rows.isEmpty()) {
                last = rows.get(rows.size() - 1).id();
            }
        }

        @Override
        public boolean hasNext() {
            if (page.isEmpty() && !ended) {
                try {
                    read();
                } catch (MailStoreException failure) {
                    throw new IllegalStateException(failure);
                }
            }
            return !page.isEmpty();
        }

        @Override
        public MailQueueItemView next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Row row = page.poll();
            return new DefaultMailQueueItemView(view(row), nextDelivery(row));
        }

        private Mail view(Row row) {
            try {
                return store.mail(row);
            } catch (IOException broken) {
                // Held for that already, or soon; it is shown all the same.
                return MailImpl.builder()
                        .name(row.name())
                        .errorMessage(broken.getMessage())
                        .build();
            }
        }

        private Optional<ZonedDateTime> nextDelivery(Row row) {
            return row.due() <= store.now()
                    ? Optional.empty()
                    : Optional.of(Instant.ofEpochMilli(Math.min(row.due(), LAST_INSTANT))
                            .atZone(ZoneOffset.UTC));
        }

        @Override
        public void close() {
            page.clear();
            ended = true;
        }
    }

    /** The end of the year 9999, which every form of a date can hold. */
    private static final long LAST_INSTANT = 253_402_300_799_000L;
}
