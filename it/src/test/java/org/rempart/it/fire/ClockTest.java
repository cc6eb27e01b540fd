/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.rempart.quickstart.client.SmtpClient;

/** The clock of the server jumps while mail waits for its next try. */
@Tag("fire")
class ClockTest {
    private static final Pattern TIME = Pattern.compile("\"time\":\"([^\"]+)\"");

    @Test
    void mail_that_waits_goes_out_though_the_clock_jumps_a_day_forward_and_back() throws Exception {
        try (FireServer server = FireServer.make("clock")) {
            server.variant().edit("mailetcontainer.xml", "<delayTime>[^<]*<", "<delayTime>40*6s<");
            Path folder = Files.createDirectories(server.variant().home().resolveSibling("fire-clock-shift"));
            Path shift = folder.resolve("milliseconds");
            Files.writeString(shift, "0");
            server.variant()
                    .write(
                            "jvm.options",
                            server.variant().read("jvm.options") + "\n"
                                    + ShiftedClock.option(folder.resolve("clock.jar"), shift) + "\n");
            server.startNew();
            Ledger ledger = new Ledger(server);
            for (int days : new int[] {-1, 1, 0}) {
                server.deferAtSink();
                try (Load load = Load.start(server, 4, 2, random -> 1024 + random.nextInt(8 << 10), days)) {
                    Fire.awaitMore(load, 20);
                    load.finish();
                    ledger.acknowledge(load);
                }
                // Local mail is through, and every other mail has had a try.
                Awaitility.await("mail that waits")
                        .atMost(Duration.ofMinutes(10))
                        .until(() -> ledger.look().lost().stream()
                                .allMatch(delivery -> delivery.endsWith("@partner.example")));
                Files.writeString(shift, String.valueOf(Duration.ofDays(days).toMillis()));
                server.reopenSink();
                Ledger.Outcome outcome = ledger.drain(Duration.ofMinutes(3));
                Fire.figures("clock off by " + days + " days", outcome.toString());
                outcome.assertDelivered();
                assertThat(Duration.between(Instant.now().plus(Duration.ofDays(days)), told(server)))
                        .as("the server's own time, off by %s days", days)
                        .isBetween(Duration.ofHours(-1), Duration.ofHours(1));
            }
        }
    }

    /** What the server takes for the time: that of its newest entry in the audit trail, which a refusal makes. */
    private static Instant told(FireServer server) throws IOException {
        try (SmtpClient client = server.connect(0, false)) {
            client.command("MAIL FROM:<somebody@partner.example>");
            assertThat(client.command("RCPT TO:<somebody@elsewhere.example>").refused())
                    .isTrue();
        }
        String trail = Files.readString(server.variant().home().resolve("var/log/audit.log"), StandardCharsets.UTF_8);
        Matcher times = TIME.matcher(trail);
        Instant newest = Instant.EPOCH;
        while (times.find()) {
            newest = Instant.parse(times.group(1));
        }
        return newest;
    }
}
