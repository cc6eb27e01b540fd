/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.File;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;
import javax.mail.MessagingException;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.mailet.header.MessageIds;

/**
 * The secret behind the message ids that the outside sees: random bytes in base64, in the file {@value #URL} that only the
 * server's user can read. The first start writes it. Servers that send and receive for the same domains need the same one;
 * when it is lost, answers to older mails stand alone in our users' threads.
 */
final class MessageIdKey {
    static final String URL = "file://var/message-ids.key";

    private MessageIdKey() {}

    /**
     * The key; a new one when there is none yet.
     *
     * @param mailet who needs it, for the message
     * @throws MessagingException when the file can't be read or written, or holds no key
     */
    static byte[] of(FileSystem files, String mailet) throws MessagingException {
        try {
            File file = files.getFile(URL);
            if (!file.exists()) {
                create(file.toPath().toAbsolutePath());
            }
            byte[] key = Base64.getDecoder()
                    .decode(Files.readString(file.toPath(), StandardCharsets.US_ASCII)
                            .trim());
            if (key.length == MessageIds.KEY_LENGTH) {
                return key;
            }
            throw new IOException("it holds " + key.length + " bytes");
        } catch (IOException | IllegalArgumentException unusable) {
            throw new MessagingException(
                    mailet + ": the key of message ids, " + URL + ", can't be used: " + unusable.getMessage()
                            + "; it holds " + MessageIds.KEY_LENGTH
                            + " bytes in base64. Copy it from another server of yours, or delete it and let the start write"
                            + " a new one where the server may write",
                    unusable);
        }
    }

    /** Writes a key whole or not at all: two mailets may start at once. */
    private static void create(Path file) throws IOException {
        byte[] random = new byte[MessageIds.KEY_LENGTH];
        new SecureRandom().nextBytes(random);
        String key = Base64.getEncoder().encodeToString(random);
        Files.createDirectories(file.getParent());
        boolean posix = file.getFileSystem().supportedFileAttributeViews().contains("posix");
        FileAttribute<?>[] mine = posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
        Path written = Files.createTempFile(file.getParent(), "message-ids", ".new", mine);
        try {
            try (SeekableByteChannel out = Files.newByteChannel(written, Set.of(StandardOpenOption.WRITE))) {
                out.write(StandardCharsets.US_ASCII.encode(key + "\n"));
            }
            if (!file.toFile().exists()) {
                Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
            }
        } catch (FileAlreadyExistsException another) {
            // Theirs is as good as ours.
        } finally {
            Files.deleteIfExists(written);
        }
    }
}
