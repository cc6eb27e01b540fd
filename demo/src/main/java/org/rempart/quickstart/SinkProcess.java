/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.rempart.quickstart.sink.SinkMain;

/**
 * The sink as a process that outlives this one. A small file remembers which process it is, by id and start time, since
 * ids are given again to others.
 */
final class SinkProcess {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final JsonMapper JSON = new JsonMapper();

    private final Path record;
    private final Path libraries;
    private final Path log;

    /**
     * A sink that may or may not run.
     *
     * @param record the file that remembers the process
     * @param libraries a folder with the jars of this program, which stay as they are while the sink runs
     * @param log where the sink writes what it does
     */
    SinkProcess(Path record, Path libraries, Path log) {
        this.record = record;
        this.libraries = libraries;
        this.log = log;
    }

    /** Starts it; it listens when its port answers. */
    void start(InetSocketAddress address, Path directory, String name, Path certificate, Path key) throws IOException {
        String classPath;
        try (Stream<Path> jars = Files.list(libraries)) {
            classPath =
                    jars.map(Path::toString).sorted().collect(Collectors.joining(System.getProperty("path.separator")));
        }
        List<String> command = new ArrayList<>();
        // Closing the terminal ends neither the server nor the sink of --keep.
        command.add("nohup");
        command.addAll(List.of(
                Programs.java(),
                "-Xmx256m",
                "-cp",
                classPath,
                SinkMain.class.getName(),
                "--port=" + address.getPort(),
                "--directory=" + directory,
                "--name=" + name,
                "--certificate=" + certificate,
                "--key=" + key));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        var remembered = JSON.createObjectNode().put("pid", process.pid());
        startOf(process.toHandle()).ifPresent(start -> remembered.put("started", start.toString()));
        Files.writeString(record, remembered.toString(), StandardCharsets.UTF_8);
    }

    /** Ends it. Returns whether there was anything to end. */
    boolean stop() throws IOException, InterruptedException {
        if (!Files.exists(record)) {
            return false;
        }
        JsonNode remembered = JSON.readTree(Files.readAllBytes(record));
        Optional<ProcessHandle> running = ProcessHandle.of(
                        remembered.path("pid").asLong())
                .filter(ProcessHandle::isAlive)
                .filter(process -> startOf(process)
                        .map(Instant::toString)
                        .equals(Optional.ofNullable(remembered.path("started").textValue())));
        if (running.isPresent()) {
            end(running.get());
        }
        Files.delete(record);
        return running.isPresent();
    }

    private static void end(ProcessHandle process) throws IOException, InterruptedException {
        process.destroy();
        CompletableFuture<ProcessHandle> end = process.onExit();
        try {
            end.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            process.destroyForcibly();
        } catch (ExecutionException e) {
            throw new IOException("The sink, process " + process.pid() + ", could not be ended.", e);
        }
    }

    private static Optional<Instant> startOf(ProcessHandle process) {
        return process.info().startInstant();
    }
}
