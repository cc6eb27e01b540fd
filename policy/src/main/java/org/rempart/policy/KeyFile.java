/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.io.File;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;

/**
 * A secret of this server: {@value #LENGTH} random bytes in base64, in a file that only the server's user can read. The first
 * start that needs it writes it.
 */
public final class KeyFile {
    /** How long a key is, in bytes. */
    public static final int LENGTH = 32;

    private KeyFile() {}

    /**
     * The key in a file, which is written where it is missing.
     *
     * @param what whose key it is, for the message: {@code the key of the audit trail}
     * @throws IOException when it can't be read or written, or holds no key; the message says what is right
     */
    public static byte[] read(File file, String what) throws IOException {
        try {
            if (!file.exists()) {
                create(file.toPath().toAbsolutePath(), random());
            }
            byte[] key = Base64.getDecoder()
                    .decode(Files.readString(file.toPath(), StandardCharsets.US_ASCII)
                            .trim());
            if (key.length == LENGTH) {
                return key;
            }
            throw new IOException("it holds " + key.length + " bytes");
        } catch (IOException | IllegalArgumentException unusable) {
            throw new IOException(
                    what + ", " + file + ", can't be used: " + unusable.getMessage() + "; it holds " + LENGTH
                            + " bytes in base64. Restore it, or copy it from another server of yours, or delete it and"
                            + " let the start write a new one where the server may write",
                    unusable);
        }
    }

    /**
     * Writes a key that another server has, where there is no file yet.
     *
     * @param what whose key it is, for the message
     * @throws IOException when it can't be written; the message says what is right
     */
    public static void write(File file, byte[] key, String what) throws IOException {
        try {
            create(file.toPath().toAbsolutePath(), key);
        } catch (IOException unwritable) {
            throw new IOException(
                    what + ", " + file + ", can't be written: " + unwritable.getMessage()
                            + "; let the server's user own its folder",
                    unwritable);
        }
    }

    /** A key that is forgotten with this process. */
    public static byte[] random() {
        byte[] key = new byte[LENGTH];
        new SecureRandom().nextBytes(key);
        return key;
    }

    /** Writes a key whole or not at all. */
    private static void create(Path file, byte[] key) throws IOException {
        Files.createDirectories(file.getParent());
        boolean posix = file.getFileSystem().supportedFileAttributeViews().contains("posix");
        FileAttribute<?>[] mine = posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
        Path written = Files.createTempFile(file.getParent(), "key", ".new", mine);
        try {
            try (SeekableByteChannel out = Files.newByteChannel(written, Set.of(StandardOpenOption.WRITE))) {
                out.write(StandardCharsets.US_ASCII.encode(Base64.getEncoder().encodeToString(key) + "\n"));
            }
            // A name that is taken is left: two parts of the server may start at once, and one key serves both.
            Files.createLink(file, written);
        } catch (FileAlreadyExistsException another) {
            // Theirs is as good as ours.
        } finally {
            Files.deleteIfExists(written);
        }
    }
}
