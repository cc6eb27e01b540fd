/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** OpenDKIM or OpenDMARC as a milter on loopback, in a folder of its own. */
public final class OpenMilter implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ServerProcess process;
    private final int port;

    private OpenMilter(ServerProcess process, int port) {
        this.process = process;
        this.port = port;
    }

    /**
     * Skips the test where the program is not, or fails it where every tool has to be there.
     *
     * @param program {@code opendkim} or {@code opendmarc}
     */
    public static void require(String program) {
        Tools.require(path(program).isPresent(), program + " is not installed; on Debian: apt-get install " + program);
    }

    private static Optional<Path> path(String program) {
        return Tools.folderWith(List.of(Path.of("/usr/sbin")), program).map(at -> at.resolve(program));
    }

    /**
     * Starts it.
     *
     * @param program {@code opendkim} or {@code opendmarc}
     * @param folder is there, and empty
     * @param lines of its configuration
     */
    public static OpenMilter start(String program, Path folder, String... lines)
            throws IOException, InterruptedException {
        int port = FreePort.next();
        Path configuration = folder.resolve(program + ".conf");
        Files.writeString(
                configuration, "Socket inet:" + port + "@127.0.0.1\nSyslog no\n" + String.join("\n", lines) + "\n");
        ServerProcess process = ServerProcess.start(
                List.of(path(program).orElseThrow().toString(), "-f", "-c", configuration.toString()).stream()
                        .map(word -> word.equals("-c") && program.equals("opendkim") ? "-x" : word)
                        .toList(),
                folder,
                folder.resolve(program + ".log"));
        process.awaitListening(PATIENCE, List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
        return new OpenMilter(process, port);
    }

    public int port() {
        return port;
    }

    @Override
    public void close() {
        process.close();
    }
}
