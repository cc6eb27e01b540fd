/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.rempart.it.Variant;

/** A crash in the middle of a write leaves half of it. */
@Tag("fire")
class TornFilesTest {
    /**
     * The database answers only when its log is on the disk, so a write that was torn is one that nobody was told of: what
     * it leaves comes after the last record that is whole.
     */
    @Test
    void the_rest_of_a_torn_write_at_the_end_of_the_log_does_no_harm() throws Exception {
        Random random = Fire.random("torn");
        int rounds = Fire.rounds(2, 20);
        try (FireServer server = FireServer.make("torn")) {
            server.startNew();
            Ledger ledger = new Ledger(server);
            for (int round = 1; round <= rounds; round++) {
                try (Load load = Load.start(server, 6, 3, Load::usualSize, random.nextInt(1 << 20))) {
                    Fire.awaitMore(load, 30 + random.nextInt(30));
                    server.kill();
                    load.finish();
                    ledger.acknowledge(load);
                }
                Path log = newestLog(server);
                int torn = 1 + random.nextInt(8);
                long end = endOf(log);
                byte[] rest = new byte[512 * torn];
                random.nextBytes(rest);
                overwrite(log, end, rest);
                server.start();
                Ledger.Outcome outcome = ledger.drain(Duration.ofSeconds(30));
                Fire.figures("torn write of " + rest.length + " bytes", outcome.toString());
                outcome.assertDelivered();
            }
        }
    }

    /** What was on the disk, and is not any more, is no crash but a broken disk. It must not pass for a crash. */
    @Test
    void a_log_that_is_broken_before_its_end_stops_the_start_with_a_message() throws Exception {
        try (FireServer server = FireServer.make("broken-log")) {
            server.startNew();
            try (Load load = Load.start(server, 6, 3, Load::usualSize, 1)) {
                Fire.awaitMore(load, 60);
                server.kill();
            }
            Path log = newestLog(server);
            long end = endOf(log);
            overwrite(log, end - end / 8, new byte[2048]);
            Variant.Result result = server.variant().run("", "start");
            Fire.figures(
                    "log broken before its end", "start: " + result.output().replace('\n', ' '));
            assertThat(result.exitCode()).isNotZero();
            assertThat(result.output()).contains("database");
        }
    }

    @Test
    void mail_whose_message_is_cut_short_is_kept_and_shown_and_never_sent() throws Exception {
        try (FireServer server = FireServer.make("torn-blob")) {
            server.startNew();
            Ledger ledger = new Ledger(server);
            server.closeSink();
            try (Load load = Load.start(server, 6, 0, Load::usualSize, 2)) {
                Fire.awaitMore(load, 30);
                load.finish();
                ledger.acknowledge(load);
            }
            Awaitility.await("local mail is delivered")
                    .atMost(Duration.ofMinutes(2))
                    .until(() ->
                            ledger.look().lost().stream().allMatch(delivery -> delivery.endsWith("@partner.example")));
            server.kill();
            List<Path> blobs = blobs(server);
            Path newest = blobs.get(blobs.size() - 1);
            String torn = cut(newest, Files.size(newest) / 2);
            String emptied = cut(blobs.get(blobs.size() - 2), 0);
            server.reopenSink();
            server.start();
            Awaitility.await("all mail but two has gone")
                    .atMost(Duration.ofMinutes(2))
                    .until(() -> ledger.look().lost().size() == 2);
            Ledger.Outcome outcome = ledger.drain(Duration.ofSeconds(15));
            Fire.figures("messages cut short", outcome.toString());
            assertThat(outcome.damaged()).isEmpty();
            assertThat(outcome.lost()).allMatch(key -> key.startsWith(torn + " ") || key.startsWith(emptied + " "));
            assertThat(outcome.queued()).as("mails that are held").isEqualTo(2);
        }
    }

    /** Cuts a file; returns the id of the mail that it holds. */
    private static String cut(Path blob, long size) throws IOException {
        String id = LoadMail.recognise(Files.readAllBytes(blob)).orElseThrow().id();
        try (RandomAccessFile file = new RandomAccessFile(blob.toFile(), "rw")) {
            file.setLength(size);
        }
        return id;
    }

    private static List<Path> blobs(FireServer server) throws IOException {
        try (Stream<Path> tree = Files.walk(server.variant().home().resolve("var/blobs"))) {
            return tree.filter(Files::isRegularFile)
                    .filter(file -> {
                        try {
                            return LoadMail.recognise(Files.readAllBytes(file)).isPresent();
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    })
                    .sorted(Comparator.comparing((Path file) -> file.toFile().lastModified()))
                    .toList();
        }
    }

    /** The file of the database's log that was written last. */
    private static Path newestLog(FireServer server) throws IOException {
        try (Stream<Path> tree = Files.walk(server.variant().home().resolve("var/database"))) {
            Optional<Path> newest = tree.filter(
                            file -> file.getFileName().toString().matches("log\\d+\\.dat"))
                    .max(Comparator.comparingLong(TornFilesTest::number));
            return newest.orElseThrow(() -> new IOException("the database has no log"));
        }
    }

    private static long number(Path log) {
        return Long.parseLong(log.getFileName().toString().replaceAll("\\D", ""));
    }

    /** Where the records end: the file was filled with zeros before it was used. */
    private static long endOf(Path log) throws IOException {
        byte[] bytes = Files.readAllBytes(log);
        int end = bytes.length;
        while (end > 0 && bytes[end - 1] == 0) {
            end--;
        }
        // A record ends with its length, whose last byte may be zero.
        return end;
    }

    private static void overwrite(Path file, long at, byte[] bytes) throws IOException {
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.seek(at);
            access.write(bytes);
        }
    }
}
