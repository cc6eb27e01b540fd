/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.folder;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Which files were changed or made, and what was written into them: a line a file, {@code changed|new sha256 name}. */
final class Ledger {
    private static final String NAME = "files";

    private final Path file;
    private final Map<String, String[]> entries = new TreeMap<>();

    private Ledger(Path file) {
        this.file = file;
    }

    static Ledger read(Path folder) throws IOException {
        Ledger ledger = new Ledger(folder.resolve(NAME));
        if (Files.exists(ledger.file)) {
            for (String line : Files.readAllLines(ledger.file, StandardCharsets.UTF_8)) {
                String[] parts = line.split(" ", 3);
                if (parts.length != 3
                        || !(parts[0].equals("new") || parts[0].equals("changed"))
                        || parts[2].contains("/")
                        || parts[2].contains("\\")) {
                    throw new IOException(ledger.file + ": this line is none of ours: " + line);
                }
                ledger.entries.put(parts[2], parts);
            }
        }
        return ledger;
    }

    boolean knows(String name) {
        return entries.containsKey(name);
    }

    boolean isNew(String name) {
        return entries.get(name)[0].equals("new");
    }

    boolean isOurs(String name, byte[] bytes) {
        return entries.get(name)[1].equals(hash(bytes));
    }

    List<String> names() {
        return new ArrayList<>(entries.keySet());
    }

    void put(String name, boolean isNew, byte[] bytes) {
        boolean made = knows(name) ? isNew(name) : isNew;
        entries.put(name, new String[] {made ? "new" : "changed", hash(bytes), name});
    }

    void write() throws IOException {
        StringBuilder lines = new StringBuilder();
        entries.values().forEach(entry -> lines.append(String.join(" ", entry)).append('\n'));
        SafeFile.write(file, lines.toString().getBytes(StandardCharsets.UTF_8), file);
    }

    private static String hash(byte[] bytes) {
        try {
            return String.format(
                    "%064x",
                    new BigInteger(1, MessageDigest.getInstance("SHA-256").digest(bytes)));
        } catch (NoSuchAlgorithmException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }
}
