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
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** ClamAV's daemon and its milter on loopback, in a folder of their own; they know one virus, {@link #TEST_VIRUS}. */
public final class ClamAv implements AutoCloseable {
    /** The test file of EICAR, which is no virus; in two parts, so that no scanner takes this file for one. */
    public static final String TEST_VIRUS =
            "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*";

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ServerProcess daemon;
    private final ServerProcess milter;
    private final int port;

    private ClamAv(ServerProcess daemon, ServerProcess milter, int port) {
        this.daemon = daemon;
        this.milter = milter;
        this.port = port;
    }

    /** Skips the test where they are not, or fails it where every tool has to be there. */
    public static void require() {
        Tools.require(
                program("clamd").isPresent() && program("clamav-milter").isPresent(),
                "ClamAV is not installed; on Debian: apt-get install clamav-daemon clamav-milter");
    }

    private static Optional<Path> program(String name) {
        return Tools.folderWith(List.of(Path.of("/usr/sbin")), name).map(at -> at.resolve(name));
    }

    /**
     * Starts them.
     *
     * @param folder is there, and empty
     * @param lines more lines of {@code clamav-milter.conf}, such as {@code OnInfected Reject}
     */
    public static ClamAv start(Path folder, String... lines) throws IOException, InterruptedException {
        int scan = FreePort.next();
        int port = FreePort.next();
        Path database = Files.createDirectories(folder.resolve("database"));
        String pattern = HexFormat.of().formatHex(TEST_VIRUS.getBytes(StandardCharsets.US_ASCII));
        Files.writeString(database.resolve("test.ndb"), "Test-File:0:*:" + pattern + "\n");
        Files.writeString(
                folder.resolve("clamd.conf"),
                "Foreground yes\nTCPSocket " + scan + "\nTCPAddr 127.0.0.1\nDatabaseDirectory " + database
                        + "\nTemporaryDirectory " + folder + "\n");
        Files.writeString(
                folder.resolve("milter.conf"),
                "Foreground yes\nMilterSocket inet:" + port + "@127.0.0.1\nClamdSocket tcp:127.0.0.1:" + scan
                        + "\nTemporaryDirectory " + folder + "\n" + String.join("\n", lines) + "\n");
        ServerProcess daemon = serve(folder, "clamd", "clamd.conf", scan);
        try {
            return new ClamAv(daemon, serve(folder, "clamav-milter", "milter.conf", port), port);
        } catch (IOException | InterruptedException | RuntimeException failure) {
            daemon.close();
            throw failure;
        }
    }

    private static ServerProcess serve(Path folder, String program, String configuration, int port)
            throws IOException, InterruptedException {
        ServerProcess process = ServerProcess.start(
                List.of(program(program).orElseThrow().toString(), "--config-file=" + folder.resolve(configuration)),
                folder,
                folder.resolve(program + ".log"));
        process.awaitListening(PATIENCE, List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
        return process;
    }

    /** The port of the milter. */
    public int port() {
        return port;
    }

    @Override
    public void close() {
        milter.close();
        daemon.close();
    }
}
