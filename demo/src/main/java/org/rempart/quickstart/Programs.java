/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs other programs. */
final class Programs {
    private Programs() {}

    /**
     * What a program did.
     *
     * @param exitCode its exit code
     * @param output all that it wrote, without white space at both ends
     */
    record Result(int exitCode, String output) {}

    /**
     * Runs a program to its end. It writes to a file, not to a pipe: what it leaves running in the background may go on
     * holding its output, and must not hold us.
     *
     * @param input what it reads, for a password
     * @param output gets all that it writes
     * @throws IOException if it can't be run, or does not end in time; it is killed then
     */
    static Result run(List<String> command, Path directory, String input, Path output, Duration limit)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        // The same Java as ours, whatever else is installed.
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        try (var stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // It ended without reading; its exit code and output say why.
            if (process.isAlive() && !process.waitFor(1, TimeUnit.SECONDS)) {
                process.destroy();
                throw e;
            }
        }
        if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
            process.destroy();
            throw new IOException(
                    String.join(" ", command) + " did not end within " + limit.toSeconds() + " s; see " + output + ".");
        }
        return new Result(
                process.exitValue(),
                Files.readString(output, StandardCharsets.UTF_8).strip());
    }

    /** The java command that runs this program. */
    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }
}
