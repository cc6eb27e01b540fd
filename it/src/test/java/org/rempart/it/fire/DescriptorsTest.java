/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The server has no file descriptor left, since clients hold connections and say nothing. */
@Tag("fire")
class DescriptorsTest {
    private static final int SPARE = 50;

    @Test
    void without_file_descriptors_nothing_is_lost_and_the_server_goes_on_when_there_are_some_again() throws Exception {
        Fire.require(Files.isExecutable(Path.of("/usr/bin/prlimit")), "prlimit of util-linux is not installed");
        int rounds = Fire.rounds(1, 10);
        try (FireServer server = FireServer.make("descriptors")) {
            server.startNew();
            Ledger ledger = new Ledger(server);
            long process = server.process().orElseThrow().pid();
            for (int round = 1; round <= rounds; round++) {
                try (Load load = Load.start(server, 6, 3, random -> 1024 + random.nextInt(32 << 10), round)) {
                    Fire.awaitMore(load, 40);
                    long limit = descriptors(process) + SPARE;
                    limit(process, limit);
                    List<Socket> idle = new ArrayList<>();
                    try {
                        for (int i = 0; i < 2 * SPARE; i++) {
                            idle.add(new Socket(
                                    server.variant().smtp().getAddress(),
                                    server.variant().smtp().getPort()));
                        }
                        Awaitility.await("all " + limit + " descriptors in use")
                                .atMost(Duration.ofMinutes(5))
                                .pollInterval(Duration.ofMillis(10))
                                .until(() -> descriptors(process) >= limit - 1);
                        Thread.sleep(Fire.isLong() ? 20_000 : 4_000);
                    } finally {
                        for (Socket socket : idle) {
                            socket.close();
                        }
                    }
                    Fire.awaitMore(load, 30);
                    load.finish();
                    ledger.acknowledge(load);
                    Ledger.Outcome outcome = ledger.drain(Duration.ofMinutes(2));
                    Fire.figures("no descriptors", outcome + "; answers " + load.otherAnswers());
                    outcome.assertDeliveredOrKept();
                    assertThat(load.permanentRefusals()).isEmpty();
                }
            }
            assertThat(server.process().orElseThrow().pid())
                    .as("the same process")
                    .isEqualTo(process);
        }
    }

    private static long descriptors(long process) throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/" + process + "/fd"))) {
            return open.count();
        }
    }

    private static void limit(long process, long descriptors) throws IOException, InterruptedException {
        Process prlimit = new ProcessBuilder("/usr/bin/prlimit", "--pid=" + process, "--nofile=" + descriptors + ":")
                .inheritIO()
                .start();
        if (!prlimit.waitFor(5, TimeUnit.MINUTES) || prlimit.exitValue() != 0) {
            throw new IOException("prlimit does not lower the limit of process " + process);
        }
    }
}
