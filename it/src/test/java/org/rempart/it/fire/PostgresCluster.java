/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.rempart.testsupport.FreePort;

/**
 * A PostgreSQL server of its own, on loopback, whose files are deleted with it. It does not run as root: then it is
 * nobody's.
 */
final class PostgresCluster implements AutoCloseable {
    private final Path programs;
    private final Path folder;
    private final int port;

    private PostgresCluster(Path programs, Path folder, int port) {
        this.programs = programs;
        this.folder = folder;
        this.port = port;
    }

    /** Where PostgreSQL's programs are; nothing when it isn't installed. */
    static Optional<Path> programs() throws IOException {
        List<Path> folders = new ArrayList<>();
        Path debian = Path.of("/usr/lib/postgresql");
        if (Files.isDirectory(debian)) {
            try (Stream<Path> versions = Files.list(debian)) {
                versions.sorted(Comparator.comparing(
                                        (Path version) -> version.getFileName().toString())
                                .reversed())
                        .forEach(version -> folders.add(version.resolve("bin")));
            }
        }
        for (String folder : System.getenv().getOrDefault("PATH", "").split(java.io.File.pathSeparator, -1)) {
            folders.add(Path.of(folder));
        }
        return folders.stream()
                .filter(folder -> Stream.of("initdb", "pg_ctl", "postgres", "createdb")
                        .allMatch(program -> Files.isExecutable(folder.resolve(program))))
                .findFirst();
    }

    /** Makes one with an empty database and starts it. */
    static PostgresCluster start(Path programs) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("rempart-postgres");
        int port = FreePort.next();
        PostgresCluster cluster = new PostgresCluster(programs, folder, port);
        if (root()) {
            cluster.run(List.of("chown", "nobody", folder.toString()));
        }
        cluster.program("initdb", "-D", cluster.data(), "-U", "rempart", "-A", "trust", "-E", "UTF8", "--locale=C");
        cluster.start();
        cluster.program("createdb", "-h", "127.0.0.1", "-p", String.valueOf(port), "-U", "rempart", "mail");
        return cluster;
    }

    /** The address of its database for JDBC. */
    String url() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/mail";
    }

    /** Starts it, on the port that it had. */
    void start() throws IOException, InterruptedException {
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
                "-p " + port + " -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c shared_buffers=32MB");
    }

    /**
     * Stops it.
     *
     * @param mode {@code fast} ends the sessions and writes everything; {@code immediate} is a crash
     */
    void stop(String mode) throws IOException, InterruptedException {
        program("pg_ctl", "stop", "-w", "-t", "120", "-m", mode, "-D", data());
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
        if (root()) {
            command.addAll(List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"));
        }
        command.add(programs.resolve(name).toString());
        command.addAll(List.of(arguments));
        run(command);
    }

    private void run(List<String> command) throws IOException, InterruptedException {
        Path output = Files.createTempFile("rempart", ".out");
        try {
            Process process = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(10, TimeUnit.MINUTES)) {
                process.destroy();
                throw new IOException(command + " hangs: " + Files.readString(output));
            }
            if (process.exitValue() != 0) {
                throw new IOException(command + " ends with " + process.exitValue() + ": " + Files.readString(output));
            }
        } finally {
            Files.delete(output);
        }
    }

    private static boolean root() {
        return "root".equals(System.getProperty("user.name"));
    }
}
