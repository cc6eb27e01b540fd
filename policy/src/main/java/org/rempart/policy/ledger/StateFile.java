/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.apache.james.filesystem.api.FileSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that is replaced as a whole: anyone who reads it finds what it held before a write, or what it holds after, even
 * when the server was killed in between. Only the server's user can read it.
 */
final class StateFile {
    /** The folder of all of them. */
    static final String FOLDER = "file://var/accounts/";

    private static final Logger LOGGER = LoggerFactory.getLogger(StateFile.class);

    private final Path file;

    private StateFile(Path file) {
        this.file = file;
    }

    /**
     * A file in {@value #FOLDER}, which is made where it is missing.
     *
     * @throws UncheckedIOException when the folder can't be made
     */
    static StateFile in(FileSystem files, String name) {
        try {
            Path folder = files.getFile(FOLDER).toPath().toAbsolutePath();
            Files.createDirectories(folder);
            return new StateFile(folder.resolve(name));
        } catch (FileNotFoundException missing) {
            LOGGER.error("{} can't be found", FOLDER, missing);
            throw new UncheckedIOException(
                    new IOException(FOLDER + ", where holds and counts are kept, can't be found"));
        } catch (IOException unwritable) {
            LOGGER.error("{} can't be written to", FOLDER, unwritable);
            throw new UncheckedIOException(
                    new IOException(FOLDER + ", where holds and counts are kept, can't be written to ("
                            + unwritable.getMessage() + "); let the server's user own var/"));
        }
    }

    Path path() {
        return file;
    }

    /** What was written last; empty when nothing was. */
    Optional<byte[]> read() throws IOException {
        return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
    }

    /** Leaves what is there under another name, for somebody to look at. */
    void putAside() {
        try {
            Files.move(
                    file,
                    file.resolveSibling(file.getFileName() + ".unreadable"),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException left) {
            LOGGER.error("{} can't be put aside, and will be written over", file, left);
        }
    }

    /** Replaces the content; it is on the disk when this returns. */
    synchronized void write(byte[] content) throws IOException {
        Path written = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(written);
        try (FileChannel out = FileChannel.open(written, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.setPosixFilePermissions(written, PosixFilePermissions.fromString("rw-------"));
            }
            ByteBuffer rest = ByteBuffer.wrap(content);
            while (rest.hasRemaining()) {
                out.write(rest);
            }
            out.force(true);
        }
        Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        forceFolder();
    }

    /** The new name has to be on the disk, too. */
    private void forceFolder() {
        try (FileChannel folder = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
            folder.force(true);
        } catch (IOException unsupported) {
            // Not every system opens folders; those keep names in another way.
            LOGGER.debug("{} can't be forced to the disk", file.getParent(), unsupported);
        }
    }
}
