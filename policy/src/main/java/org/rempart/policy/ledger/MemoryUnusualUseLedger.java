/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.apache.james.core.Username;
import org.rempart.policy.Rule;
import org.rempart.policy.submission.RateLimit;
import org.rempart.policy.submission.UnusualUse;

/**
 * A ledger in memory: it forgets everything when the server stops; {@link KeptUnusualUseLedger} writes down what it holds.
 * Only accounts with something in a window take room, each no more than the limits are high.
 */
public final class MemoryUnusualUseLedger implements UnusualUseLedger {
    /** After so many notes, accounts whose windows have emptied are let go. */
    private static final int NOTES_BETWEEN_SWEEPS = 1024;

    private final LongSupplier nanoTime;
    private final ConcurrentHashMap<Username, Map<Key, State>> accounts = new ConcurrentHashMap<>();
    private final AtomicInteger notes = new AtomicInteger();

    public MemoryUnusualUseLedger() {
        // Limits are about durations: a step of the wall clock must neither empty nor stretch a window.
        this(System::nanoTime);
    }

    MemoryUnusualUseLedger(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** What one sign counts; two with the same limit are one. */
    private static final class Key {
        private final UnusualUse.Sign sign;
        private final int count;
        private final Duration window;

        Key(UnusualUse sign) {
            this.sign = sign.sign();
            this.count = sign.limit().count();
            this.window = sign.limit().window();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key
                    && sign == ((Key) other).sign
                    && count == ((Key) other).count
                    && window.equals(((Key) other).window);
        }

        @Override
        public int hashCode() {
            return Objects.hash(sign, count, window);
        }
    }

    /** Used only inside the map's atomic operations. */
    private static final class State {
        private final int count;
        private final long window;
        private final SlidingWindow refused;

        /** When each was last seen, the longest ago first. */
        private final Map<String, Long> networks = new LinkedHashMap<>(16, 0.75f, true);

        private boolean told;
        private long toldAt;

        State(Key key) {
            this.count = key.count;
            this.window = key.window.toNanos();
            this.refused = new SlidingWindow(window);
        }

        boolean loggedIn(String network, long now) {
            networks.put(network, now);
            expire(now);
            Iterator<String> oldest = networks.keySet().iterator();
            // One more than is usual says all.
            while (networks.size() > count + 1) {
                oldest.next();
                oldest.remove();
            }
            return isNews(networks.size(), now);
        }

        boolean refused(long now) {
            refused.add(now, 1);
            return isNews(refused.total(now), now);
        }

        private boolean isNews(long seen, long now) {
            expire(now);
            if (seen <= count || told) {
                return false;
            }
            told = true;
            toldAt = now;
            return true;
        }

        private void expire(long now) {
            networks.values().removeIf(seen -> now - seen >= window);
            if (told && now - toldAt >= window) {
                told = false;
            }
        }

        boolean isIdle(long now) {
            expire(now);
            return !told && networks.isEmpty() && refused.total(now) == 0;
        }
    }

    private interface Note {
        boolean on(State state, long now);
    }

    @Override
    public boolean loggedIn(Username account, InetAddress client, UnusualUse sign) {
        String network = ClientNetwork.site(client);
        return note(account, sign, (state, now) -> state.loggedIn(network, now));
    }

    @Override
    public boolean refused(Username account, UnusualUse sign) {
        return note(account, sign, State::refused);
    }

    private boolean note(Username account, UnusualUse sign, Note note) {
        sweep();
        boolean[] answer = new boolean[1];
        accounts.compute(account, (name, known) -> {
            Map<Key, State> states = known == null ? new HashMap<>() : known;
            // Read in here, so that an account's times never run backwards.
            long now = nanoTime.getAsLong();
            answer[0] = note.on(states.computeIfAbsent(new Key(sign), State::new), now);
            return states;
        });
        return answer[0];
    }

    @Override
    public void forget(Username account) {
        accounts.remove(account);
    }

    @Override
    public void flush() {}

    private void sweep() {
        if (notes.incrementAndGet() % NOTES_BETWEEN_SWEEPS == 0) {
            accounts.keySet()
                    .forEach(account -> accounts.computeIfPresent(account, (name, states) -> {
                        long now = nanoTime.getAsLong();
                        states.values().removeIf(state -> state.isIdle(now));
                        return states.isEmpty() ? null : states;
                    }));
        }
    }

    /** How many accounts take room. */
    int size() {
        return accounts.size();
    }

    /** What is known of an account under one sign. */
    static final class Entry {
        private final Username account;
        private final UnusualUse.Sign sign;
        private final RateLimit.Quantity limit;
        private final Map<String, Duration> networks;
        private final List<SlidingWindow.Mark> refused;
        private final Duration told;

        /**
         * @param networks how long ago each was seen, the longest ago first
         * @param told how long ago; null where nobody was told within the window
         */
        Entry(
                Username account,
                UnusualUse.Sign sign,
                RateLimit.Quantity limit,
                Map<String, Duration> networks,
                List<SlidingWindow.Mark> refused,
                Duration told) {
            this.account = account;
            this.sign = sign;
            this.limit = limit;
            this.networks = networks;
            this.refused = refused;
            this.told = told;
        }

        Username account() {
            return account;
        }

        UnusualUse.Sign sign() {
            return sign;
        }

        RateLimit.Quantity limit() {
            return limit;
        }

        Map<String, Duration> networks() {
            return networks;
        }

        List<SlidingWindow.Mark> refused() {
            return refused;
        }

        Duration told() {
            return told;
        }
    }

    /** Tells all that counts, refused recipients in about so many marks. */
    List<Entry> export() {
        List<Entry> entries = new ArrayList<>();
        for (Username account : accounts.keySet()) {
            accounts.computeIfPresent(account, (name, states) -> {
                long now = nanoTime.getAsLong();
                states.forEach((key, state) -> {
                    if (!state.isIdle(now)) {
                        Map<String, Duration> networks = new LinkedHashMap<>();
                        state.networks.forEach((network, seen) -> networks.put(network, Duration.ofNanos(now - seen)));
                        entries.add(new Entry(
                                name,
                                key.sign,
                                RateLimit.Quantity.of(key.count, key.window),
                                networks,
                                state.refused.marks(now, Marks.IN_A_WINDOW),
                                state.told ? Duration.ofNanos(now - state.toldAt) : null));
                    }
                });
                return states;
            });
        }
        return entries;
    }

    /** Takes back what {@link #export} told, at the start. */
    void restore(Entry entry) {
        UnusualUse sign =
                UnusualUse.of(entry.sign(), entry.limit(), UnusualUse.Then.NOTIFY, Rule.byDefault("<unusual>"));
        note(entry.account(), sign, (state, now) -> {
            entry.networks().forEach((network, ago) -> state.networks.put(network, now - ago.toNanos()));
            entry.refused().forEach(mark -> state.refused.restore(now, mark));
            state.told = entry.told() != null;
            state.toldAt = state.told ? now - entry.told().toNanos() : 0;
            state.expire(now);
            return false;
        });
    }
}
