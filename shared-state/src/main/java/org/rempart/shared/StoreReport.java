/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.rempart.policy.Opener;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.shared.SharedPolicy;

/** What an administrator should know of a store: whether it answers, and whether it keeps what is put into it. */
public final class StoreReport {
    private final Optional<String> away;
    private final List<String> oddities;

    private StoreReport(Optional<String> away, List<String> oddities) {
        this.away = away;
        this.oddities = List.copyOf(oddities);
    }

    /**
     * Looks at a store.
     *
     * @throws IOException when a file that the policy names can't be read; the message says what is right
     */
    public static StoreReport of(SharedPolicy policy, Opener files) throws IOException {
        try (SharedStore store = SharedStore.open(policy, files)) {
            if (store.away().isPresent()) {
                return new StoreReport(store.away(), List.of());
            }
            List<String> oddities = oddities(store.ask(asked -> asked.info()));
            oddities.addAll(
                    policies(SharedPolicies.running(store, new StoreNames(policy.prefix()), Clock.systemUTC())));
            return new StoreReport(Optional.empty(), oddities);
        } catch (LedgerAwayException lost) {
            return new StoreReport(Optional.of(lost.getMessage()), List.of());
        }
    }

    private static List<String> oddities(String info) {
        Map<String, String> facts = info.lines()
                .map(line -> line.split(":", 2))
                .filter(fact -> fact.length == 2)
                .collect(Collectors.toMap(fact -> fact[0], fact -> fact[1], (first, second) -> first));
        List<String> oddities = new ArrayList<>();
        if ("0".equals(facts.get("aof_enabled"))) {
            oddities.add(
                    "it keeps no log of what is put into it, so that counts are lost when it stops; write appendonly yes"
                            + " in its configuration");
        }
        if (!"0".equals(facts.getOrDefault("maxmemory", "0"))
                && !"noeviction".equals(facts.getOrDefault("maxmemory_policy", "noeviction"))) {
            oddities.add("it throws away what it has when its memory is full (" + facts.get("maxmemory_policy")
                    + "); write maxmemory-policy noeviction in its configuration");
        }
        return oddities;
    }

    private static List<String> policies(Map<String, String> running) {
        Map<String, List<String>> servers = new TreeMap<>();
        running.forEach((server, policy) ->
                servers.computeIfAbsent(policy, unseen -> new ArrayList<>()).add(server));
        return servers.size() < 2
                ? List.of()
                : List.of("servers have started with different policies ("
                        + servers.values().stream()
                                .map(some -> String.join(", ", some))
                                .collect(Collectors.joining("; "))
                        + "); give all the same conf/rempart.xml, and restart those that have another");
    }

    /** Why it can't be used; empty when it can. */
    public Optional<String> away() {
        return away;
    }

    /** What should not stay as it is, each with what would be right. */
    public List<String> oddities() {
        return oddities;
    }
}
