/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.apache.james.core.Username;
import org.rempart.policy.submission.RateLimit;
import org.rempart.policy.submission.RateLimit.Quantity;

/**
 * A ledger in memory: it forgets counts and holds when the server stops. Only accounts with something in a window, or
 * held, take room. {@link KeptSubmissionLedger} writes down what it holds.
 */
public final class MemorySubmissionLedger implements SubmissionLedger {
    /** After so many entries, accounts whose windows have emptied are let go. */
    private static final int ENTRIES_BETWEEN_SWEEPS = 1024;

    private final LongSupplier nanoTime;
    private final ConcurrentHashMap<Username, Account> accounts = new ConcurrentHashMap<>();
    private final AtomicInteger entries = new AtomicInteger();

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
        private volatile Hold hold;

        private static SlidingWindow window(Map<Duration, SlidingWindow> windows, Quantity quantity) {
            return windows.computeIfAbsent(quantity.window(), length -> new SlidingWindow(length.toNanos()));
        }

        private static long total(Map<Duration, SlidingWindow> windows, Optional<Quantity> quantity, long now) {
            return quantity.map(limit -> window(windows, limit).total(now)).orElse(0L);
        }

        Optional<Admission> refusal(Username account, List<RateLimit> limits, int added, long now) {
            if (hold != null) {
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
                    if (limit.then() == RateLimit.Then.HOLD) {
                        hold = Hold.of(account, Instant.now(), limit.rule().toString(), sent, reached);
                    }
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
            return hold == null
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
        Admission[] answer = new Admission[1];
        accounts.compute(account, (name, known) -> {
            // Read in here, so that an account's times never run backwards.
            long now = nanoTime.getAsLong();
            Account state = known == null ? new Account() : known;
            answer[0] = state.refusal(account, limits, recipients, now).orElseGet(() -> {
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
    public Optional<Hold> held(Username account) {
        // Read without the lock of the map's entry: a hold is set once, and seen soon enough.
        return Optional.ofNullable(accounts.get(account)).map(state -> state.hold);
    }

    @Override
    public boolean hold(Hold hold) {
        boolean[] isNew = new boolean[1];
        accounts.compute(hold.account(), (name, known) -> {
            Account state = known == null ? new Account() : known;
            isNew[0] = state.hold == null;
            if (isNew[0]) {
                state.hold = hold;
            }
            return state;
        });
        return isNew[0];
    }

    @Override
    public boolean release(Username account) {
        boolean[] wasHeld = new boolean[1];
        accounts.computeIfPresent(account, (name, state) -> {
            wasHeld[0] = state.hold != null;
            // With its windows still full, the account would be held again at its next message.
            return state.hold != null ? null : state;
        });
        return wasHeld[0];
    }

    @Override
    public Usage usage(Username account) {
        Usage[] found = {Usage.of(account, Map.of(), Map.of(), null)};
        accounts.computeIfPresent(account, (name, state) -> {
            long now = nanoTime.getAsLong();
            found[0] = Usage.of(account, totals(state.messages, now), totals(state.recipients, now), state.hold);
            return state;
        });
        return found[0];
    }

    private static Map<Duration, Long> totals(Map<Duration, SlidingWindow> windows, long now) {
        Map<Duration, Long> totals = new HashMap<>();
        windows.forEach((length, window) -> totals.put(length, window.total(now)));
        return totals;
    }

    @Override
    public List<Usage> usages() {
        List<Usage> usages = new ArrayList<>();
        accounts.keySet().stream()
                .sorted(Comparator.comparing(Username::asString))
                .forEach(account -> {
                    Usage usage = usage(account);
                    if (usage.hold().isPresent()
                            || usage.messages().values().stream().anyMatch(count -> count > 0)
                            || usage.recipients().values().stream().anyMatch(count -> count > 0)) {
                        usages.add(usage);
                    }
                });
        return usages;
    }

    @Override
    public void flush() {}

    /** What was counted of an account within a window of one length: its messages, or their recipients. */
    static final class Counted {
        private final Username account;
        private final boolean ofRecipients;
        private final Duration length;
        private final List<SlidingWindow.Mark> marks;

        Counted(Username account, boolean ofRecipients, Duration length, List<SlidingWindow.Mark> marks) {
            this.account = account;
            this.ofRecipients = ofRecipients;
            this.length = length;
            this.marks = List.copyOf(marks);
        }

        Username account() {
            return account;
        }

        boolean ofRecipients() {
            return ofRecipients;
        }

        Duration length() {
            return length;
        }

        List<SlidingWindow.Mark> marks() {
            return marks;
        }
    }

    /** A copy of all that counts; no account waits for another one's. */
    List<Counted> export() {
        List<Counted> counted = new ArrayList<>();
        for (Username account : accounts.keySet()) {
            accounts.computeIfPresent(account, (name, state) -> {
                export(name, false, state.messages, counted);
                export(name, true, state.recipients, counted);
                return state;
            });
        }
        return counted;
    }

    private void export(
            Username account, boolean ofRecipients, Map<Duration, SlidingWindow> windows, List<Counted> counted) {
        long now = nanoTime.getAsLong();
        windows.forEach((length, window) -> {
            List<SlidingWindow.Mark> marks = window.marks(now, Marks.IN_A_WINDOW);
            if (!marks.isEmpty()) {
                counted.add(new Counted(account, ofRecipients, length, marks));
            }
        });
    }

    /** All holds. */
    List<Hold> holds() {
        return accounts.values().stream()
                .map(state -> state.hold)
                .filter(Objects::nonNull)
                .collect(Collectors.toList());
    }

    /** Takes back what {@link #export} told, at the start. */
    void restore(Counted counted) {
        accounts.compute(counted.account(), (name, known) -> {
            Account state = known == null ? new Account() : known;
            SlidingWindow window = new SlidingWindow(counted.length().toNanos());
            long now = nanoTime.getAsLong();
            counted.marks().forEach(mark -> window.restore(now, mark));
            (counted.ofRecipients() ? state.recipients : state.messages).put(counted.length(), window);
            return state.isIdle(now) ? null : state;
        });
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
