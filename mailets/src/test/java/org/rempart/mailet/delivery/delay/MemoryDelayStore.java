/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.delay;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What servers share, in the test's memory: each has a {@link #of} its own. */
final class MemoryDelayStore {
    private final Clock clock;
    private final Map<String, Instant> due = new HashMap<>();
    private final Map<String, Instant> leases = new HashMap<>();
    private final Map<String, String> owners = new HashMap<>();
    private final Set<String> held = new HashSet<>();
    private boolean complete;
    private boolean away;

    MemoryDelayStore(Clock clock) {
        this.clock = clock;
    }

    /** Whether it does not answer. */
    void away(boolean value) {
        away = value;
    }

    /** Loses all that it knew. */
    void lose() {
        due.clear();
        leases.clear();
        owners.clear();
        held.clear();
        complete = false;
    }

    /** What one server sees of it. */
    DelayIndex of(String server) {
        return new View(server);
    }

    private final class View implements DelayIndex {
        private final String server;

        View(String server) {
            this.server = server;
        }

        private void asked() throws IndexAwayException {
            if (away) {
                throw new IndexAwayException(new IllegalStateException("away"));
            }
        }

        private boolean isOthers(String key) {
            return owners.containsKey(key) && !owners.get(key).equals(server);
        }

        private void clear(String key) {
            due.remove(key);
            leases.remove(key);
            owners.remove(key);
            held.remove(key);
        }

        private void lease(String key, Duration lease) {
            clear(key);
            leases.put(key, clock.instant().plus(lease));
            owners.put(key, server);
        }

        @Override
        public void due(String key, Duration delay) throws IndexAwayException {
            asked();
            if (!isOthers(key)) {
                clear(key);
                due.put(key, clock.instant().plus(delay));
            }
        }

        @Override
        public void hold(String key) throws IndexAwayException {
            asked();
            if (!isOthers(key)) {
                clear(key);
                held.add(key);
            }
        }

        @Override
        public void dueIfUnknown(String key, Duration delay) throws IndexAwayException {
            if (unknown(List.of(key)).contains(key)) {
                due(key, delay);
            }
        }

        @Override
        public Turn take(int most, Duration lease) throws IndexAwayException {
            asked();
            Instant now = clock.instant();
            new HashMap<>(leases).forEach((key, until) -> {
                if (!until.isAfter(now)) {
                    clear(key);
                    due.put(key, now);
                }
            });
            List<String> taken = due.entrySet().stream()
                    .filter(entry -> !entry.getValue().isAfter(now))
                    .sorted(Map.Entry.comparingByValue())
                    .limit(most)
                    .map(Map.Entry::getKey)
                    .collect(Collectors.toList());
            taken.forEach(key -> lease(key, lease));
            return new Turn(complete, taken);
        }

        @Override
        public boolean take(String key, Duration lease) throws IndexAwayException {
            asked();
            if (!due.containsKey(key) && !held.contains(key)) {
                return false;
            }
            lease(key, lease);
            return true;
        }

        @Override
        public List<String> renew(Collection<String> keys, Duration lease) throws IndexAwayException {
            asked();
            List<String> mine = new ArrayList<>(keys);
            mine.removeIf(key -> !server.equals(owners.get(key)));
            mine.forEach(key -> lease(key, lease));
            return mine;
        }

        @Override
        public void forget(String key) throws IndexAwayException {
            asked();
            clear(key);
        }

        @Override
        public List<String> unknown(Collection<String> keys) throws IndexAwayException {
            asked();
            List<String> unknown = new ArrayList<>(keys);
            unknown.removeIf(key -> due.containsKey(key) || leases.containsKey(key) || held.contains(key));
            return unknown;
        }

        @Override
        public void completed() throws IndexAwayException {
            asked();
            complete = true;
        }

        @Override
        public void close() {}
    }
}
