/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.delay;

import io.lettuce.core.ScriptOutputType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.shared.Script;
import org.rempart.shared.SharedStore;

/** The index of a queue in the store that the servers of a cluster share. Leases are by the store's clock. */
public final class SharedDelayIndex implements DelayIndex {
    private static final Script<List<String>> TAKE = script("take.lua", ScriptOutputType.MULTI);
    private static final Script<Long> TAKE_ONE = script("take-one.lua", ScriptOutputType.INTEGER);
    private static final Script<Long> PUT = script("put.lua", ScriptOutputType.INTEGER);
    private static final Script<List<String>> RENEW = script("renew.lua", ScriptOutputType.MULTI);
    private static final Script<Long> FORGET = script("forget.lua", ScriptOutputType.INTEGER);
    private static final Script<List<String>> UNKNOWN = script("unknown.lua", ScriptOutputType.MULTI);
    private static final Script<Long> COMPLETED = script("completed.lua", ScriptOutputType.INTEGER);

    private static final String HELD = "held";

    private final SharedStore store;
    private final List<String> keys;
    /** Whose leases these are; another one after a restart, so that no lease is taken for one of before. */
    private final String server = UUID.randomUUID().toString();

    /** @param store closed with this index */
    public SharedDelayIndex(SharedStore store, String queue) {
        this.store = store;
        this.keys = Stream.of("due", "leases", "owners", HELD, "complete")
                .map(name -> store.key("delayed-" + queue, name))
                .collect(Collectors.toUnmodifiableList());
    }

    private static <T> Script<T> script(String file, ScriptOutputType output) {
        return Script.of(SharedDelayIndex.class, output, file);
    }

    @Override
    public void due(String key, Duration delay) throws IndexAwayException {
        run(PUT, key, server, after(delay));
    }

    @Override
    public void hold(String key) throws IndexAwayException {
        run(PUT, key, server, HELD);
    }

    @Override
    public void dueIfUnknown(String key, Duration delay) throws IndexAwayException {
        run(PUT, key, server, after(delay), "unknown");
    }

    @Override
    public Turn take(int most, Duration lease) throws IndexAwayException {
        List<String> taken = run(TAKE, String.valueOf(most), text(lease), server);
        return new Turn(taken.get(0).equals("1"), taken.subList(1, taken.size()));
    }

    @Override
    public boolean take(String key, Duration lease) throws IndexAwayException {
        return run(TAKE_ONE, key, text(lease), server) == 1;
    }

    @Override
    public List<String> renew(Collection<String> keys, Duration lease) throws IndexAwayException {
        List<String> values = new ArrayList<>(List.of(text(lease), server));
        values.addAll(keys);
        return run(RENEW, values.toArray(new String[0]));
    }

    @Override
    public void forget(String key) throws IndexAwayException {
        run(FORGET, key);
    }

    @Override
    public List<String> unknown(Collection<String> keys) throws IndexAwayException {
        return run(UNKNOWN, keys.toArray(new String[0]));
    }

    @Override
    public void completed() throws IndexAwayException {
        run(COMPLETED);
    }

    @Override
    public void close() {
        store.close();
    }

    /** A store that was asleep may hear of it late: a time it understands then, too, and a delay it would begin again. */
    private static String after(Duration delay) {
        return String.valueOf(System.currentTimeMillis() + delay.toMillis());
    }

    private static String text(Duration time) {
        return String.valueOf(time.toMillis());
    }

    private <T> T run(Script<T> script, String... values) throws IndexAwayException {
        try {
            return store.run(script, keys, List.of(values));
        } catch (LedgerAwayException away) {
            throw new IndexAwayException(away);
        }
    }
}
