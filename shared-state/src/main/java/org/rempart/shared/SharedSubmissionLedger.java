/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import io.lettuce.core.ScriptOutputType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.ledger.Admission;
import org.rempart.policy.ledger.Hold;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.ledger.Orders;
import org.rempart.policy.ledger.SubmissionLedger;
import org.rempart.policy.ledger.Usage;
import org.rempart.policy.submission.RateLimit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What accounts have submitted on all servers, and who is held on all of them. Each question is one script, so that as many
 * messages are entered as the limits leave room for, wherever they arrive.
 *
 * <p>While the store is away, every question is answered by a {@link LedgerAwayException}.
 */
final class SharedSubmissionLedger implements SubmissionLedger {
    private static final Logger LOGGER = LoggerFactory.getLogger(SharedSubmissionLedger.class);
    private static final String WINDOWS = "windows.lua";
    private static final Script<List<String>> SUBMIT = script(ScriptOutputType.MULTI, WINDOWS, "submit.lua");
    private static final Script<Long> WITHDRAW = script(ScriptOutputType.INTEGER, WINDOWS, "withdraw.lua");
    private static final Script<Long> HOLD = script(ScriptOutputType.INTEGER, "hold.lua");
    private static final Script<Long> RELEASE = script(ScriptOutputType.INTEGER, "release.lua");
    private static final Script<List<String>> USAGE = script(ScriptOutputType.MULTI, WINDOWS, "usage.lua");

    private final SharedStore store;
    private final SharedHolds holds;
    private final Orders orders;
    private final LongSupplier offset;

    /**
     * A ledger.
     *
     * @param holds is told who is held and released here
     * @param files where the orders of an administrator lie
     */
    SharedSubmissionLedger(SharedStore store, SharedHolds holds, FileSystem files) {
        this(store, holds, files, () -> 0);
    }

    /**
     * A ledger for tests.
     *
     * @param offset what is added to the store's clock, in microseconds
     */
    SharedSubmissionLedger(SharedStore store, SharedHolds holds, FileSystem files, LongSupplier offset) {
        this.store = store;
        this.holds = holds;
        this.orders = Orders.in(files, "holds", System::nanoTime);
        this.offset = offset;
    }

    private void obey() {
        orders.carryOut(this);
    }

    private static <T> Script<T> script(ScriptOutputType output, String... files) {
        return Script.of(SharedSubmissionLedger.class, output, files);
    }

    private List<String> keys(Username account) {
        return List.of(store.key(account.asString(), ""));
    }

    private String clock() {
        return String.valueOf(offset.getAsLong());
    }

    @Override
    public Admission enter(Username account, List<RateLimit> limits, int recipients) {
        return submit(account, limits, recipients, "1");
    }

    @Override
    public Admission ask(Username account, List<RateLimit> limits, int recipients) {
        return submit(account, limits, recipients, "0");
    }

    private Admission submit(Username account, List<RateLimit> limits, int recipients, String enter) {
        obey();
        List<String> values =
                new ArrayList<>(List.of(clock(), enter, Instant.now().toString(), String.valueOf(recipients)));
        for (RateLimit limit : limits) {
            values.addAll(quantity(limit.messages()));
            values.addAll(quantity(limit.recipients()));
            values.add(limit.then() == RateLimit.Then.HOLD ? "1" : "0");
            values.add(limit.rule().toString());
        }
        List<String> answer = store.run(SUBMIT, keys(account), values);
        switch (answer.get(0)) {
            case "held":
                return Admission.held();
            case "exceeded":
                Admission exceeded = Admission.exceeded(
                        limits.get(Integer.parseInt(answer.get(1))),
                        Long.parseLong(answer.get(2)),
                        Long.parseLong(answer.get(3)));
                if (exceeded.holds()) {
                    holds.held(Hold.of(
                            account,
                            Instant.parse(values.get(2)),
                            exceeded.limit().orElseThrow().rule().toString(),
                            exceeded.messages(),
                            exceeded.recipients()));
                    listHeld(account);
                }
                return exceeded;
            default:
                List<String> entered = answer.subList(1, answer.size());
                return Admission.admitted(() -> withdraw(account, entered));
        }
    }

    /** It is held in any case, and the postmaster has to be told. */
    private void listHeld(Username account) {
        try {
            list(account);
        } catch (LedgerAwayException away) {
            LOGGER.warn("That {} is held is not known to be listed: {}", account.asString(), away.getMessage());
        }
    }

    private static List<String> quantity(Optional<RateLimit.Quantity> limit) {
        return limit.map(most -> List.of(String.valueOf(most.count()), micros(most.window())))
                .orElse(List.of("0", "0"));
    }

    static String micros(Duration length) {
        return String.valueOf(length.toNanos() / 1000);
    }

    /** What can't be taken back counts: one message less, and none too many. */
    private void withdraw(Username account, List<String> entered) {
        if (entered.isEmpty()) {
            return;
        }
        List<String> values = new ArrayList<>(List.of(clock()));
        values.addAll(entered);
        try {
            store.run(WITHDRAW, keys(account), values);
        } catch (LedgerAwayException away) {
            LOGGER.warn("A refused message of {} counts as sent: {}", account.asString(), away.getMessage());
        }
    }

    /** Has all servers copy the hold, see {@link SharedHolds}. */
    private void list(Username account) {
        store.ask(asked -> asked.sadd(store.key(SharedHolds.TAG, "accounts"), account.asString()));
    }

    @Override
    public Optional<Hold> held(Username account) {
        obey();
        return SharedHolds.hold(account, store.ask(asked -> asked.hgetall(store.key(account.asString(), "hold"))));
    }

    @Override
    public boolean hold(Hold hold) {
        list(hold.account());
        boolean isNew = store.run(
                        HOLD,
                        keys(hold.account()),
                        List.of(
                                hold.since().toString(),
                                hold.reason(),
                                String.valueOf(hold.messages()),
                                String.valueOf(hold.recipients())))
                == 1;
        if (isNew) {
            holds.held(hold);
        }
        return isNew;
    }

    @Override
    public boolean release(Username account) {
        // First out of the copies: a release that is lost in between is ordered again, and a copy would hold again.
        store.ask(asked -> asked.srem(store.key(SharedHolds.TAG, "accounts"), account.asString()));
        holds.released(account);
        return store.run(RELEASE, keys(account), List.of()) == 1;
    }

    @Override
    public Usage usage(Username account) {
        obey();
        List<String> answer = store.run(USAGE, keys(account), List.of(clock()));
        Map<Duration, Long> messages = new HashMap<>();
        Map<Duration, Long> recipients = new HashMap<>();
        for (int i = 4; i < answer.size(); i += 2) {
            String window = answer.get(i);
            Duration length = Duration.ofNanos(Math.multiplyExact(Long.parseLong(window.substring(1)), 1000L));
            (window.startsWith("m") ? messages : recipients).put(length, Long.parseLong(answer.get(i + 1)));
        }
        Hold hold = answer.get(0).isEmpty()
                ? null
                : Hold.of(
                        account,
                        Instant.parse(answer.get(0)),
                        answer.get(1),
                        Long.parseLong(answer.get(2)),
                        Long.parseLong(answer.get(3)));
        return Usage.of(account, messages, recipients, hold);
    }

    @Override
    public List<Usage> usages() {
        Set<String> accounts = new TreeSet<>(store.tags("w"));
        accounts.addAll(store.tags("hold"));
        List<Usage> usages = new ArrayList<>();
        for (String account : accounts) {
            Usage usage = usage(Username.of(account));
            if (usage.hold().isPresent()
                    || usage.messages().values().stream().anyMatch(count -> count > 0)
                    || usage.recipients().values().stream().anyMatch(count -> count > 0)) {
                usages.add(usage);
            }
        }
        return usages;
    }

    /** Nothing is in memory alone. */
    @Override
    public void flush() {}
}
