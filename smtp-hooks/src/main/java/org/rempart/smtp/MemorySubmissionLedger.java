/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.apache.james.core.Username;
import org.rempart.policy.RateLimit;
import org.rempart.policy.RateLimit.Quantity;

/**
 * A ledger in memory: it forgets counts and holds when the server stops. Only accounts with something in a window, or
 * held, take room.
 */
@Singleton
public final class MemorySubmissionLedger implements SubmissionLedger {
    /** After so many entries, accounts whose windows have emptied are let go. */
    private static final int ENTRIES_BETWEEN_SWEEPS = 1024;

    private final LongSupplier nanoTime;
    private final ConcurrentHashMap<Username, Account> accounts = new ConcurrentHashMap<>();
    private final AtomicInteger entries = new AtomicInteger();

    @Inject
    public MemorySubmissionLedger() {
        // Limits are about durations: a step of the wall clock must neither empty nor stretch a window.
        this(System::nanoTime);
    }

    MemorySubmissionLedger(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** An account's counts; used only inside the map's atomic operations. */
    private static final class Account {
        private final Map<Duration, SlidingWindow> messages = new HashMap<>();
        private final Map<Duration, SlidingWindow> recipients = new HashMap<>();
        private boolean held;

        private static SlidingWindow window(Map<Duration, SlidingWindow> windows, Quantity quantity) {
            return windows.computeIfAbsent(quantity.window(), length -> new SlidingWindow(length.toNanos()));
        }

        private static long total(Map<Duration, SlidingWindow> windows, Optional<Quantity> quantity, long now) {
            return quantity.map(limit -> window(windows, limit).total(now)).orElse(0L);
        }

        Optional<Admission> refusal(List<RateLimit> limits, int added, long now) {
            if (held) {
                return Optional.of(Admission.held());
            }
            for (RateLimit limit : limits) {
                long sent = total(messages, limit.messages(), now);
                long reached = total(recipients, limit.recipients(), now);
                boolean exceeded =
                        limit.messages().filter(most -> sent + 1 > most.count()).isPresent()
                                || limit.recipients()
                                        .filter(most -> reached + added > most.count())
                                        .isPresent();
                if (exceeded) {
                    held = limit.then() == RateLimit.Then.HOLD;
                    return Optional.of(Admission.exceeded(limit, sent, reached));
                }
            }
            return Optional.empty();
        }

        List<Entered> enter(int added, long now) {
            List<Entered> entered = new ArrayList<>();
            messages.values().forEach(window -> entered.add(new Entered(window, window.add(now, 1), 1)));
            recipients.values().forEach(window -> entered.add(new Entered(window, window.add(now, added), added)));
            return entered;
        }

        boolean isIdle(long now) {
            return !held
                    && messages.values().stream().allMatch(window -> window.total(now) == 0)
                    && recipients.values().stream().allMatch(window -> window.total(now) == 0);
        }
    }

    private static final class Entered {
        private final SlidingWindow window;
        private final SlidingWindow.Bucket bucket;
        private final int count;

        Entered(SlidingWindow window, SlidingWindow.Bucket bucket, int count) {
            this.window = window;
            this.bucket = bucket;
            this.count = count;
        }
    }

    @Override
    public Admission enter(Username account, List<RateLimit> limits, int recipients) {
        sweep();
        return decide(account, limits, recipients, true);
    }

    @Override
    public Admission ask(Username account, List<RateLimit> limits, int recipients) {
        return decide(account, limits, recipients, false);
    }

    private Admission decide(Username account, List<RateLimit> limits, int recipients, boolean enter) {
        if (limits.isEmpty()) {
            return Admission.admitted(() -> {});
        }
        Admission[] answer = new Admission[1];
        accounts.compute(account, (name, known) -> {
            // Read in here, so that an account's times never run backwards.
            long now = nanoTime.getAsLong();
            Account state = known == null ? new Account() : known;
            answer[0] = state.refusal(limits, recipients, now).orElseGet(() -> {
                List<Entered> entered = enter ? state.enter(recipients, now) : List.of();
                return Admission.admitted(() -> withdraw(account, entered));
            });
            return state.isIdle(now) ? null : state;
        });
        return answer[0];
    }

    private void withdraw(Username account, List<Entered> entered) {
        accounts.computeIfPresent(account, (name, state) -> {
            long now = nanoTime.getAsLong();
            entered.forEach(entry -> entry.window.takeBack(now, entry.bucket, entry.count));
            return state.isIdle(now) ? null : state;
        });
    }

    @Override
    public boolean release(Username account) {
        boolean[] wasHeld = new boolean[1];
        accounts.computeIfPresent(account, (name, state) -> {
            wasHeld[0] = state.held;
            // With its windows still full, the account would be held again at its next message.
            return state.held ? null : state;
        });
        return wasHeld[0];
    }

    private void sweep() {
        if (entries.incrementAndGet() % ENTRIES_BETWEEN_SWEEPS == 0) {
            accounts.keySet()
                    .forEach(account -> accounts.computeIfPresent(
                            account, (name, state) -> state.isIdle(nanoTime.getAsLong()) ? null : state));
        }
    }

    /** How many accounts take room. */
    int size() {
        return accounts.size();
    }
}
