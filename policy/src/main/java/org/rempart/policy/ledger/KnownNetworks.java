/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** From where accounts have logged in of late. Not thread-safe. Times are those of {@link System#nanoTime()}. */
final class KnownNetworks {
    private static final long FORGOTTEN_AFTER = Duration.ofDays(30).toNanos();

    /** More places than that hardly anybody works from; the one that was longest not seen makes room. */
    private static final int OF_AN_ACCOUNT = 32;

    private final int capacity;

    /** By account, the one that logged in longest ago first; its networks, likewise. */
    private final LinkedHashMap<String, LinkedHashMap<String, Long>> accounts = new LinkedHashMap<>();
    /** How many accounts are known at a network. */
    private final Map<String, Integer> byNetwork = new HashMap<>();

    /**
     * @param capacity how many accounts it holds
     */
    KnownNetworks(int capacity) {
        this.capacity = capacity;
    }

    boolean isKnown(String account, String network, long now) {
        Map<String, Long> networks = accounts.get(account);
        Long seen = networks == null ? null : networks.get(network);
        return seen != null && now - seen < FORGOTTEN_AFTER;
    }

    /** How many accounts are known there. */
    int known(String network, long now) {
        expire(now);
        return byNetwork.getOrDefault(network, 0);
    }

    /** The account has logged in from there. */
    void add(String account, String network, long seen) {
        LinkedHashMap<String, Long> networks = accounts.remove(account);
        if (networks == null) {
            networks = new LinkedHashMap<>();
        }
        accounts.put(account, networks);
        if (networks.remove(network) == null) {
            byNetwork.merge(network, 1, Integer::sum);
        }
        networks.put(network, seen);
        removeOld(networks, seen);
        if (networks.size() > OF_AN_ACCOUNT) {
            removeEldest(networks);
        }
        if (accounts.size() > capacity) {
            forget(accounts.keySet().iterator().next());
        }
        expire(seen);
    }

    private void removeOld(Map<String, Long> networks, long now) {
        while (!networks.isEmpty() && now - networks.values().iterator().next() >= FORGOTTEN_AFTER) {
            removeEldest(networks);
        }
    }

    private void removeEldest(Map<String, Long> networks) {
        Iterator<String> eldest = networks.keySet().iterator();
        uncount(eldest.next());
        eldest.remove();
    }

    private void uncount(String network) {
        byNetwork.computeIfPresent(network, (name, count) -> count == 1 ? null : count - 1);
    }

    void forget(String account) {
        Map<String, Long> networks = accounts.remove(account);
        if (networks != null) {
            networks.keySet().forEach(this::uncount);
        }
    }

    /** Accounts stand by their latest login: those that were longest not here are at the front. */
    private void expire(long now) {
        while (!accounts.isEmpty()) {
            Map.Entry<String, LinkedHashMap<String, Long>> eldest =
                    accounts.entrySet().iterator().next();
            Map<String, Long> networks = eldest.getValue();
            removeOld(networks, now);
            if (!networks.isEmpty()) {
                return;
            }
            accounts.remove(eldest.getKey());
        }
    }

    /** An account, and when it was at a network. */
    static final class Visit {
        private final String account;
        private final String network;
        private final Duration ago;

        Visit(String account, String network, Duration ago) {
            this.account = account;
            this.network = network;
            this.ago = ago;
        }

        String account() {
            return account;
        }

        String network() {
            return network;
        }

        Duration ago() {
            return ago;
        }
    }

    /** All, in the order in which {@link #add} has to be told them. */
    List<Visit> visits(long now) {
        List<Visit> visits = new ArrayList<>();
        accounts.forEach((account, networks) -> networks.forEach(
                (network, seen) -> visits.add(new Visit(account, network, Duration.ofNanos(now - seen)))));
        return visits;
    }
}
