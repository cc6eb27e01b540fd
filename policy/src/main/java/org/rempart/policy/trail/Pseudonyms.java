/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.trail;

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
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Stands in for texts that the audit trail must not hold: the first {@value #DIGITS} hexadecimal digits of their
 * HMAC-SHA256 (RFC 2104), in lower case and UTF-8, with a key of this server. Who has the key can ask whether a text that he
 * knows is in the trail; nobody can read back one that he does not know.
 */
public final class Pseudonyms {
    /** Where the key is; 32 random bytes in base64, which only the server's user can read. */
    public static final String KEY_URL = "file://var/audit.key";

    private static final String ALGORITHM = "HmacSHA256";
    private static final int KEY_LENGTH = 32;
    private static final int DIGITS = 16;

    private final SecretKeySpec key;

    private Pseudonyms(byte[] key) {
        this.key = new SecretKeySpec(key, ALGORITHM);
    }

    /** Those of a key that is forgotten with this process. */
    public static Pseudonyms ofRandomKey() {
        return new Pseudonyms(random());
    }

    private static byte[] random() {
        byte[] key = new byte[KEY_LENGTH];
        new SecureRandom().nextBytes(key);
        return key;
    }

    /**
     * Those of the key in a file, which is written where it is missing.
     *
     * @throws IOException when it can't be read or written, or holds no key; the message says what is right
     */
    public static Pseudonyms of(File file) throws IOException {
        try {
            if (!file.exists()) {
                create(file.toPath().toAbsolutePath());
            }
            byte[] key = Base64.getDecoder()
                    .decode(Files.readString(file.toPath(), StandardCharsets.US_ASCII)
                            .trim());
            if (key.length == KEY_LENGTH) {
                return new Pseudonyms(key);
            }
            throw new IOException("it holds " + key.length + " bytes");
        } catch (IOException | IllegalArgumentException unusable) {
            throw new IOException(
                    "the key of the audit trail, " + file + ", can't be used: " + unusable.getMessage() + "; it holds "
                            + KEY_LENGTH
                            + " bytes in base64; restore it, or delete it and let the start write a new one",
                    unusable);
        }
    }

    private static void create(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        boolean posix = file.getFileSystem().supportedFileAttributeViews().contains("posix");
        FileAttribute<?>[] mine = posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
        Path written = Files.createTempFile(file.getParent(), "audit", ".new", mine);
        try {
            try (SeekableByteChannel out = Files.newByteChannel(written, Set.of(StandardOpenOption.WRITE))) {
                out.write(StandardCharsets.US_ASCII.encode(Base64.getEncoder().encodeToString(random()) + "\n"));
            }
            // A name that is taken is left: two handlers may start at once, and one key serves both.
            Files.createLink(file, written);
        } catch (FileAlreadyExistsException another) {
            // Theirs is as good as ours.
        } finally {
            Files.deleteIfExists(written);
        }
    }

    /** What stands in for a text. */
    public String of(String text) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            byte[] hash = mac.doFinal(text.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8));
            StringBuilder digits = new StringBuilder(DIGITS);
            for (int i = 0; i < DIGITS / 2; i++) {
                digits.append(Character.forDigit(hash[i] >> 4 & 0xf, 16)).append(Character.forDigit(hash[i] & 0xf, 16));
            }
            return digits.toString();
        } catch (GeneralSecurityException impossible) {
            // Every Java has HMAC-SHA256.
            throw new AssertionError(impossible);
        }
    }
}
