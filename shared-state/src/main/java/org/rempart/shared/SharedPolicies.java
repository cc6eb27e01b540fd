/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that servers of one cluster have different policies. Each tells once a minute which one it has, as a hash:
 * {@code {servers}:policies} holds, by the server, the hash and the time in seconds.
 */
final class SharedPolicies implements SharedStore.Check {
    private static final Logger LOGGER = LoggerFactory.getLogger(SharedPolicies.class);
    private static final Duration BETWEEN = Duration.ofMinutes(1);

    /** Who has said nothing for so long is down. */
    private static final Duration RUNNING = Duration.ofMinutes(3);

    private final StoreNames names;
    private final String server;
    private final String policy;
    private final Clock clock;
    private Instant told = Instant.EPOCH;
    private Set<String> others = Set.of();

    /**
     * @param server the name of this one
     * @param policy a hash of what it has
     */
    SharedPolicies(StoreNames names, String server, String policy, Clock clock) {
        this.names = names;
        this.server = server;
        this.policy = policy;
        this.clock = clock;
    }

    @Override
    public void check(StoreCommands store) {
        Instant now = clock.instant();
        if (now.isBefore(told.plus(BETWEEN))) {
            return;
        }
        String key = key(names);
        store.ask(asked -> asked.hset(key, server, policy + " " + now.getEpochSecond()));
        Map<String, String> running = running(store, names, clock);
        told = now;
        Set<String> differing = new TreeSet<>();
        running.forEach((name, theirs) -> {
            if (!theirs.equals(policy)) {
                differing.add(name);
            }
        });
        if (!differing.equals(others) && !differing.isEmpty()) {
            LOGGER.warn(
                    "{} started with another conf/rempart.xml than this server; give all servers the same one, and restart"
                            + " those that have another",
                    String.join(", ", differing));
        }
        others = differing;
    }

    private static String key(StoreNames names) {
        return names.key("servers", "policies");
    }

    /** The servers that run, and the hash of the policy of each. Those that have been down for long are forgotten. */
    static Map<String, String> running(StoreCommands store, StoreNames names, Clock clock) {
        long now = clock.instant().getEpochSecond();
        Map<String, String> running = new TreeMap<>();
        store.ask(asked -> asked.hgetall(key(names))).forEach((name, told) -> {
            int space = told.indexOf(' ');
            if (Long.parseLong(told.substring(space + 1)) > now - RUNNING.toSeconds()) {
                running.put(name, told.substring(0, space));
            } else {
                store.ask(asked -> asked.hdel(key(names), name));
            }
        });
        return running;
    }
}
