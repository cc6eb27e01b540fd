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
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.rempart.it.Folders;
import org.rempart.it.ServerPid;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.testsupport.PostgresServer;

/**
 * Two servers with one PostgreSQL database and one {@code var/}: the active one is killed under load, the one on standby takes
 * over. They listen at the same addresses here, as two machines do that hand an address to each other.
 */
@Tag("fire")
class FailoverTest {
    private static final Pattern UID = Pattern.compile("(?i)\\* SEARCH ?([\\d ]*)");
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    @Test
    void the_server_on_standby_takes_over_and_nothing_is_lost_and_no_uid_comes_twice() throws Exception {
        try (PostgresServer postgres = PostgresServer.start();
                FireServer server = FireServer.make("failover")) {
            server.variant().write("james-database.properties", "database.url=" + postgres.url() + "\n");
            Path first = server.variant().home();
            Path other = first.resolveSibling("fire-failover-standby");
            Folders.delete(other);
            Files.createDirectories(other);
            for (String folder : List.of("lib", "extensions-jars")) {
                Files.createSymbolicLink(
                        other.resolve(folder), first.resolve(folder).toRealPath());
            }
            Folders.copy(first.resolve("bin"), other.resolve("bin"));
            Folders.copy(first.resolve("conf"), other.resolve("conf"));
            Files.createSymbolicLink(other.resolve("var"), first.resolve("var").toAbsolutePath());
            server.startNew();
            ProcessHandle active = server.process().orElseThrow();
            Path said = other.resolve("console.log");
            Process standby = new ProcessBuilder(other.resolve("bin/rempart").toString(), "run", "--standby")
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            try {
                Ledger ledger = new Ledger(server);
                try (Load load = Load.start(
                        server, 8, 4, Load::usualSize, Fire.random("failover").nextInt(1 << 20))) {
                    Fire.awaitMore(load, 60);
                    assertThat(standby.isAlive()).as(Files.readString(said)).isTrue();
                    assertThat(active.isAlive()).isTrue();
                    List<Long> before = uids(server);
                    long killed = System.nanoTime();
                    server.kill();
                    Path ready = first.resolve("var/rempart.ready");
                    Awaitility.await("the server on standby listens")
                            .atMost(PATIENCE)
                            .ignoreException(IOException.class)
                            .until(() -> Files.exists(ready)
                                    && Files.readString(ready, StandardCharsets.UTF_8)
                                            .trim()
                                            .equals(String.valueOf(standby.pid())));
                    Duration tookOver = Duration.ofNanos(System.nanoTime() - killed);
                    Fire.awaitMore(load, 40);
                    load.finish();
                    ledger.acknowledge(load);
                    Ledger.Outcome outcome = ledger.drain(Duration.ofMinutes(2));
                    Fire.figures(
                            "taken over by the standby",
                            outcome + "; listens again after " + tookOver.toMillis() + " ms; answers "
                                    + load.otherAnswers());
                    outcome.assertDeliveredOrKept();
                    assertThat(outcome.duplicates().size())
                            .as("mails that came twice")
                            .isLessThanOrEqualTo(server.workers());
                    List<Long> after = uids(server);
                    assertThat(after).doesNotHaveDuplicates().isSorted().containsAll(before);
                    long last = before.isEmpty() ? 0 : before.get(before.size() - 1);
                    assertThat(after.stream().filter(uid -> !before.contains(uid)))
                            .as("what came later has higher numbers")
                            .isNotEmpty()
                            .allMatch(uid -> uid > last);
                }
            } finally {
                standby.destroy();
                ServerPid.awaitEnd(standby.toHandle());
            }
        }
    }

    private static List<Long> uids(FireServer server) throws IOException {
        try (ImapClient imap = ImapClient.connectTls(server.variant().imaps(), server.tls())) {
            assertThat(imap.login(server.account(0), server.password()).ok()).isTrue();
            imap.command("EXAMINE INBOX");
            return imap.command("UID SEARCH ALL").lines().stream()
                    .map(UID::matcher)
                    .filter(Matcher::matches)
                    .map(line -> line.group(1).trim())
                    .filter(numbers -> !numbers.isEmpty())
                    .flatMap(numbers -> Pattern.compile(" ").splitAsStream(numbers))
                    .map(Long::valueOf)
                    .toList();
        }
    }
}
