/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.util.Optional;
import javax.inject.Inject;
import org.apache.james.core.healthcheck.ComponentName;
import org.apache.james.core.healthcheck.HealthCheck;
import org.apache.james.core.healthcheck.Result;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/** Whether this server is the owner of its database, for {@code GET /healthcheck}. */
final class OwnershipHealthCheck implements HealthCheck {
    private static final ComponentName NAME = new ComponentName("database-owner");

    private final Optional<Ownership> owner;

    @Inject
    OwnershipHealthCheck(Database database) {
        this.owner = database.ownership();
    }

    @Override
    public ComponentName componentName() {
        return NAME;
    }

    @Override
    public Publisher<Result> check() {
        return Mono.fromSupplier(() -> {
            if (owner.isEmpty() || owner.get().isConfirmed()) {
                return Result.healthy(NAME);
            }
            return owner.get().isLost()
                    ? Result.unhealthy(NAME, "another server has taken over the database; this one ends")
                    : Result.unhealthy(NAME, "the database does not answer: nothing is handed out until it does");
        });
    }
}
