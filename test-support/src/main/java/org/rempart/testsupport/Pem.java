/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;

/** PEM (RFC 7468). */
final class Pem {
    private Pem() {}

    /** Writes the file, or replaces it. */
    static void write(Path file, String label, byte[] der) throws IOException {
        Files.writeString(file, pem(label, der), StandardCharsets.US_ASCII);
    }

    /** Writes the file, or replaces it; from its first byte on only its owner can read it. */
    static void writePrivate(Path file, String label, byte[] der) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file, ownerOnly());
        write(file, label, der);
    }

    private static FileAttribute<?>[] ownerOnly() {
        if (!FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            return new FileAttribute<?>[0];
        }
        return new FileAttribute<?>[] {
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        };
    }

    private static String pem(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                + "\n-----END " + label + "-----\n";
    }
}
