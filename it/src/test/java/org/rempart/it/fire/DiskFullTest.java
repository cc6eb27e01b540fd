/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The disk under {@code var/} is filled to its last block while mail comes in and goes out. */
@Tag("fire")
class DiskFullTest {
    private static final int MEGABYTES = 320;

    @Test
    void on_a_full_disk_new_mail_is_put_off_and_what_was_accepted_is_delivered_when_there_is_space_again()
            throws Exception {
        Path probe = Files.createTempDirectory("rempart-mount");
        boolean possible = SmallDisk.possible(probe);
        Files.delete(probe);
        Assumptions.assumeTrue(possible, "a file system can't be mounted here; it takes root's rights");
        int rounds = Fire.rounds(1, 10);
        try (FireServer server = FireServer.make("disk")) {
            SmallDisk disk = server.onSmallDisk(MEGABYTES);
            server.startNew();
            Ledger ledger = new Ledger(server);
            long process = server.process().orElseThrow().pid();
            for (int round = 1; round <= rounds; round++) {
                try (Load load = Load.start(server, 6, 3, random -> 1024 + random.nextInt(32 << 10), round)) {
                    Fire.awaitMore(load, 40);
                    disk.fill();
                    Awaitility.await("452 4.3.1 for new mail")
                            .atMost(Duration.ofMinutes(5))
                            .until(() -> load.otherAnswers().keySet().stream()
                                    .anyMatch(answer -> answer.startsWith("452 4.3.1")));
                    // Work that was accepted before goes on as far as it can, and must not be lost where it can't.
                    Thread.sleep(Fire.isLong() ? 20_000 : 3_000);
                    disk.free();
                    Fire.awaitMore(load, 30);
                    load.finish();
                    ledger.acknowledge(load);
                    Ledger.Outcome outcome = ledger.drain(Duration.ofMinutes(2));
                    Fire.figures("disk full", outcome + "; answers " + load.otherAnswers());
                    outcome.assertDeliveredOrKept();
                    assertThat(load.permanentRefusals()).isEmpty();
                }
            }
            assertThat(server.process().orElseThrow().pid())
                    .as("the same process")
                    .isEqualTo(process);
        }
    }
}
