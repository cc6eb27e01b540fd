/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.james.core.healthcheck.ComponentName;
import org.apache.james.core.healthcheck.HealthCheck;
import org.apache.james.core.healthcheck.Result;
import org.reactivestreams.Publisher;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import reactor.core.publisher.Mono;

/** Whether the policy that the server started with is the one in conf/rempart.xml, for {@code GET /healthcheck}. */
public final class PolicyHealthCheck implements HealthCheck {
    static final String NAME = "policy";

    private static final ComponentName COMPONENT = new ComponentName(NAME);

    private final Path file;
    private final byte[] started;

    /**
     * Compares with the file as it is now.
     *
     * @throws FaultException when it can't be read
     */
    public PolicyHealthCheck(Home home) throws FaultException {
        file = home.conf("rempart.xml");
        try {
            started = content(file);
        } catch (IOException unreadable) {
            throw new FaultException(home.name(file) + " can't be read (" + unreadable.getMessage() + ")");
        }
    }

    private static byte[] content(Path file) throws IOException {
        try {
            return Files.readAllBytes(file);
        } catch (NoSuchFileException theDefaultsApply) {
            return new byte[0];
        }
    }

    @Override
    public ComponentName componentName() {
        return COMPONENT;
    }

    @Override
    public Publisher<Result> check() {
        return Mono.fromCallable(() -> Arrays.equals(started, content(file))
                        ? Result.healthy(COMPONENT)
                        : Result.degraded(COMPONENT, "conf/rempart.xml has changed since the server started"))
                .onErrorResume(
                        IOException.class,
                        unreadable -> Mono.just(Result.degraded(
                                COMPONENT, "conf/rempart.xml can't be read (" + unreadable.getMessage() + ")")));
    }
}
