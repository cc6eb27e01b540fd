/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.rempart.testsupport.FreePort;

/** A PostgreSQL server of its own, on a loopback port, in a folder that is deleted with it. */
public final class PostgresServer implements AutoCloseable {
    private static final List<String> PLACES =
            List.of("/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin");
    /** PostgreSQL does not run as root. */
    private static final String UNPRIVILEGED = "nobody";

    private final Path programs;
    private final Path folder;
    private final int port;

    private PostgresServer(Path programs, Path folder, int port) {
        this.programs = programs;
        this.folder = folder;
        this.port = port;
    }

    /** Starts one; where PostgreSQL is not installed the test is skipped, or fails if the tools are required. */
    public static PostgresServer start() throws Exception {
        Optional<Path> programs = programs();
        if (programs.isEmpty()) {
            String reason = "initdb and postgres of PostgreSQL 15 or later are not installed";
            boolean required = Boolean.getBoolean("REMPART_REQUIRE_TOOLS")
                    || Boolean.parseBoolean(System.getenv("REMPART_REQUIRE_TOOLS"));
            if (required) {
                throw new IllegalStateException(reason);
            }
            abort(reason);
        }
        Path folder = Files.createTempDirectory(Path.of("/tmp"), "rempart-postgres");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        if (isRoot()) {
            run(List.of("chown", UNPRIVILEGED, folder.toString()));
        }
        // It is stopped and started again: no outgoing connection may take its port meanwhile.
        int port = FreePort.next();
        PostgresServer server = new PostgresServer(programs.get(), folder, port);
        server.as(
                programs.get().resolve("initdb").toString(),
                "-D",
                folder.resolve("data").toString(),
                "-U",
                "rempart",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "--no-sync");
        server.up();
        return server;
    }

    private static Optional<Path> programs() {
        Stream<String> path = Stream.of(System.getenv("PATH").split(":"));
        return Stream.concat(PLACES.stream(), path)
                .map(Path::of)
                .filter(folder ->
                        Files.isExecutable(folder.resolve("initdb")) && Files.isExecutable(folder.resolve("pg_ctl")))
                .findFirst();
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    /** Starts it, and waits until it answers. */
    void up() throws Exception {
        as(
                programs.resolve("pg_ctl").toString(),
                "-D",
                folder.resolve("data").toString(),
                "-l",
                folder.resolve("log").toString(),
                "-t",
                "120",
                "-w",
                "-o",
                "-c listen_addresses=127.0.0.1 -c port=" + port + " -c unix_socket_directories=''",
                "start");
    }

    /** Stops it, whoever is connected. */
    void down() throws IOException, InterruptedException {
        as(
                programs.resolve("pg_ctl").toString(),
                "-D",
                folder.resolve("data").toString(),
                "-m",
                "immediate",
                "-w",
                "stop");
    }

    public String url() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=rempart&connectTimeout=10&socketTimeout=60";
    }

    private void as(String... command) throws IOException, InterruptedException {
        List<String> whole = new ArrayList<>();
        if (isRoot()) {
            whole.addAll(List.of("runuser", "-u", UNPRIVILEGED, "--"));
        }
        whole.addAll(List.of(command));
        run(whole);
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        Path output = Files.createTempFile("rempart-postgres", ".out");
        try {
            Process process = new ProcessBuilder(command)
                    .directory(Path.of("/tmp").toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(3, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IOException(command + " does not end");
            }
            if (process.exitValue() != 0) {
                throw new IOException(command + ": " + Files.readString(output));
            }
        } finally {
            Files.delete(output);
        }
    }

    @Override
    public void close() throws IOException {
        try {
            down();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
