/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.rempart.testsupport.PostgresServer;

/** The database, a PostgreSQL server, goes away and comes back while mail comes in and goes out. */
@Tag("fire")
class DatabaseAwayTest {
    @Test
    void stopping_and_crashing_the_database_loses_nothing_and_the_server_goes_on_by_itself() throws Exception {
        int rounds = Fire.rounds(1, 5);
        try (PostgresServer postgres = PostgresServer.start();
                FireServer server = FireServer.make("database")) {
            server.variant().write("james-database.properties", "database.url=" + postgres.url() + "\n");
            server.startNew();
            Ledger ledger = new Ledger(server);
            long process = server.process().orElseThrow().pid();
            int duplicates = 0;
            for (int round = 1; round <= rounds; round++) {
                for (String mode : new String[] {"fast", "immediate"}) {
                    try (Load load = Load.start(
                            server, 8, 4, Load::usualSize, Fire.random(mode).nextInt(1 << 20) + round)) {
                        Fire.awaitMore(load, 60);
                        postgres.stop(mode);
                        // The time that it is away is the point: there is nothing to wait for.
                        Thread.sleep(Fire.isLong() ? 30_000 : mode.equals("fast") ? 10_000 : 1_000);
                        postgres.resume();
                        Fire.awaitMore(load, 40);
                        load.finish();
                        ledger.acknowledge(load);
                        Ledger.Outcome outcome = ledger.drain(Duration.ofMinutes(2));
                        Fire.figures("database stopped, " + mode, outcome + "; answers " + load.otherAnswers());
                        outcome.assertDeliveredOrKept();
                        assertThat(load.permanentRefusals()).isEmpty();
                        assertThat(outcome.duplicates().size() - duplicates)
                                .as("mails that came twice")
                                .isLessThanOrEqualTo(server.workers());
                        duplicates = outcome.duplicates().size();
                    }
                }
            }
            assertThat(server.process().orElseThrow().pid())
                    .as("the same process")
                    .isEqualTo(process);
        }
    }
}
