/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SetArgs;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.james.core.Username;
import org.rempart.policy.ledger.Hold;
import org.rempart.policy.ledger.HoldsCopy;
import org.rempart.policy.ledger.LedgerAwayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that no hold is lost with the store. Each server has a copy of all holds; what others do is in it within half a
 * second, what it does itself at once. A
 * store that comes back with nothing in it, or that somebody has emptied, is used only when the holds of this server are in
 * it again.
 *
 * <p>In the store, {@code {holds}:store} says which one it is, and {@code {holds}:accounts} who is held; the holds themselves
 * lie with their accounts.
 */
final class SharedHolds implements SharedStore.Check {
    static final String TAG = "holds";

    private static final Logger LOGGER = LoggerFactory.getLogger(SharedHolds.class);
    private static final Script<Long> HOLD = Script.of(SharedHolds.class, ScriptOutputType.INTEGER, "hold.lua");

    /** Guarded by this. */
    private final HoldsCopy copy;

    private final StoreNames names;
    private int changes;

    SharedHolds(HoldsCopy copy, StoreNames names) {
        this.copy = copy;
        this.names = names;
    }

    @Override
    public void check(StoreCommands store) {
        String key = names.key(TAG, "store");
        String found = store.ask(asked -> asked.get(key));
        String known;
        List<Hold> holds;
        synchronized (this) {
            known = copy.store();
            holds = copy.holds();
        }
        if (found == null || !found.equals(known)) {
            // Before a store has a name, it has the holds of the one who names it.
            holds.forEach(hold -> put(store, hold));
            if (found == null) {
                String fresh = UUID.randomUUID().toString();
                store.ask(asked -> asked.set(key, fresh, SetArgs.Builder.nx()));
                found = store.ask(asked -> asked.get(key));
                if (found == null) {
                    throw new LedgerAwayException("it forgets what is put into it");
                }
            }
            if (!known.isEmpty()) {
                LOGGER.error(
                        "The shared store has lost what was in it; {} holds are put back, and everything else is counted"
                                + " from nothing",
                        holds.size());
            }
            synchronized (this) {
                copy.keep(found, copy.holds());
            }
        }
        refresh(store);
    }

    /** An account was held here. */
    synchronized void held(Hold hold) {
        released(hold.account());
        List<Hold> holds = new ArrayList<>(copy.holds());
        holds.add(hold);
        copy.keep(copy.store(), holds);
    }

    /** An account is released here. */
    synchronized void released(Username account) {
        changes++;
        List<Hold> others = copy.holds().stream()
                .filter(hold -> !hold.account().equals(account))
                .collect(Collectors.toList());
        if (others.size() < copy.holds().size()) {
            copy.keep(copy.store(), others);
        }
    }

    private void put(StoreCommands store, Hold hold) {
        String account = hold.account().asString();
        store.ask(asked -> asked.sadd(names.key(TAG, "accounts"), account));
        store.ask(asked -> asked.eval(
                HOLD.text(),
                HOLD.output(),
                new String[] {names.key(account, "")},
                hold.since().toString(),
                hold.reason(),
                String.valueOf(hold.messages()),
                String.valueOf(hold.recipients())));
    }

    /** Learns who is held since, and who is no longer. */
    private void refresh(StoreCommands store) {
        int before;
        Map<String, Hold> known = new HashMap<>();
        synchronized (this) {
            before = changes;
            copy.holds().forEach(hold -> known.put(hold.account().asString(), hold));
        }
        Set<String> held = store.ask(asked -> asked.smembers(names.key(TAG, "accounts")));
        if (held.equals(known.keySet())) {
            return;
        }
        List<Hold> holds = new ArrayList<>();
        for (String account : held) {
            Optional.ofNullable(known.get(account))
                    .or(() -> hold(Username.of(account), store.ask(asked -> asked.hgetall(names.key(account, "hold")))))
                    .ifPresent(holds::add);
        }
        synchronized (this) {
            // What was done here meanwhile is newer; the next look comes soon.
            if (changes == before && (holds.size() != known.size() || !held.containsAll(known.keySet()))) {
                copy.keep(copy.store(), holds);
            }
        }
    }

    /** The hold of an account in the form in which the store has it; empty when there is none. */
    static Optional<Hold> hold(Username account, Map<String, String> hold) {
        return hold.isEmpty()
                ? Optional.empty()
                : Optional.of(Hold.of(
                        account,
                        Instant.parse(hold.get("since")),
                        hold.get("reason"),
                        Long.parseLong(hold.get("messages")),
                        Long.parseLong(hold.get("recipients"))));
    }
}
