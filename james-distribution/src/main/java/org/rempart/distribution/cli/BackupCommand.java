/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.rempart.distribution.backup.Archive;
import org.rempart.distribution.backup.Manifest;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.Trees;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Copies what the server keeps, while it runs or not. */
@Command(
        name = "backup",
        description =
                "Copy accounts, mail and configuration, all of one moment, while the server runs or not. The copy "
                        + "holds keys and mail: keep it as safe as the server.")
final class BackupCommand implements Callable<Integer> {
    /** A large database takes its time. */
    private static final Duration PATIENCE = Duration.ofHours(12);

    /** Of this process or machine only, or made again by the next start. */
    private static final Set<String> LEFT_OUT = Set.of(
            "log",
            "tmp",
            "backup",
            "restore.part",
            "database",
            "blobs",
            "rempart.pid",
            "rempart.ready",
            "rempart.lock",
            "backup.lock",
            "webadmin.token");

    private final Home home;

    @Parameters(paramLabel = "TARGET", description = "a file that ends in .tar.gz, or a folder; not there yet")
    private Path target;

    @Spec
    private CommandSpec spec;

    BackupCommand(Home home) {
        this.home = home;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Archive archive = Archive.at(target);
        archive.requireFree();
        try (FileChannel lockFile =
                        FileChannel.open(home.var("backup.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = lockFile.tryLock()) {
            if (lock == null) {
                throw new IOException("another backup is being made");
            }
            return new ServerProcess(home).running().isPresent() ? ofRunning(archive) : ofStopped(archive);
        }
    }

    private int ofRunning(Archive archive) throws IOException, InterruptedException {
        try {
            JsonNode copy = new WebAdminClient(home).patient(PATIENCE).post("/rempart/backup", "");
            write(
                    archive,
                    copy,
                    home.backupFolder().resolve("database"),
                    home.backupFolder().resolve("blobs"));
            if (copy.path("database").asText().isEmpty()) {
                spec.commandLine()
                        .getErr()
                        .println("warning: the database is not in it, since this machine has no pg_dump; install "
                                + "postgresql-client, or copy the database yourself before each backup: "
                                + "pg_dump --format=custom --file=FILE DATABASE");
            }
            return 0;
        } finally {
            Trees.delete(home.backupFolder());
        }
    }

    private int ofStopped(Archive archive) throws IOException {
        // As long as this is held no server starts here.
        try (FileChannel lockFile = FileChannel.open(
                        home.var("rempart.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = lockFile.tryLock()) {
            if (lock == null) {
                throw new IOException(
                        "the server starts or stops just now; try again when bin/rempart status says that "
                                + "it does one of both no more");
            }
            Path database = home.var("database");
            boolean embedded = Files.isDirectory(database);
            JsonNode copy = JsonNodeFactory.instance
                    .objectNode()
                    .put("database", embedded ? "derby" : "")
                    .put("blobs", count(home.var("blobs")));
            write(archive, copy, database, home.var("blobs"));
            if (!embedded) {
                spec.commandLine()
                        .getErr()
                        .println("warning: the database is not in it, since it is not embedded; copy it yourself while "
                                + "the server is stopped, or make the backup while it runs");
            }
            return 0;
        }
    }

    private static long count(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).count();
        }
    }

    private void write(Archive archive, JsonNode copy, Path database, Path blobs) throws IOException {
        SortedMap<String, Path> parts = new TreeMap<>();
        parts.put("conf", home.conf(""));
        try (Stream<Path> more = Files.list(home.var(""))) {
            more.filter(file -> !LEFT_OUT.contains(file.getFileName().toString()))
                    .forEach(file -> parts.put("var/" + file.getFileName(), file));
        }
        if (Files.exists(database)) {
            parts.put("var/database", database);
        }
        if (Files.exists(blobs)) {
            parts.put("var/blobs", blobs);
        }
        Manifest manifest = new Manifest(
                Manifest.FORMAT,
                RempartCommand.Version.current(),
                Clock.systemUTC().instant().truncatedTo(ChronoUnit.SECONDS).toString(),
                copy.path("database").asText(),
                copy.path("blobs").asLong());
        archive.write(manifest, parts);
        spec.commandLine()
                .getOut()
                .println("The backup " + target + " is made: "
                        + (manifest.database().isEmpty() ? "no database" : "the database") + ", "
                        + manifest.blobs() + " files of mail, conf/.");
    }
}
