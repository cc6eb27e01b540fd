/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.rempart.it.ServerPid;

/**
 * The server runs out of memory over large messages, and ends itself. Only in the long form: how small a heap it still
 * starts with, and no longer works with, changes with every library.
 */
@Tag("fire")
@Tag("heavy")
class MemoryTest {
    @Test
    void out_of_memory_ends_the_server_and_loses_nothing_that_was_acknowledged() throws Exception {
        Random random = Fire.random("memory");
        int rounds = Fire.rounds(1, 5);
        try (FireServer server = FireServer.make("memory")) {
            String options = server.variant().read("jvm.options");
            server.startNew();
            server.stop();
            Ledger ledger = new Ledger(server);
            for (int round = 1; round <= rounds; round++) {
                server.variant()
                        .write(
                                "jvm.options",
                                options.replaceAll("-Xms\\S+", "-Xms32m").replaceAll("-Xmx\\S+", "-Xmx72m"));
                server.start();
                ProcessHandle process = server.process().orElseThrow();
                try (Load load = Load.start(
                        server, 8, 4, chance -> chance.nextInt(3) == 0 ? 15_000_000 : 4096, random.nextInt(1 << 20))) {
                    ServerPid.awaitEnd(process);
                    load.finish();
                    ledger.acknowledge(load);
                    Fire.figures("out of memory", load.count() + " acknowledged until then");
                }
                server.variant().write("jvm.options", options);
                server.start();
                Ledger.Outcome outcome = ledger.drain(Duration.ofMinutes(2));
                Fire.figures("out of memory", outcome.toString());
                outcome.assertDelivered();
                server.stop();
            }
        }
    }
}
