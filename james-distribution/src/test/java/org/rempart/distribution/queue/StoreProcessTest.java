/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.queue.MailAdministration.Filter;
import org.rempart.distribution.queue.MailAdministration.Page;
import org.rempart.distribution.queue.MailAdministration.Summary;

/** What a store keeps when its process is killed, and what memory it needs. */
class StoreProcessTest {
    private static final int KILLS = 3;

    @TempDir
    Path folder;

    @Test
    void whatWasAcknowledgedIsThereAfterAKill() throws Exception {
        Set<String> acknowledged = new HashSet<>();
        Random random = new Random();
        for (int kill = 0; kill < KILLS; kill++) {
            Process process = start("-Xmx256m", "fill", folder.toString(), "round" + kill);
            int enough = 5 + random.nextInt(200);
            try {
                Awaitility.await()
                        .atMost(Duration.ofMinutes(3))
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> said().size() >= enough || !process.isAlive());
                assertThat(process.isAlive()).as(() -> errors()).isTrue();
            } finally {
                // SIGKILL.
                process.destroyForcibly();
            }
            assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
            acknowledged.addAll(said());
        }
        try (TestDatabase database = TestDatabase.derby(folder);
                MailStore store = MailStore.open(database, folder.resolve("blobs"), Clock.systemUTC())) {
            List<Summary> stored = all(new StoredMailAdministration(store));
            assertThat(stored).extracting(Summary::name).containsAll(acknowledged);
            assertThat(stored).extracting(Summary::name).doesNotHaveDuplicates();
            assertThat(stored).noneMatch(Summary::held);
            for (Summary mail : stored) {
                try (InputStream in =
                        new StoredMailAdministration(store).message(mail.id()).orElseThrow()) {
                    assertThat(new String(in.readAllBytes(), US_ASCII)).endsWith("body of " + mail.name() + "\r\n");
                }
            }
        }
    }

    private static List<Summary> all(MailAdministration administration) throws Exception {
        List<Summary> mails = new ArrayList<>();
        OptionalLong after = OptionalLong.of(0);
        while (after.isPresent()) {
            Page page = administration.list(Filter.ALL, after.getAsLong(), 500);
            mails.addAll(page.mails());
            after = page.next();
        }
        return mails;
    }

    @Test
    void loss6MessagesLargerThanTheHeapPassThrough() throws Exception {
        Process process = start("-Xmx64m", "large", folder.toString(), "80");
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(said()).as(() -> errors()).contains("whole");
        assertThat(process.exitValue()).isZero();
    }

    /** Whole lines only, for the last may be cut off, and none of the log, which goes there too. */
    private List<String> said() throws IOException {
        String text = Files.readString(folder.resolve("output"));
        return text.substring(0, text.lastIndexOf('\n') + 1)
                .lines()
                .filter(line -> line.matches("round\\d-\\d+|whole"))
                .toList();
    }

    private Process start(String memory, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                memory,
                "-Djava.io.tmpdir=" + folder,
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                StoreProcess.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectOutput(folder.resolve("output").toFile())
                .redirectError(folder.resolve("errors").toFile())
                .start();
    }

    private String errors() {
        try {
            return Files.readString(folder.resolve("errors"));
        } catch (IOException none) {
            return "";
        }
    }
}
