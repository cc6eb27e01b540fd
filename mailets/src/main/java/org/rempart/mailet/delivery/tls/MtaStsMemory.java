/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What is known of domains, up to a bound that no stranger's number or size of policies moves. Beyond it, the entry goes that
 * was not asked for the longest.
 */
final class MtaStsMemory {
    private final long most;
    private final Consumer<MtaStsEntry> lost;
    private final LinkedHashMap<String, MtaStsEntry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long weight;

    /**
     * @param most by {@link MtaStsEntry#weight()}
     * @param lost is told of each policy that has to go
     */
    MtaStsMemory(long most, Consumer<MtaStsEntry> lost) {
        this.most = most;
        this.lost = lost;
    }

    synchronized Optional<MtaStsEntry> get(String domain) {
        return Optional.ofNullable(entries.get(domain));
    }

    synchronized List<MtaStsEntry> all() {
        return new ArrayList<>(entries.values());
    }

    synchronized void remove(MtaStsEntry entry) {
        if (entries.remove(entry.domain(), entry)) {
            weight -= entry.weight();
        }
    }

    void put(MtaStsEntry entry) {
        List<MtaStsEntry> gone = new ArrayList<>();
        synchronized (this) {
            MtaStsEntry before = entries.put(entry.domain(), entry);
            weight += entry.weight() - (before == null ? 0 : before.weight());
            for (Iterator<Map.Entry<String, MtaStsEntry>> eldest =
                            entries.entrySet().iterator();
                    weight > most && eldest.hasNext(); ) {
                MtaStsEntry next = eldest.next().getValue();
                if (next != entry) {
                    eldest.remove();
                    weight -= next.weight();
                    gone.add(next);
                }
            }
        }
        gone.removeIf(left -> left.policy().isEmpty());
        gone.forEach(lost);
    }
}
