/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import javax.inject.Inject;
import org.apache.james.core.healthcheck.ComponentName;
import org.apache.james.core.healthcheck.HealthCheck;
import org.apache.james.core.healthcheck.Result;
import org.reactivestreams.Publisher;
import org.rempart.policy.ledger.Ledgers;
import reactor.core.publisher.Mono;

/** Whether the store that a cluster shares answers, for {@code GET /healthcheck}. */
public final class SharedStoreHealthCheck implements HealthCheck {
    private static final ComponentName COMPONENT = new ComponentName("shared store");

    private final Ledgers ledgers;

    @Inject
    SharedStoreHealthCheck(Ledgers ledgers) {
        this.ledgers = ledgers;
    }

    @Override
    public ComponentName componentName() {
        return COMPONENT;
    }

    @Override
    public Publisher<Result> check() {
        return Mono.fromSupplier(() -> ledgers.away()
                .map(why -> Result.degraded(COMPONENT, "it is away (" + why + "): accounts can't send"))
                .orElseGet(() -> Result.healthy(COMPONENT)));
    }
}
