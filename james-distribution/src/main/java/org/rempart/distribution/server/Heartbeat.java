/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.Timer;
import java.util.TimerTask;
import javax.inject.Inject;
import org.apache.james.core.healthcheck.HealthCheck;
import org.apache.james.core.healthcheck.Result;
import org.apache.james.utils.GuiceProbe;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Writes a file again and again while the server is well: the database answers, its tables can be read, nothing has ended
 * that should run. The file's age tells a shell in a moment what asking over HTTP would tell, and also tells of a process
 * that hangs.
 */
final class Heartbeat implements GuiceProbe {
    /** {@code rempart healthy} waits for four of these. */
    static final Duration PERIOD = Duration.ofSeconds(10);

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Logger LOGGER = LoggerFactory.getLogger(Heartbeat.class);

    private final Set<HealthCheck> checks;
    private boolean well = true;

    @Inject
    Heartbeat(Set<HealthCheck> checks) {
        this.checks = checks;
    }

    /** Beats at once, and from now on until the process ends. */
    void start(Path file) {
        beat(file);
        new Timer("heartbeat", true)
                .schedule(
                        new TimerTask() {
                            @Override
                            public void run() {
                                beat(file);
                            }
                        },
                        PERIOD.toMillis(),
                        PERIOD.toMillis());
    }

    void beat(Path file) {
        try {
            List<String> faults = faults();
            if (faults.isEmpty()) {
                Files.writeString(file, Instant.now() + "\n");
            }
            if (well != faults.isEmpty()) {
                well = faults.isEmpty();
                LOGGER.warn("{}", well ? "The server is well again" : "The server is not well: " + faults);
            }
        } catch (IOException | RuntimeException failed) {
            LOGGER.warn("Whether the server is well can't be told: {}", failed.toString());
        }
    }

    private List<String> faults() {
        return Flux.fromIterable(checks)
                .flatMap(check -> Mono.from(check.check())
                        .timeout(PATIENCE)
                        .onErrorResume(failed -> Mono.just(
                                Result.unhealthy(check.componentName(), "it does not answer: " + failed.getMessage()))))
                .filter(Result::isUnHealthy)
                .map(result -> result.getComponentName().getName() + ": "
                        + result.getCause().orElse("no reason is given"))
                .collectSortedList()
                .block();
    }
}
