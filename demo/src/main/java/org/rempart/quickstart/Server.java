/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.rempart.quickstart.Programs.Result;

/**
 * An unpacked archive and the commands of its {@code bin/rempart}. Each command's output goes to a file beside the home,
 * and into the exception when the command fails.
 */
final class Server {
    /** What {@code bin/rempart status} exits with when nothing runs. */
    private static final int STOPPED = 3;

    private static final Duration LIMIT = Duration.ofMinutes(6);

    private final Path home;
    private final Path log;

    /**
     * A server that may or may not be there.
     *
     * @param home the unpacked archive's top folder
     * @param log where the output of commands goes
     */
    Server(Path home, Path log) {
        this.home = home;
        this.log = log;
    }

    Path home() {
        return home;
    }

    ServerConf conf() {
        return new ServerConf(home.resolve("conf"));
    }

    /**
     * Unpacks an archive as this server's home, which must not be there yet.
     *
     * @param archive the .tar.gz with one folder at its top
     * @throws IOException also if it holds no bin/rempart
     */
    void unpack(Path archive) throws IOException, InterruptedException {
        Files.createDirectories(home);
        // tar keeps the executable bits, which Java's own archive classes do not.
        Result result = Programs.run(
                List.of("tar", "-xzf", archive.toString(), "-C", home.toString(), "--strip-components=1"),
                home,
                "",
                log,
                LIMIT);
        if (result.exitCode() != 0 || !Files.isExecutable(command())) {
            throw new IOException(archive + " could not be unpacked to " + home + ": "
                    + (result.output().isEmpty() ? "it holds no bin/rempart" : result.output()));
        }
    }

    void start() throws IOException, InterruptedException {
        rempart("", "start");
    }

    void addDomain(String domain) throws IOException, InterruptedException {
        rempart("", "domains", "add", domain);
    }

    void addUser(String address, String password) throws IOException, InterruptedException {
        rempart(password + "\n", "users", "add", address);
    }

    /**
     * Audits it from outside, with an account of its own, and with what the sink takes. The password goes over a pipe.
     *
     * @param html gets the report as a page
     * @return exit code 0: no failure
     */
    Result audit(Endpoints at, Path html, Path output) throws IOException, InterruptedException {
        return Programs.run(
                List.of(
                        command().toString(),
                        "audit",
                        at.smtp().getAddress().getHostAddress(),
                        "--listener=smtp=" + at.smtp().getPort(),
                        "--listener=submission=" + at.submission().getPort(),
                        "--listener=submissions=" + at.submissions().getPort(),
                        "--listener=imap=" + at.imap().getPort(),
                        "--listener=imaps=" + at.imaps().getPort(),
                        "--domain=" + at.domain(),
                        "--foreign=partner.example",
                        "--as=" + at.user(),
                        "--other=" + at.user2(),
                        "--password-file=-",
                        "--sink=" + at.sinkDirectory(),
                        "--ca=" + at.ca(),
                        "--no-dns",
                        "--time=90",
                        "--html=" + html),
                home,
                at.password() + "\n",
                output,
                LIMIT);
    }

    /** Stops it. Returns whether there was anything to stop. */
    boolean stop() throws IOException, InterruptedException {
        if (!Files.isExecutable(command())) {
            return false;
        }
        Result status = Programs.run(List.of(command().toString(), "status"), home, "", log, LIMIT);
        if (status.exitCode() == STOPPED) {
            return false;
        }
        rempart("", "stop");
        return true;
    }

    private void rempart(String input, String... arguments) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(command().toString()));
        line.addAll(List.of(arguments));
        Result result = Programs.run(line, home, input, log, LIMIT);
        if (result.exitCode() != 0) {
            throw new IOException("bin/rempart " + String.join(" ", arguments) + " ended with exit code "
                    + result.exitCode() + ":\n" + result.output());
        }
    }

    private Path command() {
        return home.resolve("bin").resolve("rempart");
    }
}
