/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server's process, and what all of them need. */
final class ServerProcess implements AutoCloseable {
    private static final Duration STOP = Duration.ofSeconds(30);
    private static final Duration START = Duration.ofMinutes(3);
    private static final long PAUSE_MILLIS = 100;

    private final Process process;
    private final Path log;

    /**
     * Starts it.
     *
     * @param log what it prints goes there
     */
    ServerProcess(List<String> command, Path directory, Path log) throws IOException {
        this.log = log;
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        // The same Java for all.
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        process = builder.start();
    }

    long pid() {
        return process.pid();
    }

    /**
     * Waits until it listens.
     *
     * @throws IOException when it ends before, or takes longer than three minutes
     */
    void awaitListening(InetSocketAddress address) throws IOException, InterruptedException {
        long end = System.nanoTime() + START.toNanos();
        while (!org.rempart.testsupport.ServerProcess.listens(address)) {
            if (!process.isAlive() || System.nanoTime() > end) {
                throw new IOException("The server does not listen on " + address + "; it printed (" + log + "):\n"
                        + Files.readString(log, StandardCharsets.UTF_8));
            }
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    long cpuMillis() {
        return process.toHandle()
                .info()
                .totalCpuDuration()
                .orElse(Duration.ZERO)
                .toMillis();
    }

    /** The most memory that it had resident, in KiB. */
    long peakKib() throws IOException {
        return Usage.peakKib(List.of(process.pid()));
    }

    /** Runs a program to its end and returns what it printed. */
    static String run(List<String> command, Path directory) throws IOException, InterruptedException {
        Process program = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (program.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed: " + output);
        }
        return output;
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
