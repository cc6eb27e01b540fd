/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;

/** The process of a packaged server, by the file in which the server has its number. */
public final class ServerPid {
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private ServerPid() {}

    /** The process of the server in this folder, or nothing when none runs. */
    public static Optional<ProcessHandle> process(Path home) throws IOException {
        Path pid = home.resolve("var/rempart.pid");
        if (!Files.exists(pid)) {
            return Optional.empty();
        }
        // A file that a killed server has left may name a process of somebody else by now.
        String folder = "-Dworking.directory=" + home.toRealPath();
        return ProcessHandle.of(Long.parseLong(Files.readString(pid).trim()))
                .filter(process -> runs(process)
                        && List.of(process.info().arguments().orElse(new String[0]))
                                .contains(folder));
    }

    /** Whether it runs. One that has ended and that nobody has asked for its exit code is still there in name. */
    public static boolean runs(ProcessHandle process) {
        try {
            return process.isAlive()
                    && !Files.readString(Path.of("/proc/" + process.pid() + "/stat"))
                            .matches("(?s).*\\) [ZX] .*");
        } catch (IOException gone) {
            return false;
        }
    }

    /** Ends it with SIGKILL: nothing is written, closed or finished. */
    public static void kill(ProcessHandle process) {
        process.destroyForcibly();
        awaitEnd(process);
    }

    /** Waits until it has ended. */
    public static void awaitEnd(ProcessHandle process) {
        Awaitility.await("the end of the server").atMost(PATIENCE).until(() -> !runs(process));
    }
}
