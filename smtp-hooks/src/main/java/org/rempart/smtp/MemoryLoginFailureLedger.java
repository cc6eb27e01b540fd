/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.rempart.policy.FailureLimit;

/**
 * A ledger in memory: it forgets counts and blocks when the server stops. It holds at most {@value #CAPACITY} addresses
 * and as many account names; from there on, the one that was longest not heard of makes room, one that is not blocked
 * first. So neither a client with a whole IPv6 provider's addresses nor one that makes up names can exhaust the memory.
 */
@Singleton
public final class MemoryLoginFailureLedger implements LoginFailureLedger {
    private static final int CAPACITY = 100_000;

    /** How many are looked at for one that is not blocked, before the oldest has to go as it is. */
    private static final int SEARCH = 64;

    private final LongSupplier nanoTime;
    private final int capacity;

    // Guarded by this. Kept apart, so that made-up account names can't push out addresses.
    private final Map<FailureLimit.Per, Map<Key, State>> states = Map.of(
            FailureLimit.Per.ADDRESS, new LinkedHashMap<Key, State>(16, 0.75f, true),
            FailureLimit.Per.ACCOUNT, new LinkedHashMap<Key, State>(16, 0.75f, true));

    @Inject
    public MemoryLoginFailureLedger() {
        this(System::nanoTime, CAPACITY);
    }

    MemoryLoginFailureLedger(LongSupplier nanoTime, int capacity) {
        this.nanoTime = nanoTime;
        this.capacity = capacity;
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
            return !isBlocked(now) && failures.total(now) + underWay < limit;
        }

        boolean isIdle(long now) {
            return !isBlocked(now) && failures.total(now) == 0;
        }

        /** Counts a failure; answers whether it begins a block. */
        boolean fail(FailureLimit limit, long now) {
            if (isBlocked(now)) {
                return false;
            }
            failures.add(now, 1);
            if (failures.total(now) < limit.limit().count()) {
                return false;
            }
            failures.clear();
            blocked = true;
            blockedUntil = now + limit.block().toNanos();
            return true;
        }
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

    /** How many addresses, or accounts, take room. */
    synchronized int size(FailureLimit.Per per) {
        return states.get(per).size();
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
                return subjects.stream()
                        .filter(subject -> state(subject).fail(subject.limit(), now))
                        .collect(Collectors.toList());
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
                    if (state.underWay == 0 && state.isIdle(nanoTime.getAsLong())) {
                        known.remove(key);
                    }
                }
            }
            return true;
        }
    }
}
