/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.rempart.it.Variant.Result;
import org.rempart.quickstart.Endpoints;
import org.rempart.testsupport.FreePort;

/**
 * The packaged server, unpacked from its archive and started as a process by its own command. The shared one is what
 * {@code ./quickstart --keep} leaves.
 */
final class ArchiveDeployment implements Deployment {
    @Override
    public Endpoints startShared() throws IOException, InterruptedException {
        Path trial = Folders.servers().resolve("trial");
        // The quickstart looks for the archive where the build leaves it.
        Path target =
                Files.createDirectories(trial.resolve("james-distribution").resolve("target"));
        Path archive = archive();
        Path link = target.resolve(archive.getFileName());
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, archive);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stopShared(trial), "stop"));
        // The audit's wrong logins would brake those of the tests.
        List<String> options = new ArrayList<>(List.of("--keep", "--no-audit"));
        for (String listener : List.of("smtp", "submission", "submissions", "imap", "imaps", "webadmin", "sink")) {
            options.add("--" + listener + "=" + FreePort.next());
        }
        int exit = quickstart(trial, options);
        if (exit != 0) {
            throw new IOException("the quickstart ended with " + exit + ":\n"
                    + Files.readString(Folders.servers().resolve("quickstart.log")));
        }
        return Endpoints.read(trial.resolve("target/quickstart/endpoints.json"));
    }

    private static Path archive() throws IOException {
        try (Stream<Path> files = Files.list(Folders.project().resolve("james-distribution/target"))) {
            return files.filter(file -> file.toString().endsWith(".tar.gz"))
                    .findFirst()
                    .orElseThrow(() -> new IOException("the archive is not built; run mvn verify"));
        }
    }

    private static void stopShared(Path trial) {
        try {
            quickstart(trial, List.of("--stop"));
        } catch (IOException failure) {
            System.err.println(failure.getMessage());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static int quickstart(Path project, List<String> options) throws IOException, InterruptedException {
        Path demo = Folders.project().resolve("demo/target");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                demo.resolve("rempart-quickstart.jar") + File.pathSeparator + demo.resolve("lib") + "/*",
                "org.rempart.quickstart.Quickstart",
                "--project=" + project));
        command.addAll(options);
        Path log = Files.createDirectories(Folders.servers()).resolve("quickstart.log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        // For the server that it starts, too: the second compiler takes as long as all else of a start.
        builder.environment().put("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1");
        Process process = builder.start();
        if (!process.waitFor(12, TimeUnit.MINUTES)) {
            process.destroy();
            throw new IOException("the quickstart hangs; see " + log);
        }
        return process.exitValue();
    }

    @Override
    public void lay(Endpoints shared, Path home) throws IOException {
        Path from = shared.home();
        try (Stream<Path> tree = Files.walk(from)) {
            for (Path path : tree.toList()) {
                Path copy = home.resolve(from.relativize(path).toString());
                if (path.startsWith(from.resolve("conf")) || path.startsWith(from.resolve("var"))) {
                    continue;
                }
                if (Files.isDirectory(path)) {
                    Files.createDirectories(copy);
                } else if (path.startsWith(from.resolve("lib"))) {
                    // A hundred megabytes that nobody changes.
                    Files.createSymbolicLink(copy, path);
                } else {
                    Folders.copy(path, copy);
                }
            }
        }
    }

    @Override
    public void start(Path home) throws IOException, InterruptedException {
        Result result = run(home, List.of(), Map.of(), "", "start");
        if (result.exitCode() != 0) {
            throw new IOException("exit code " + result.exitCode() + ": " + result.output());
        }
    }

    /** By a kill, which needs no command and no order: tests that are about a stop use the command. */
    @Override
    public void stop(Path home) throws IOException {
        ServerPid.process(home).ifPresent(ServerPid::kill);
    }

    @Override
    public Optional<String> webAdminToken(Path home) throws IOException {
        return Optional.of(Files.readString(home.resolve("var/webadmin.token")).trim());
    }

    @Override
    public Result run(
            Path home, List<String> wrapper, Map<String, String> environment, String input, String... arguments)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile("rempart", ".out");
        try {
            List<String> command = new ArrayList<>(wrapper);
            command.add(home.resolve("bin/rempart").toString());
            command.addAll(List.of(arguments));
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            try (var in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.UTF_8));
            }
            if (!process.waitFor(6, TimeUnit.MINUTES)) {
                process.destroy();
                throw new IOException("bin/rempart " + String.join(" ", arguments) + " hangs");
            }
            return new Result(process.exitValue(), Files.readString(output));
        } finally {
            Files.delete(output);
        }
    }
}
