/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A PostgreSQL server of its own, on loopback, whose files are deleted with it. PostgreSQL does not run as root: then it
 * is nobody's.
 *
 * <p>It does not wait for the disk: what it has acknowledged is there after its own crash, which {@link #stop} can be, and
 * not after the machine's, which no test can be.
 */
public final class PostgresServer implements AutoCloseable {
    private static final String USER = "rempart";
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final Path programs;
    private final Path folder;
    private final int port;
    private final AtomicInteger databases = new AtomicInteger();

    private PostgresServer(Path programs, Path folder, int port) {
        this.programs = programs;
        this.folder = folder;
        this.port = port;
    }

    /** Where PostgreSQL's programs are, the newest ones first; nothing when it isn't installed. */
    private static Optional<Path> programs() throws IOException {
        Path debian = Path.of("/usr/lib/postgresql");
        List<Path> versions = List.of();
        if (Files.isDirectory(debian)) {
            try (Stream<Path> folders = Files.list(debian)) {
                versions = folders.sorted(Comparator.reverseOrder())
                        .map(version -> version.resolve("bin"))
                        .toList();
            }
        }
        return Tools.folderWith(versions, "initdb", "pg_ctl", "postgres", "createdb");
    }

    /** Starts one; where PostgreSQL is not installed the test is skipped, or fails if every tool has to be there. */
    public static PostgresServer start() throws IOException, InterruptedException {
        Optional<Path> programs = programs();
        Tools.require(
                programs.isPresent(),
                "PostgreSQL is not installed: no initdb, pg_ctl, postgres and createdb; on Debian: apt-get install postgresql");
        // A build's own folder may be closed to others.
        Path folder = Files.createTempDirectory(Path.of("/tmp"), "rempart-postgres");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        PostgresServer server = new PostgresServer(programs.orElseThrow(), folder, FreePort.next());
        if (isRoot()) {
            server.run(List.of("chown", "nobody", folder.toString()));
        }
        server.program(
                "initdb", "-D", server.data(), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync");
        server.resume();
        return server;
    }

    /** The address of its first database for JDBC, with its user. */
    public String url() {
        return url("postgres");
    }

    /** The address of another database for JDBC, with its user. */
    public String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?user=" + USER
                + "&connectTimeout=10&socketTimeout=60";
    }

    /** Makes an empty database, and gives its address for JDBC, with its user. */
    public String newDatabase() throws IOException, InterruptedException {
        String name = "database" + databases.incrementAndGet();
        program("createdb", "-h", "127.0.0.1", "-p", Integer.toString(port), "-U", USER, name);
        return url(name);
    }

    /** Starts it again, on the port that it had, and waits until it answers. */
    public void resume() throws IOException, InterruptedException {
        program(
                "pg_ctl",
                "start",
                "-w",
                "-t",
                "120",
                "-D",
                data(),
                "-l",
                folder.resolve("log").toString(),
                "-o",
                "-p " + port + " -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c shared_buffers=32MB"
                        + " -c fsync=off");
    }

    /**
     * Stops it, no matter who is connected.
     *
     * @param mode {@code fast} ends the sessions and writes everything; {@code immediate} is a crash
     */
    public void stop(String mode) throws IOException, InterruptedException {
        program("pg_ctl", "stop", "-w", "-t", "120", "-m", mode, "-D", data());
    }

    /** What it has written to its log. */
    public String log() throws IOException {
        return Files.readString(folder.resolve("log"));
    }

    @Override
    public void close() throws IOException {
        try {
            if (Files.exists(folder.resolve("data/postmaster.pid"))) {
                stop("immediate");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        try (Stream<Path> tree = Files.walk(folder)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private String data() {
        return folder.resolve("data").toString();
    }

    private void program(String name, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        if (isRoot()) {
            command.addAll(List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"));
        }
        command.add(programs.resolve(name).toString());
        command.addAll(List.of(arguments));
        run(command);
    }

    private void run(List<String> command) throws IOException, InterruptedException {
        ServerProcess.run(PATIENCE, folder, command);
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }
}
