/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program that serves, in a process of its own. */
public final class ServerProcess implements AutoCloseable {
    private static final Duration STOP = Duration.ofSeconds(30);
    private static final long PAUSE_MILLIS = 50;

    private final Process process;
    private final Path log;

    private ServerProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /**
     * Starts it.
     *
     * @param directory in which it runs
     * @param log what it prints goes there
     */
    public static ServerProcess start(List<String> command, Path directory, Path log) throws IOException {
        return new ServerProcess(
                new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start(),
                log);
    }

    /**
     * Waits until it listens at all these addresses.
     *
     * @throws IOException when it ends before, or takes too long, with what it printed; it is stopped then
     */
    public void awaitListening(Duration patience, List<InetSocketAddress> addresses)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        for (InetSocketAddress address : addresses) {
            while (!listens(address)) {
                if (!process.isAlive() || System.nanoTime() > end) {
                    close();
                    throw new IOException("nothing listens on " + address + "; the program printed:\n"
                            + Files.readString(log, StandardCharsets.UTF_8));
                }
                Thread.sleep(PAUSE_MILLIS);
            }
        }
    }

    /** Whether anything takes connections there. */
    public static boolean listens(InetSocketAddress address) {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    /** The process itself. */
    public Process process() {
        return process;
    }

    /**
     * Runs a program to its end.
     *
     * @return what it printed
     * @throws IOException when it takes too long, or ends with another code than 0, with what it printed
     */
    public static String run(Duration patience, Path directory, List<String> command)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile("program", ".out");
        try {
            Process program = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!program.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                program.destroyForcibly();
                throw new IOException(command + " hangs: " + Files.readString(output));
            }
            if (program.exitValue() != 0) {
                throw new IOException(command + " ends with " + program.exitValue() + ": " + Files.readString(output));
            }
            return Files.readString(output);
        } finally {
            Files.delete(output);
        }
    }

    /** Stops it, and waits until it has ended. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
