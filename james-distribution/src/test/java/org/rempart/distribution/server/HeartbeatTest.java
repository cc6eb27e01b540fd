/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.james.core.healthcheck.ComponentName;
import org.apache.james.core.healthcheck.HealthCheck;
import org.apache.james.core.healthcheck.Result;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

class HeartbeatTest {
    private static final ComponentName NAME = new ComponentName("database");

    private final AtomicReference<Mono<Result>> answer = new AtomicReference<>();
    private final Heartbeat heartbeat = new Heartbeat(Set.of(new HealthCheck() {
        @Override
        public ComponentName componentName() {
            return NAME;
        }

        @Override
        public Publisher<Result> check() {
            return answer.get();
        }
    }));

    @TempDir
    private Path folder;

    private boolean beatsAt(Mono<Result> result) throws Exception {
        Path file = folder.resolve("healthy");
        Files.deleteIfExists(file);
        answer.set(result);
        heartbeat.beat(file);
        return Files.exists(file);
    }

    @Test
    void itBeatsWhileAllIsWell() throws Exception {
        assertThat(beatsAt(Mono.just(Result.healthy(NAME)))).isTrue();
        assertThat(beatsAt(Mono.just(Result.degraded(NAME, "slow")))).isTrue();
        assertThat(beatsAt(Mono.just(Result.unhealthy(NAME, "it is away")))).isFalse();
        assertThat(beatsAt(Mono.error(new IllegalStateException("closed")))).isFalse();
        assertThat(beatsAt(Mono.never())).isFalse();
        assertThat(beatsAt(Mono.just(Result.healthy(NAME)))).isTrue();
    }
}
