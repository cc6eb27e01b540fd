/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Redis on loopback, with a password and in a folder of its own; it writes to no disk unless it is told to. */
public final class RedisServer implements AutoCloseable {
    /** What it wants to hear from its clients. */
    public static final String PASSWORD = "the store's secret";

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Path folder;
    private final int port;
    private final List<String> options;
    private ServerProcess process;

    private RedisServer(Path folder, int port, List<String> options) {
        this.folder = folder;
        this.port = port;
        this.options = List.copyOf(options);
    }

    /** Skips the test where there is none, or fails it where every tool has to be there. */
    public static void require() {
        Tools.require(
                program("redis-server").isPresent(),
                "redis-server is not installed; on Debian: apt-get install redis-server");
    }

    private static Optional<Path> program(String name) {
        return Tools.folderWith(List.of(Path.of("/usr/bin")), name).map(at -> at.resolve(name));
    }

    /**
     * Starts one.
     *
     * @param folder is there
     * @param options lines of {@code redis.conf}
     */
    public static RedisServer start(Path folder, String... options) throws IOException, InterruptedException {
        return start(folder, FreePort.next(), List.of(options));
    }

    /** Starts one that speaks TLS alone. */
    public static RedisServer startEncrypted(Path folder, ServerCertificate certificate)
            throws IOException, InterruptedException, GeneralSecurityException {
        certificate.writePem(folder.resolve("certificate.pem"), folder.resolve("key.pem"));
        int port = FreePort.next();
        return start(
                folder,
                port,
                List.of(
                        "port 0",
                        "tls-port " + port,
                        "tls-cert-file certificate.pem",
                        "tls-key-file key.pem",
                        "tls-auth-clients no"));
    }

    private static RedisServer start(Path folder, int port, List<String> options)
            throws IOException, InterruptedException {
        Files.createDirectories(folder);
        RedisServer server = new RedisServer(folder, port, options);
        server.resume();
        return server;
    }

    /** Starts it again, on the same port: with nothing in it, unless its options keep something. */
    public void resume() throws IOException, InterruptedException {
        List<String> lines = new ArrayList<>(List.of(
                "port " + port,
                "bind 127.0.0.1",
                "dir \"" + folder.toAbsolutePath() + "\"",
                "save \"\"",
                "daemonize no",
                "requirepass \"" + PASSWORD + "\"",
                "masterauth \"" + PASSWORD + "\""));
        lines.addAll(options);
        Files.write(folder.resolve("redis.conf"), lines, StandardCharsets.UTF_8);
        process = ServerProcess.start(
                List.of(program("redis-server").orElseThrow().toString(), "redis.conf"),
                folder,
                folder.resolve("redis.log"));
        process.awaitListening(
                PATIENCE, List.of(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port)));
    }

    /**
     * Starts a sentinel of some server.
     *
     * @param name under which it knows the server
     */
    public static RedisServer startSentinel(Path folder, String name, RedisServer master)
            throws IOException, InterruptedException {
        Files.createDirectories(folder);
        int port = FreePort.next();
        RedisServer sentinel = new RedisServer(folder, port, List.of());
        Files.write(
                folder.resolve("sentinel.conf"),
                List.of(
                        "port " + port,
                        "bind 127.0.0.1",
                        "dir \"" + folder.toAbsolutePath() + "\"",
                        "sentinel monitor " + name + " 127.0.0.1 " + master.port + " 1",
                        "sentinel auth-pass " + name + " \"" + PASSWORD + "\"",
                        "sentinel down-after-milliseconds " + name + " 1000",
                        "sentinel failover-timeout " + name + " 5000"),
                StandardCharsets.UTF_8);
        sentinel.process = ServerProcess.start(
                List.of(program("redis-server").orElseThrow().toString(), "sentinel.conf", "--sentinel"),
                folder,
                folder.resolve("redis.log"));
        sentinel.process.awaitListening(
                PATIENCE, List.of(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port)));
        return sentinel;
    }

    /**
     * Asks it something.
     *
     * @return what redis-cli prints
     */
    public String cli(String... command) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of(
                program("redis-cli").orElseThrow().toString(),
                "--no-auth-warning",
                "-a",
                PASSWORD,
                "-p",
                String.valueOf(port)));
        words.addAll(List.of(command));
        return ServerProcess.run(PATIENCE, folder, words).strip();
    }

    public int port() {
        return port;
    }

    /** Lets it do nothing, and answer nothing, until {@link #proceed}. */
    public void pause() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** Lets it go on. */
    public void proceed() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        ServerProcess.run(
                PATIENCE,
                folder,
                List.of("kill", "-" + name, String.valueOf(process.process().pid())));
    }

    /** Ends it without a word. */
    public void kill() throws InterruptedException {
        process.process().destroyForcibly().waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** Stops it; nothing answers at its port then. */
    @Override
    public void close() {
        process.close();
    }
}
