/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** An order for a server: a file in a folder that it looks into, which it deletes when it has carried it out. */
final class OrderFile {
    private static final Duration LOOK = Duration.ofMillis(100);

    private final Path file;

    private OrderFile(Path file) {
        this.file = file;
    }

    /** The server, which may be another user's, has to be able to read it; there is no secret in it. */
    static OrderFile write(Path folder, String order) throws IOException {
        Path file = folder.resolve(UUID.randomUUID() + ".order");
        Path unfinished = folder.resolve(file.getFileName() + ".new");
        Files.write(unfinished, (order + "\n").getBytes(StandardCharsets.UTF_8));
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(unfinished, PosixFilePermissions.fromString("rw-r--r--"));
        }
        return new OrderFile(Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE));
    }

    /**
     * Waits until a server has taken it.
     *
     * @return whether one has
     */
    boolean isDone(Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        while (Files.exists(file)) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            try {
                TimeUnit.NANOSECONDS.sleep(LOOK.toNanos());
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    /** Whether the server could not do it: it has put the file aside. */
    boolean isRefused() {
        return Files.exists(file.resolveSibling(file.getFileName() + ".refused"));
    }
}
