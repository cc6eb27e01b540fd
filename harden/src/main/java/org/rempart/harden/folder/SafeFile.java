/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.folder;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;

/** Writes files so that one is there whole, as it was or as it is to be, whatever happens. */
final class SafeFile {
    private SafeFile() {}

    /** Writes a file, with the owner and the permissions of another, if that is there. */
    static void write(Path file, byte[] bytes, Path like) throws IOException {
        // A link stays one: what it points to is written.
        Path target = Files.exists(file) ? file.toRealPath() : file;
        Path fresh = target.resolveSibling("." + target.getFileName() + ".rempart-new");
        try {
            try (FileChannel channel = FileChannel.open(
                    fresh, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                takeRights(fresh, like);
                ByteBuffer rest = ByteBuffer.wrap(bytes);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
                channel.force(true);
            }
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(fresh);
        }
        Path parent = target.toAbsolutePath().getParent();
        if (parent != null) {
            sync(parent);
        }
    }

    private static void takeRights(Path file, Path like) throws IOException {
        if (!Files.exists(like)) {
            return;
        }
        PosixFileAttributeView of = Files.getFileAttributeView(like, PosixFileAttributeView.class);
        PosixFileAttributeView to = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        if (of == null || to == null) {
            return;
        }
        PosixFileAttributes rights = of.readAttributes();
        PosixFileAttributes now = to.readAttributes();
        if (!now.owner().equals(rights.owner())) {
            to.setOwner(rights.owner());
        }
        if (!now.group().equals(rights.group())) {
            to.setGroup(rights.group());
        }
        to.setPermissions(rights.permissions());
    }

    /** Has the entries of a folder written, where the file system lets one ask for it. */
    static void sync(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException unknownThere) {
            // Windows opens no folder; the files themselves are synced.
            return;
        }
    }
}
