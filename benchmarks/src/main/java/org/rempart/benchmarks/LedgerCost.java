/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.rempart.policy.Rule;
import org.rempart.policy.ledger.KeptSubmissionLedger;
import org.rempart.policy.ledger.SharedState;
import org.rempart.policy.ledger.SubmissionLedger;
import org.rempart.policy.submission.RateLimit;
import org.rempart.policy.submission.RateLimit.Quantity;

/**
 * What a mail of one recipient asks of the ledger, at MAIL, RCPT and the end of DATA: of a server's own, and of one in a Redis
 * on this machine, which it starts ({@code redis-server} has to be on the path).
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class LedgerCost {
    private static final int ACCOUNTS = 1000;
    private static final String PASSWORD = "secret";

    private static final List<RateLimit> LIMITS = List.of(RateLimit.of(
            Quantity.of(100_000_000, Duration.ofHours(1)),
            Quantity.of(100_000_000, Duration.ofDays(1)),
            RateLimit.Then.HOLD,
            Rule.byDefault("<rate/>")));

    @Param({"own", "shared"})
    private String kind;

    private Path home;
    private Process redis;
    private SubmissionLedger ledger;

    /** Starts a store where one is needed. */
    @Setup
    public void prepare() throws Exception {
        home = Files.createTempDirectory("ledger");
        if (kind.equals("own")) {
            ledger = new KeptSubmissionLedger(new Home());
            return;
        }
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        redis = new ProcessBuilder(
                        "redis-server",
                        "--port",
                        String.valueOf(port),
                        "--bind",
                        "127.0.0.1",
                        "--requirepass",
                        PASSWORD,
                        "--save",
                        "",
                        "--appendonly",
                        "yes",
                        "--dir",
                        home.toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        while (!listens(port)) {
            Thread.sleep(50);
        }
        Files.createDirectories(home.resolve("conf"));
        Files.writeString(home.resolve("conf/redis.password"), PASSWORD);
        Files.writeString(
                home.resolve("conf/rempart.xml"),
                "<policy><shared store='redis://127.0.0.1:" + port + "' password='conf/redis.password'/></policy>");
        ledger = SharedState.Source.find()
                .orElseThrow()
                .open(new Home())
                .orElseThrow()
                .submissions();
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    /** Stops the store. */
    @TearDown
    public void stop() {
        if (redis != null) {
            redis.destroy();
        }
    }

    private boolean ask() {
        Username account = Username.of("user" + ThreadLocalRandom.current().nextInt(ACCOUNTS) + "@example.com");
        // MAIL, RCPT, and the message.
        boolean atMail = ledger.ask(account, LIMITS, 1).isAdmitted();
        boolean atRcpt = ledger.ask(account, LIMITS, 1).isAdmitted();
        return atMail && atRcpt && ledger.enter(account, LIMITS, 1).isAdmitted();
    }

    @Benchmark
    public boolean oneClient() {
        return ask();
    }

    @Benchmark
    @Threads(50)
    public boolean fiftyClients() {
        return ask();
    }

    private final class Home implements FileSystem {
        @Override
        public InputStream getResource(String url) throws IOException {
            return Files.newInputStream(getFile(url).toPath());
        }

        @Override
        public File getFile(String url) {
            return home.resolve(url.substring(FILE_PROTOCOL.length())).toFile();
        }

        @Override
        public File getBasedir() {
            return home.toFile();
        }
    }
}
