/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.sink;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** A folder in which another mail server lays down what it takes, a file a message: a Maildir, or {@code .eml} files. */
public final class FolderSink implements Sink {
    private static final long POLL_MILLIS = 100;
    private static final long LARGEST = 4 << 20;
    private static final int FILES = 5000;

    private final Path folder;
    private final Instant start;
    private final Set<Path> other = new HashSet<>();

    /** Only files that are made from now on are looked at. */
    public FolderSink(Path folder, Instant now) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IOException(folder + " is no folder");
        }
        this.folder = folder;
        this.start = now.minusSeconds(2);
    }

    @Override
    public Optional<byte[]> await(String token, Duration limit) throws IOException {
        long end = System.nanoTime() + limit.toNanos();
        while (true) {
            Optional<byte[]> found = look(token);
            if (found.isPresent() || System.nanoTime() >= end) {
                return found;
            }
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
    }

    private Optional<byte[]> look(String token) throws IOException {
        List<Path> files;
        try (Stream<Path> tree = Files.walk(folder, 3)) {
            files = tree.filter(file -> !other.contains(file))
                    .filter(Files::isRegularFile)
                    .limit(FILES)
                    .toList();
        } catch (java.io.UncheckedIOException e) {
            return Optional.empty();
        }
        for (Path file : files) {
            try {
                if (Files.getLastModifiedTime(file).toInstant().isBefore(start) || Files.size(file) > LARGEST) {
                    other.add(file);
                    continue;
                }
                byte[] bytes = Files.readAllBytes(file);
                if (Sink.isTestMessage(bytes, token)) {
                    return Optional.of(bytes);
                }
            } catch (NoSuchFileException e) {
                // Moved within the Maildir; it is seen at its new place.
            }
        }
        return Optional.empty();
    }

    @Override
    public String describe() {
        return "the folder " + folder.getFileName();
    }

    @Override
    public void close() {}
}
