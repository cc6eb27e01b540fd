/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.submission.RateLimit;

/**
 * A ledger in memory: it forgets counts and blocks when the server stops; {@link KeptLoginFailureLedger} writes down what it
 * holds. It holds at most {@value #CAPACITY} addresses
 * and as many account names; from there on, the one that was longest not heard of makes room, one that is not blocked
 * first. So neither a client with a whole IPv6 provider's addresses nor one that makes up names can exhaust the memory.
 */
public final class MemoryLoginFailureLedger implements LoginFailureLedger {
    private static final int CAPACITY = 100_000;

    /** More failures than that of one client at one account are no slips of the finger. */
    private static final int FORGIVABLE = 100;

    private static final Duration LONGEST_DELAY = Duration.ofMinutes(1);

    /** How many are looked at for one that is not blocked, before the oldest has to go as it is. */
    private static final int SEARCH = 64;

    private final LongSupplier nanoTime;
    private final int capacity;

    // Guarded by this. Kept apart, so that made-up account names can't push out addresses.
    private final Map<FailureLimit.Per, Map<Key, State>> states = Map.of(
            FailureLimit.Per.ADDRESS, new LinkedHashMap<Key, State>(16, 0.75f, true),
            FailureLimit.Per.ACCOUNT, new LinkedHashMap<Key, State>(16, 0.75f, true));

    public MemoryLoginFailureLedger() {
        this(System::nanoTime, CAPACITY);
    }

    /**
     * A ledger for tests.
     *
     * @param nanoTime a clock such as {@link System#nanoTime()}
     * @param capacity how many addresses and how many accounts it holds
     */
    public MemoryLoginFailureLedger(LongSupplier nanoTime, int capacity) {
        this.nanoTime = nanoTime;
        this.capacity = capacity;
    }

    /** Failures that a success takes back, by the subjects that they count for; the oldest make room. */
    private final Map<List<Key>, Deque<Failure>> forgivable =
            new LinkedHashMap<List<Key>, Deque<Failure>>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<List<Key>, Deque<Failure>> eldest) {
                    return size() > capacity;
                }
            };

    /** Where a failure was counted. */
    private static final class Failure {
        private final State state;
        private final SlidingWindow.Bucket bucket;

        Failure(State state, SlidingWindow.Bucket bucket) {
            this.state = state;
            this.bucket = bucket;
        }
    }

    private static final class Key {
        private final String name;
        private final int count;
        private final Duration window;
        private final Duration block;

        Key(Subject subject) {
            this.name = subject.name();
            this.count = subject.limit().limit().count();
            this.window = subject.limit().limit().window();
            this.block = subject.limit().block();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key
                    && name.equals(((Key) other).name)
                    && count == ((Key) other).count
                    && window.equals(((Key) other).window)
                    && block.equals(((Key) other).block);
        }

        @Override
        public int hashCode() {
            return Objects.hash(name, count, window, block);
        }
    }

    private static final class State {
        private final SlidingWindow failures;
        private int underWay;
        private boolean blocked;
        private long blockedUntil;
        private boolean delayed;
        private long delayedUntil;

        State(Duration window) {
            this.failures = new SlidingWindow(window.toNanos());
        }

        boolean isBlocked(long now) {
            if (blocked && now - blockedUntil >= 0) {
                blocked = false;
            }
            return blocked;
        }

        boolean hasRoom(int limit, long now) {
            return !isBlocked(now) && !isDelayed(now) && failures.total(now) + underWay < limit;
        }

        private boolean isDelayed(long now) {
            if (delayed && now - delayedUntil >= 0) {
                delayed = false;
            }
            return delayed;
        }

        boolean isIdle(long now) {
            return !isBlocked(now) && failures.total(now) == 0;
        }

        /** Counts a failure; empty when it is blocked already. */
        Optional<SlidingWindow.Bucket> fail(long now) {
            return isBlocked(now) ? Optional.empty() : Optional.of(failures.add(now, 1));
        }

        /** Draws the consequence of a failure; answers whether a block begins. */
        boolean judge(FailureLimit limit, long now) {
            long count = failures.total(now);
            if (count < limit.limit().count()) {
                limit.delay().ifPresent(first -> {
                    delayed = true;
                    delayedUntil = now + pause(first, count).toNanos();
                });
                return false;
            }
            failures.clear();
            delayed = false;
            blocked = true;
            blockedUntil = now + limit.block().toNanos();
            return true;
        }
    }

    /** Twice as long after each failure, and not longer than {@link #LONGEST_DELAY}. */
    static Duration pause(Duration first, long failures) {
        Duration pause = first;
        for (long i = 1; i < failures && pause.compareTo(LONGEST_DELAY) < 0; i++) {
            pause = pause.multipliedBy(2);
        }
        return pause.compareTo(LONGEST_DELAY) < 0 ? pause : LONGEST_DELAY;
    }

    @Override
    public synchronized Optional<Subject> blocked(List<Subject> subjects) {
        long now = nanoTime.getAsLong();
        return subjects.stream()
                .filter(subject -> {
                    State state = states.get(subject.limit().per()).get(new Key(subject));
                    return state != null && state.isBlocked(now);
                })
                .findFirst();
    }

    @Override
    public synchronized Optional<Attempt> begin(List<Subject> subjects) {
        long now = nanoTime.getAsLong();
        for (Subject subject : subjects) {
            State state = states.get(subject.limit().per()).get(new Key(subject));
            if (state != null && !state.hasRoom(subject.limit().limit().count(), now)) {
                return Optional.empty();
            }
        }
        subjects.forEach(subject -> state(subject).underWay++);
        return Optional.of(new UnderWay(subjects));
    }

    private State state(Subject subject) {
        Map<Key, State> known = states.get(subject.limit().per());
        Key key = new Key(subject);
        State state = known.get(key);
        if (state == null) {
            makeRoom(known);
            state = new State(key.window);
            known.put(key, state);
        }
        return state;
    }

    private void makeRoom(Map<Key, State> known) {
        if (known.size() < capacity) {
            return;
        }
        long now = nanoTime.getAsLong();
        Iterator<State> oldestFirst = known.values().iterator();
        for (int i = 0; i < SEARCH && oldestFirst.hasNext(); i++) {
            if (!oldestFirst.next().isBlocked(now)) {
                oldestFirst.remove();
                return;
            }
        }
        Iterator<State> oldest = known.values().iterator();
        oldest.next();
        oldest.remove();
    }

    /** How many addresses, or accounts, take room; for tests. */
    public synchronized int size(FailureLimit.Per per) {
        return states.get(per).size();
    }

    @Override
    public void flush() {}

    /** What is known of an address or an account under one limit. */
    interface Told {
        void subject(
                FailureLimit.Per per,
                String name,
                RateLimit.Quantity limit,
                Duration block,
                List<SlidingWindow.Mark> failures,
                Duration blockedFor);
    }

    /** Tells all that counts. */
    synchronized void export(Told to, int marks) {
        long now = nanoTime.getAsLong();
        states.forEach((per, known) -> known.forEach((key, state) -> {
            Duration blockedFor = state.isBlocked(now) ? Duration.ofNanos(state.blockedUntil - now) : Duration.ZERO;
            if (!state.isIdle(now)) {
                to.subject(
                        per,
                        key.name,
                        RateLimit.Quantity.of(key.count, key.window),
                        key.block,
                        state.failures.marks(now, marks),
                        blockedFor);
            }
        }));
    }

    /** Takes back what {@link #export} told, at the start. */
    synchronized void restore(Subject subject, List<SlidingWindow.Mark> failures, Duration blockedFor) {
        long now = nanoTime.getAsLong();
        State state = state(subject);
        failures.forEach(mark -> state.failures.restore(now, mark));
        state.blocked = !blockedFor.isZero() && !blockedFor.isNegative();
        state.blockedUntil = now + blockedFor.toNanos();
        if (state.isIdle(now)) {
            states.get(subject.limit().per()).remove(new Key(subject));
        }
    }

    private final class UnderWay implements Attempt {
        private final List<Subject> subjects;
        private boolean told;

        UnderWay(List<Subject> subjects) {
            this.subjects = List.copyOf(subjects);
        }

        @Override
        public List<Subject> failed() {
            synchronized (MemoryLoginFailureLedger.this) {
                if (!tell()) {
                    return List.of();
                }
                long now = nanoTime.getAsLong();
                Deque<Failure> remembered = forgivable.computeIfAbsent(keys(), unseen -> new ArrayDeque<>());
                List<Subject> blocked = new ArrayList<>();
                for (Subject subject : subjects) {
                    State state = state(subject);
                    Optional<SlidingWindow.Bucket> counted = state.fail(now);
                    if (counted.isPresent()) {
                        remembered.addLast(new Failure(state, counted.get()));
                        if (state.judge(subject.limit(), now)) {
                            blocked.add(subject);
                        }
                    }
                }
                while (remembered.size() > FORGIVABLE) {
                    remembered.removeFirst();
                }
                return blocked;
            }
        }

        private List<Key> keys() {
            return subjects.stream().map(Key::new).collect(Collectors.toList());
        }

        @Override
        public void succeeded() {
            synchronized (MemoryLoginFailureLedger.this) {
                if (!tell()) {
                    return;
                }
                Deque<Failure> failures = forgivable.remove(keys());
                if (failures != null) {
                    long now = nanoTime.getAsLong();
                    failures.forEach(failure -> failure.state.failures.takeBack(now, failure.bucket, 1));
                    subjects.forEach(this::letGoIfIdle);
                }
            }
        }

        private void letGoIfIdle(Subject subject) {
            Map<Key, State> known = states.get(subject.limit().per());
            Key key = new Key(subject);
            State state = known.get(key);
            if (state != null && state.underWay == 0 && state.isIdle(nanoTime.getAsLong())) {
                known.remove(key);
            }
        }

        @Override
        public void dismissed() {
            synchronized (MemoryLoginFailureLedger.this) {
                tell();
            }
        }

        /** Gives the places back that the attempt has taken; answers whether it had them still. */
        private boolean tell() {
            if (told) {
                return false;
            }
            told = true;
            for (Subject subject : subjects) {
                Map<Key, State> known = states.get(subject.limit().per());
                Key key = new Key(subject);
                State state = known.get(key);
                // It may have had to make room meanwhile.
                if (state != null && state.underWay > 0) {
                    state.underWay--;
                    letGoIfIdle(subject);
                }
            }
            return true;
        }
    }
}
