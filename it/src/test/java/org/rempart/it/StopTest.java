/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.quickstart.Endpoints;

@DisplayName("A stop while mail comes in")
class StopTest {
    private static final int SENDERS = 10;

    @Test
    void leavesNoWorkBehindThatNobodyDoesAndLosesNothing() throws Exception {
        Endpoints shared = Trial.server();
        try (Variant server = new Variant("stop")) {
            server.start();
            server.addUser(shared.user2(), shared.password2());
            Set<String> acknowledged = ConcurrentHashMap.newKeySet();
            List<Thread> senders = new ArrayList<>();
            for (int i = 0; i < SENDERS; i++) {
                senders.add(Mails.sending(server, shared.user2(), acknowledged));
            }
            Awaitility.await("mail is taken").atMost(Mails.PATIENCE).until(() -> acknowledged.size() > 5 * SENDERS);

            assertThat(server.run("", "stop").exitCode()).isZero();
            for (Thread sender : senders) {
                sender.join();
            }
            // What the spooler is handed when its threads have ended it never finishes, and the queue waits for it.
            assertThat(Files.readString(server.home().resolve("var/log/server.log")))
                    .contains("JAMES server stopped")
                    .doesNotContain("RejectedExecutionException");

            Trial.DEPLOYMENT.start(server.home());
            // What was stored was answered, too: else its sender would send it again.
            Awaitility.await("what was acknowledged, and nothing else")
                    .atMost(Mails.PATIENCE)
                    .during(Duration.ofSeconds(2))
                    .untilAsserted(() ->
                            assertThat(Mails.inbox(server, shared)).containsExactlyInAnyOrderElementsOf(acknowledged));
        }
    }
}
