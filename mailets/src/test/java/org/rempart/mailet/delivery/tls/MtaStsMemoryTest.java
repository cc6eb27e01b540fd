/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is remembered of strangers' policies has a bound. */
class MtaStsMemoryTest {
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");

    private final List<String> lost = new ArrayList<>();
    private final MtaStsMemory memory = new MtaStsMemory(100, entry -> lost.add(entry.domain()));

    private static MtaStsEntry policy(String domain, int hosts) throws Exception {
        String text = "version: STSv1\nmode: enforce\nmax_age: 86400\n" + "mx: mx.a.example\n".repeat(hosts);
        return MtaStsEntry.policy(domain, "1", MtaStsPolicy.parse(text.getBytes(StandardCharsets.UTF_8)), NOW);
    }

    @Test
    void whatIsSeldomAskedForGoes() throws Exception {
        memory.put(policy("used.example", 9));
        memory.put(policy("unused.example", 9));
        for (int i = 0; i < 30; i++) {
            assertThat(memory.get("used.example")).isPresent();
            memory.put(policy("a" + i + ".example", 19));
        }
        assertThat(memory.all().stream().mapToInt(MtaStsEntry::weight).sum()).isLessThanOrEqualTo(100);
        assertThat(memory.get("used.example")).isPresent();
        // What goes is told of, and nothing that stays.
        assertThat(memory.all().size() + lost.size()).isEqualTo(32);
        assertThat(memory.all()).extracting(MtaStsEntry::domain).doesNotContainAnyElementsOf(lost);
    }

    @Test
    void manyDomainsWithoutAPolicyAreFewWhenTheyAreMany() {
        for (int i = 0; i < 1000; i++) {
            memory.put(MtaStsEntry.none("a" + i + ".example", NOW, "none"));
        }
        assertThat(memory.all()).hasSize(100);
        assertThat(lost).isEmpty();
    }

    @Test
    void theSameDomainCountsOnce() throws Exception {
        for (int i = 0; i < 1000; i++) {
            memory.put(policy("a.example", 9));
        }
        memory.put(policy("b.example", 9));
        assertThat(memory.all()).hasSize(2);
        memory.remove(memory.get("a.example").orElseThrow());
        assertThat(memory.all()).hasSize(1);
    }

    /** A clock that runs a year ahead for a moment must not make a policy hold for two. */
    @Test
    void whatComesFromTheFutureDoesNotHold() throws Exception {
        MtaStsEntry entry = policy("a.example", 1);
        assertThat(entry.holds(NOW)).isTrue();
        assertThat(entry.holds(NOW.minus(Duration.ofMinutes(5)))).isTrue();
        assertThat(entry.holds(NOW.minus(Duration.ofDays(365)))).isFalse();
    }
}
