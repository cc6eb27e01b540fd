/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Optional;

/**
 * Remembers answers for a short while, and not more than so many. Answers of the DNS are remembered for less than any
 * sensible time to live, so that a burst of mails asks once; James's own resolver minds their real one.
 */
final class ShortCache<K, V> {
    private final long lifetime;
    private final int largest;
    private final LinkedHashMap<K, Entry<V>> entries = new LinkedHashMap<>();

    ShortCache(Duration lifetime, int largest) {
        this.lifetime = lifetime.toNanos();
        this.largest = largest;
    }

    private static final class Entry<V> {
        private final V value;
        private final long since = System.nanoTime();

        Entry(V value) {
            this.value = value;
        }
    }

    synchronized Optional<V> get(K key) {
        Entry<V> entry = entries.get(key);
        if (entry != null && System.nanoTime() - entry.since > lifetime) {
            entries.remove(key);
            return Optional.empty();
        }
        return Optional.ofNullable(entry).map(found -> found.value);
    }

    synchronized void put(K key, V value) {
        // Removed first, so that the eldest entry is the one that was put first.
        entries.remove(key);
        entries.put(key, new Entry<>(value));
        if (entries.size() > largest) {
            entries.remove(entries.keySet().iterator().next());
        }
    }
}
