/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;

/** A file system of a few megabytes in memory, mounted on a folder. */
final class SmallDisk implements AutoCloseable {
    private static final int BLOCK = 4096;

    private final Path folder;

    private SmallDisk(Path folder) {
        this.folder = folder;
    }

    /** Whether this process may mount. */
    static boolean possible(Path folder) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        if (run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.toString()) != 0) {
            return false;
        }
        return run("umount", folder.toString()) == 0;
    }

    static SmallDisk mount(Path folder, int megabytes) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        if (run("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m,mode=700", "tmpfs", folder.toString()) != 0) {
            throw new IOException("no file system could be mounted on " + folder);
        }
        return new SmallDisk(folder);
    }

    /** Fills it to the last block. */
    void fill() throws IOException {
        try (FileChannel ballast = FileChannel.open(
                ballast(), StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            while (folder.toFile().getUsableSpace() >= BLOCK) {
                ballast.write(ByteBuffer.allocate(BLOCK));
            }
        } catch (IOException full) {
            if (folder.toFile().getUsableSpace() >= BLOCK) {
                throw full;
            }
        }
    }

    /** Frees what {@link #fill()} took. */
    void free() throws IOException {
        Files.delete(ballast());
    }

    private Path ballast() {
        return folder.resolve("ballast");
    }

    @Override
    public void close() throws IOException {
        try {
            // Lazily: a process that has not ended yet may not keep it.
            run("umount", "-l", folder.toString());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException missing) {
            return 127;
        }
        if (!process.waitFor(5, TimeUnit.MINUTES)) {
            process.destroy();
            throw new IOException(String.join(" ", command) + " hangs");
        }
        return process.exitValue();
    }
}
