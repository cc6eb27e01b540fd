/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The clock of the server jumps while mail waits for its next try. */
@Tag("heavy")
class ClockTest {
    @Test
    void mail_that_waits_goes_out_though_the_clock_jumps_a_day_forward_and_back() throws Exception {
        Optional<Path> library = library();
        Fire.require(library.isPresent(), "libfaketime is not installed (Debian's faketime)");
        try (FireServer server = FireServer.make("clock")) {
            server.variant().edit("mailetcontainer.xml", "<delayTime>[^<]*<", "<delayTime>11*20s<");
            Path clock = server.variant().home().resolveSibling("fire-clock-offset.txt");
            Files.writeString(clock, "+0\n");
            // Only what it takes for the time of the day jumps: the clock that measures spans never does.
            Map<String, String> environment = Map.of(
                    "LD_PRELOAD", library.orElseThrow().toString(),
                    "FAKETIME_TIMESTAMP_FILE", clock.toString(),
                    "FAKETIME_CACHE_DURATION", "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC", "1",
                    "DONT_FAKE_MONOTONIC", "1");
            server.start(List.of(), environment);
            server.addAccounts();
            Ledger ledger = new Ledger(server);
            for (String jump : new String[] {"-1d", "+1d", "+0"}) {
                server.closeSink();
                try (Load load = Load.start(server, 4, 2, random -> 1024 + random.nextInt(8 << 10), jump.hashCode())) {
                    Fire.awaitMore(load, 20);
                    load.finish();
                    ledger.acknowledge(load);
                }
                // Local mail is through, and every other mail has had a try.
                Awaitility.await("mail that waits")
                        .atMost(Duration.ofMinutes(2))
                        .until(() -> ledger.look().lost().stream()
                                .allMatch(delivery -> delivery.endsWith("@partner.example")));
                Files.writeString(clock, jump + "\n");
                server.reopenSink();
                Ledger.Outcome outcome = ledger.drain(Duration.ofMinutes(3));
                Fire.figures("clock at " + jump, outcome.toString());
                outcome.assertDelivered();
            }
        }
    }

    private static Optional<Path> library() throws IOException {
        for (String folder : new String[] {"/usr/lib", "/usr/lib64"}) {
            if (!Files.isDirectory(Path.of(folder))) {
                continue;
            }
            try (Stream<Path> files =
                    Files.find(Path.of(folder), 3, (file, facts) -> file.endsWith("faketime/libfaketime.so.1"))) {
                Optional<Path> found = files.findFirst();
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }
}
