/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.rempart.it.Variant;

/** The server's process is killed during its first start, a little later each time, until a start gets to its end. */
@Tag("fire")
class FirstStartTest {
    @Test
    void a_first_start_that_is_killed_is_no_hindrance_to_the_next() throws Exception {
        long step = Fire.isLong() ? 100 : 700;
        Random random = Fire.random("first-start");
        try (FireServer server = FireServer.make("first-start")) {
            int kills = 0;
            while (!startsWithin(server, step * (kills + 1) + random.nextInt((int) step))) {
                kills++;
            }
            Fire.figures("first start", kills + " kills before the one that got to its end");
            assertThat(kills).isPositive();
            server.addAccounts();
            Ledger ledger = new Ledger(server);
            try (Load load = Load.start(server, 4, 2, Load::usualSize, random.nextInt(1 << 20))) {
                Fire.awaitMore(load, 20);
                load.finish();
                ledger.acknowledge(load);
            }
            ledger.drain(Duration.ofMinutes(2)).assertDelivered();
        }
    }

    /** Starts it, and kills it when it isn't ready in time; a start that fails by itself fails the test. */
    private static boolean startsWithin(FireServer server, long millis) throws Exception {
        CompletableFuture<Variant.Result> start = CompletableFuture.supplyAsync(() -> {
            try {
                return server.variant().run("", "start");
            } catch (Exception failed) {
                throw new IllegalStateException(failed);
            }
        });
        try {
            Variant.Result result = start.get(millis, TimeUnit.MILLISECONDS);
            assertThat(result.exitCode()).as(result.output()).isZero();
            return true;
        } catch (TimeoutException slow) {
            boolean ready = server.killStarting();
            Variant.Result result = start.get(2, TimeUnit.MINUTES);
            // It may have become ready in the last moment; then it is no first start any more.
            assertThat(ready || result.exitCode() != 0).as(result.output()).isTrue();
            return false;
        }
    }
}
