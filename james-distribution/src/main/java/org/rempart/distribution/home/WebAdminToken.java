/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.home;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;

/** The credential of the administration interface: a random token in a file that only the server's user can read. */
public final class WebAdminToken {
    private static final int BYTES = 32;

    private final byte[] token;

    private WebAdminToken(byte[] token) {
        this.token = token;
    }

    /**
     * The token in this file; a new one when there is no file yet.
     *
     * @throws IOException when the file can't be read or written, or holds no token
     */
    public static WebAdminToken in(Path file) throws IOException {
        try {
            create(file);
        } catch (FileAlreadyExistsException kept) {
            // The token of an earlier start stays good.
        }
        return read(file);
    }

    /**
     * The token that a server wrote to this file.
     *
     * @throws IOException when the file can't be read, or holds no token
     */
    public static WebAdminToken read(Path file) throws IOException {
        String token;
        try {
            token = Files.readString(file, StandardCharsets.US_ASCII).trim();
        } catch (NoSuchFileException never) {
            throw new IOException(file + " is not there; the first start of the server writes it", never);
        }
        if (token.length() < BYTES) {
            throw new IOException(file + " holds no token; delete it, and the next start writes a new one");
        }
        return new WebAdminToken(token.getBytes(StandardCharsets.US_ASCII));
    }

    private static void create(Path file) throws IOException {
        byte[] random = new byte[BYTES];
        new SecureRandom().nextBytes(random);
        String token = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        boolean posix = file.getFileSystem().supportedFileAttributeViews().contains("posix");
        FileAttribute<?>[] mine = posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
        try (var out =
                Files.newByteChannel(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), mine)) {
            out.write(StandardCharsets.US_ASCII.encode(token + "\n"));
        }
    }

    /** Whether this is the token; takes as long for a wrong one as for the right one. */
    public boolean is(String claimed) {
        return MessageDigest.isEqual(token, claimed.getBytes(StandardCharsets.UTF_8));
    }

    /** What to send as the Authorization header (RFC 6750). */
    public String authorization() {
        return "Bearer " + new String(token, StandardCharsets.US_ASCII);
    }
}
