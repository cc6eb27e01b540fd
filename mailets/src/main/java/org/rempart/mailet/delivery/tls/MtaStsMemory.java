/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What is known of domains, up to a bound that no stranger's number or size of policies moves. Beyond it, an entry goes that
 * is seldom asked for.
 */
final class MtaStsMemory {
    private final Cache<String, MtaStsEntry> entries;

    /**
     * @param most by {@link MtaStsEntry#weight()}
     * @param lost is told of each policy that has to go
     */
    MtaStsMemory(long most, Consumer<MtaStsEntry> lost) {
        entries = Caffeine.newBuilder()
                .maximumWeight(most)
                .weigher((String domain, MtaStsEntry entry) -> entry.weight())
                .evictionListener((domain, entry, cause) -> {
                    if (entry != null && entry.policy().isPresent()) {
                        lost.accept(entry);
                    }
                })
                .executor(Runnable::run)
                .build();
    }

    Optional<MtaStsEntry> get(String domain) {
        return Optional.ofNullable(entries.getIfPresent(domain));
    }

    List<MtaStsEntry> all() {
        return List.copyOf(entries.asMap().values());
    }

    void remove(MtaStsEntry entry) {
        entries.asMap().remove(entry.domain(), entry);
    }

    void put(MtaStsEntry entry) {
        entries.put(entry.domain(), entry);
    }
}
