/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The server's process is killed at random moments while mail comes in and goes out. */
@Tag("fire")
@Tag("quick")
class KillTest {
    @Test
    void kill_at_any_moment_loses_nothing_that_was_acknowledged() throws Exception {
        Random random = Fire.random("kill");
        int rounds = Fire.rounds(3, 30);
        try (FireServer server = FireServer.make("kill")) {
            server.startNew();
            Ledger ledger = new Ledger(server);
            int duplicates = 0;
            for (int round = 1; round <= rounds; round++) {
                try (Load load = Load.start(server, 8, 4, Load::usualSize, random.nextInt(1 << 20))) {
                    Fire.awaitMore(load, 20 + random.nextInt(80));
                    Thread.sleep(random.nextInt(300));
                    server.kill();
                    load.finish();
                    ledger.acknowledge(load);
                }
                server.start();
                Ledger.Outcome outcome = ledger.drain(Duration.ofMinutes(2));
                Fire.figures("kill " + round + " of " + rounds, outcome.toString());
                outcome.assertDelivered();
                assertThat(outcome.duplicates().size() - duplicates)
                        .as("mails that came twice after one kill")
                        .isLessThanOrEqualTo(server.workers());
                duplicates = outcome.duplicates().size();
            }
        }
    }
}
