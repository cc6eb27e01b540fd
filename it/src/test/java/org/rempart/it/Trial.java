/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.rempart.quickstart.Endpoints;

/**
 * The packaged server as {@code ./quickstart --keep} leaves it: unpacked from its archive, started as a process by its
 * own command, on loopback ports of its own, with a sink behind it. It is started once for all tests, and stopped when
 * they have ended.
 */
final class Trial {
    private static final Path FOLDER = Path.of(System.getProperty("rempart.it.folder"));
    private static final Path PROJECT = Path.of(System.getProperty("rempart.project"));
    private static Endpoints shared;
    private static String fault;

    private Trial() {}

    /** Where the server and the sink are. */
    static synchronized Endpoints server() {
        if (fault != null) {
            throw new IllegalStateException("the server did not start for an earlier test: " + fault);
        }
        if (shared == null) {
            try {
                shared = start();
            } catch (IOException failure) {
                fault = failure.getMessage();
                throw new UncheckedIOException(failure);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(interrupted);
            }
        }
        return shared;
    }

    private static Endpoints start() throws IOException, InterruptedException {
        Path trial = FOLDER.resolve("trial");
        // The quickstart looks for the archive where the build leaves it.
        Path target =
                Files.createDirectories(trial.resolve("james-distribution").resolve("target"));
        Path archive = archive();
        Path link = target.resolve(archive.getFileName());
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, archive);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(trial), "stop"));
        int exit = quickstart(trial, "--keep");
        if (exit != 0) {
            throw new IOException(
                    "the quickstart ended with " + exit + ":\n" + Files.readString(FOLDER.resolve("quickstart.log")));
        }
        return Endpoints.read(trial.resolve("target/quickstart/endpoints.json"));
    }

    private static Path archive() throws IOException {
        try (Stream<Path> files = Files.list(PROJECT.resolve("james-distribution/target"))) {
            return files.filter(file -> file.toString().endsWith(".tar.gz"))
                    .findFirst()
                    .orElseThrow(() -> new IOException("the archive is not built; run mvn verify"));
        }
    }

    private static void stop(Path trial) {
        try {
            quickstart(trial, "--stop");
        } catch (IOException failure) {
            System.err.println(failure.getMessage());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static int quickstart(Path project, String option) throws IOException, InterruptedException {
        Path demo = PROJECT.resolve("demo/target");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                demo.resolve("rempart-quickstart.jar") + File.pathSeparator + demo.resolve("lib") + "/*",
                "org.rempart.quickstart.Quickstart",
                "--project=" + project,
                option));
        Files.createDirectories(FOLDER);
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(FOLDER.resolve("quickstart.log").toFile())
                .start();
        if (!process.waitFor(12, TimeUnit.MINUTES)) {
            process.destroy();
            throw new IOException("the quickstart hangs; see " + FOLDER.resolve("quickstart.log"));
        }
        return process.exitValue();
    }
}
