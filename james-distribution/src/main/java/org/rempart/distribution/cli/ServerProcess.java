/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.rempart.distribution.home.ExitCode;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.Listener;
import org.rempart.distribution.home.ServerLock;

/** The process of the server in a home: whether it runs, and how it is started and stopped. */
public final class ServerProcess {
    private static final Duration START_PATIENCE = Duration.ofMinutes(5);
    private static final Duration STOP_PATIENCE = Duration.ofMinutes(3);

    private static final int LOOKS = 50;

    private final Home home;

    public ServerProcess(Home home) {
        this.home = home;
    }

    /**
     * Who holds the server's lock.
     *
     * @return empty when no server runs
     * @throws IOException when that can't be found out
     */
    Optional<ServerLock.Holder> holder() throws IOException, InterruptedException {
        Optional<ServerLock.Holder> holder = ServerLock.holder(home);
        // It writes who it is a moment after it has got the lock.
        for (int look = 0; look < LOOKS && isUnnamed(holder); look++) {
            TimeUnit.MILLISECONDS.sleep(20);
            holder = ServerLock.holder(home);
        }
        if (isUnnamed(holder)) {
            throw new IOException(
                    home.name(home.lockFile()) + " is locked by a process that it does not name; see which one"
                            + " has it open (fuser), and end that yourself");
        }
        return holder;
    }

    private static boolean isUnnamed(Optional<ServerLock.Holder> holder) {
        return holder.isPresent()
                && !holder.get().isElsewhere()
                && holder.get().process().isEmpty();
    }

    /**
     * The server's process on this machine.
     *
     * @throws IOException when that can't be found out
     */
    public Optional<ProcessHandle> running() throws IOException, InterruptedException {
        return holder().flatMap(ServerLock.Holder::process);
    }

    /** A process that has ended stays by name until its parent asks for its exit code, and Java calls it alive until then. */
    private static boolean runs(ProcessHandle process) {
        if (!process.isAlive()) {
            return false;
        }
        try {
            return !Files.readString(Path.of("/proc/" + process.pid() + "/stat"), StandardCharsets.ISO_8859_1)
                    .matches("(?s).*\\) [ZX] .*");
        } catch (IOException noLinux) {
            return process.isAlive();
        }
    }

    private static String elsewhere(ServerLock.Holder holder) {
        return "rempart: the server runs on another machine, " + holder.host();
    }

    /** Whether this process has said that it listens. */
    boolean ready(long pid) throws IOException {
        try {
            return Files.readString(home.readyFile()).trim().equals(String.valueOf(pid));
        } catch (NoSuchFileException notYet) {
            return false;
        }
    }

    /**
     * Starts the server in the background and waits until it listens.
     *
     * @return the exit code of the command
     */
    int start(PrintWriter out, PrintWriter err) throws IOException, InterruptedException {
        Optional<ServerLock.Holder> holder = holder();
        if (holder.isPresent() && holder.get().isElsewhere()) {
            err.println(elsewhere(holder.get()) + "; to wait for its end: bin/rempart run --standby");
            return 1;
        }
        Optional<ProcessHandle> running = holder.flatMap(ServerLock.Holder::process);
        if (running.isPresent()) {
            out.println(
                    "The server is running already, as process " + running.get().pid() + ".");
            return 0;
        }
        Files.createDirectories(home.var("log"));
        Files.deleteIfExists(home.readyFile());
        Path console = home.consoleLog();
        Files.deleteIfExists(console);
        Process process = new ProcessBuilder(
                        "nohup", home.folder().resolve("bin/rempart").toString(), "run")
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .redirectOutput(console.toFile())
                .start();
        long deadline = System.nanoTime() + START_PATIENCE.toNanos();
        while (process.isAlive() && System.nanoTime() < deadline) {
            if (ready(process.pid())) {
                out.println("The server runs as process " + process.pid() + " and listens:");
                printListeners(out);
                return 0;
            }
            process.waitFor(100, TimeUnit.MILLISECONDS);
        }
        if (process.isAlive()) {
            process.destroy();
            err.println("rempart: the server did not listen within " + START_PATIENCE.toSeconds()
                    + " seconds and was stopped; see var/log/server.log");
            return 1;
        }
        for (String line : Files.readAllLines(console, StandardCharsets.UTF_8)) {
            if (!line.startsWith("nohup:")) {
                err.println(line);
            }
        }
        return process.exitValue() == ExitCode.CONFIGURATION_FAULT ? ExitCode.CONFIGURATION_FAULT : 1;
    }

    /** Prints where the server listens. */
    void printListeners(PrintWriter out) throws IOException {
        try {
            for (Listener listener : Listener.of(home)) {
                out.printf(
                        "  %-12s %s:%d%n",
                        listener.name(),
                        listener.address().getAddress().getHostAddress(),
                        listener.address().getPort());
            }
        } catch (FaultException fault) {
            throw new IOException(fault.getMessage(), fault);
        }
        out.flush();
    }

    /**
     * Stops the server and waits until it has ended.
     *
     * @return the exit code of the command
     */
    int stop(PrintWriter out, PrintWriter err) throws IOException, InterruptedException {
        Optional<ServerLock.Holder> holder = holder();
        if (holder.isPresent() && holder.get().isElsewhere()) {
            err.println(elsewhere(holder.get()) + "; stop it there");
            return 1;
        }
        Optional<ProcessHandle> running = holder.flatMap(ServerLock.Holder::process);
        if (running.isEmpty()) {
            out.println("The server is not running.");
            return 0;
        }
        ProcessHandle process = running.get();
        process.destroy();
        long deadline = System.nanoTime() + STOP_PATIENCE.toNanos();
        while (runs(process) && System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        if (runs(process)) {
            err.println("rempart: process " + process.pid() + " has not ended within " + STOP_PATIENCE.toSeconds()
                    + " seconds; see var/log/server.log, and kill it if it hangs");
            return 1;
        }
        Files.deleteIfExists(home.pidFile());
        Files.deleteIfExists(home.readyFile());
        out.println("The server has stopped.");
        return 0;
    }
}
