/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.rempart.policy.submission.FailureLimit;

/**
 * The brakes of one kind, on networks, accounts or passwords: a bounded number, of which the one that was longest not heard
 * of makes room, one that does not brake first. So neither a client with a whole IPv6 provider's addresses nor one that
 * makes up names can exhaust the memory. Not thread-safe.
 */
final class LoginBrakes {
    /** How many are looked at for one that does not brake, before the oldest has to go as it is. */
    private static final int SEARCH = 64;

    private final int capacity;
    private final Map<Key, Brake> brakes = new LinkedHashMap<>(16, 0.75f, true);

    LoginBrakes(int capacity) {
        this.capacity = capacity;
    }

    /** Limits that say the same are the same, whichever listener has read them. */
    static final class Key {
        private final String name;
        private final int count;
        private final Duration window;
        private final Duration block;

        Key(String name, FailureLimit limit) {
            this.name = name;
            this.count = limit.limit().count();
            this.window = limit.limit().window();
            this.block = limit.block();
        }

        String name() {
            return name;
        }

        int count() {
            return count;
        }

        Duration window() {
            return window;
        }

        Duration block() {
            return block;
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
            return name.hashCode() * 31 + count;
        }
    }

    /** What is counted of one network, account or password. */
    static final class Brake {
        /** So many wrong passwords are told apart. */
        private static final int DISTINCT = 256;

        private final SlidingWindow failures;
        private final long window;
        /** When a wrong password was tried last. */
        private final Map<Long, Long> seen = new LinkedHashMap<>(2, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Long, Long> eldest) {
                return size() > DISTINCT;
            }
        };

        private int underWay;
        private boolean blocked;
        private long blockedUntil;

        Brake(Duration window) {
            this.window = window.toNanos();
            this.failures = new SlidingWindow(this.window);
        }

        boolean isBlocked(long now) {
            if (blocked && now - blockedUntil >= 0) {
                blocked = false;
            }
            return blocked;
        }

        long blockedFor(long now) {
            return isBlocked(now) ? blockedUntil - now : 0;
        }

        boolean hasRoom(int limit, long now) {
            return failures.total(now) + underWay < limit;
        }

        boolean isFree() {
            return underWay == 0;
        }

        boolean isIdle(long now) {
            return isFree() && !isBlocked(now) && failures.total(now) == 0;
        }

        void begin() {
            underWay++;
        }

        void end() {
            underWay = Math.max(0, underWay - 1);
        }

        /** Counts a failure; empty when it is one of a password that was wrong before, or when it is blocked already. */
        Optional<SlidingWindow.Bucket> fail(long password, long now) {
            Long before = seen.put(password, now);
            boolean repeated = before != null && now - before < window;
            return repeated || isBlocked(now) ? Optional.empty() : Optional.of(failures.add(now, 1));
        }

        /** Begins a block where a limit is reached. */
        boolean block(int limit, Duration length, long now) {
            if (failures.total(now) < limit) {
                return false;
            }
            failures.clear();
            blocked = true;
            blockedUntil = now + length.toNanos();
            return true;
        }

        void takeBack(SlidingWindow.Bucket bucket, long now) {
            failures.takeBack(now, bucket, 1);
        }

        SlidingWindow failures() {
            return failures;
        }

        void restore(Iterable<SlidingWindow.Mark> marks, Duration blockedFor, long now) {
            marks.forEach(mark -> failures.restore(now, mark));
            blocked = !blockedFor.isZero() && !blockedFor.isNegative();
            blockedUntil = now + blockedFor.toNanos();
        }
    }

    Optional<Brake> get(Key key) {
        return Optional.ofNullable(brakes.get(key));
    }

    Brake make(Key key, long now) {
        Brake brake = brakes.get(key);
        if (brake == null) {
            makeRoom(now);
            brake = new Brake(key.window);
            brakes.put(key, brake);
        }
        return brake;
    }

    private void makeRoom(long now) {
        if (brakes.size() < capacity) {
            return;
        }
        Iterator<Brake> oldestFirst = brakes.values().iterator();
        for (int i = 0; i < SEARCH && oldestFirst.hasNext(); i++) {
            if (!oldestFirst.next().isBlocked(now)) {
                oldestFirst.remove();
                return;
            }
        }
        Iterator<Brake> oldest = brakes.values().iterator();
        oldest.next();
        oldest.remove();
    }

    void removeIfIdle(Key key, long now) {
        Brake brake = brakes.get(key);
        if (brake != null && brake.isIdle(now)) {
            brakes.remove(key);
        }
    }

    int size() {
        return brakes.size();
    }

    /** All keys, oldest first; a copy. */
    Deque<Map.Entry<Key, Brake>> all() {
        Deque<Map.Entry<Key, Brake>> all = new ArrayDeque<>(brakes.size());
        brakes.forEach((key, brake) -> all.add(Map.entry(key, brake)));
        return all;
    }
}
