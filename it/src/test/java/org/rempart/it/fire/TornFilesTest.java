/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A crash in the middle of a write leaves half of it. */
@Tag("fire")
@Tag("quick")
class TornFilesTest {
    private static final int SECTOR = 512;

    /**
     * The database answers only when its log is on the disk, so a write that was torn is one that nobody was told of.
     * Here the last transaction is taken for it: of the sectors that it wrote, some reached the disk and some did not.
     */
    @Test
    void a_torn_last_write_takes_nothing_with_it_that_was_written_before() throws Exception {
        Random random = Fire.random("torn");
        int rounds = Fire.rounds(20, 200);
        int rows = 60;
        Path folder = Files.createTempDirectory("rempart-torn");
        try (FireServer server = FireServer.make("torn")) {
            Path written = folder.resolve("written");
            int before = Integer.parseInt(run(server, List.of("write", written.toString(), String.valueOf(rows)))
                    .get(0));
            int after = TornWrite.endOf(TornWrite.log(written));
            assertThat(after).as("the last transaction is in the log").isGreaterThan(before + SECTOR);
            List<String> read = new ArrayList<>(List.of("read"));
            for (int round = 0; round < rounds; round++) {
                Path torn = folder.resolve("torn-" + round);
                copy(written, torn);
                try (RandomAccessFile log =
                        new RandomAccessFile(TornWrite.log(torn).toFile(), "rw")) {
                    for (int sector = before / SECTOR; sector * SECTOR < after; sector++) {
                        if (round == 0 || random.nextBoolean()) {
                            int from = Math.max(before, sector * SECTOR);
                            log.seek(from);
                            log.write(new byte[(sector + 1) * SECTOR - from]);
                        }
                    }
                }
                read.add(torn.toString());
            }
            List<String> found = run(server, read);
            Fire.figures(
                    "torn last write", rounds + " ways, rows " + new TreeSet<>(found) + " of " + rows + " and one");
            assertThat(found).hasSize(rounds).allMatch(count -> count.equals("60") || count.equals("61"));
            assertThat(found.get(0)).as("without any of its sectors").isEqualTo("60");
        } finally {
            try (Stream<Path> tree = Files.walk(folder)) {
                for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    /** Runs {@link TornWrite} with the libraries of the server; returns the lines of its output. */
    private static List<String> run(FireServer server, List<String> arguments)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile("rempart", ".out");
        try {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Dderby.stream.error.file=" + output + ".derby",
                    "-cp",
                    server.variant().home().resolve("lib") + "/*" + File.pathSeparator
                            + System.getProperty("java.class.path"),
                    TornWrite.class.getName()));
            command.addAll(arguments);
            Process process =
                    new ProcessBuilder(command).redirectOutput(output.toFile()).start();
            if (!process.waitFor(10, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IOException(command + " hangs");
            }
            return Files.readAllLines(output);
        } finally {
            Files.delete(output);
            Files.deleteIfExists(Path.of(output + ".derby"));
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> tree = Files.walk(from)) {
            for (Path path : tree.toList()) {
                // The lock names a process that is gone.
                if (!path.getFileName().toString().endsWith(".lck")) {
                    Files.copy(path, to.resolve(from.relativize(path).toString()));
                }
            }
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
                    .atMost(Duration.ofMinutes(10))
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
                    .atMost(Duration.ofMinutes(10))
                    .until(() -> ledger.look().lost().size() == 2);
            // Longer than any pause between two tries.
            Ledger.Outcome outcome = ledger.drain(Duration.ofSeconds(7));
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
}
