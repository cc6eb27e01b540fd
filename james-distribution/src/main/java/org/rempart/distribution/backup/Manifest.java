/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.backup;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a backup says of itself.
 *
 * @param format the version of the backup's form, {@value #FORMAT} for now
 * @param version the version of the server that it was made of
 * @param made when it was made, in ISO 8601
 * @param database the kind of database in it, {@code derby} or {@code postgresql}; empty when there is none in it
 * @param blobs how many files of mail are in it
 */
public record Manifest(int format, String version, String made, String database, long blobs) {
    /** The newest form that this version reads and writes. */
    public static final int FORMAT = 1;

    static final String FILE = "rempart-backup.json";

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    byte[] bytes() throws IOException {
        return JSON.writeValueAsBytes(this);
    }

    static Manifest of(byte[] bytes) throws IOException {
        try {
            return JSON.readValue(bytes, Manifest.class);
        } catch (IOException broken) {
            throw new IOException(
                    FILE + " of the backup can't be understood: it is no backup, or one of another program", broken);
        }
    }

    /**
     * Checks that a server of this version can take the backup.
     *
     * @param current the version of this server
     * @throws IOException when it is newer than this server
     */
    public void requireReadableBy(String current) throws IOException {
        if (format > FORMAT || compare(version, current) > 0) {
            throw new IOException("the backup is of version " + version + ", this server is " + current
                    + "; restore it into a server of that version or a newer one");
        }
    }

    /** Compares the numbers of versions; what is behind them does not count, and a version without numbers (of a build that was not packed) equals each. */
    static int compare(String one, String other) {
        List<Integer> left = numbers(one);
        List<Integer> right = numbers(other);
        if (left.isEmpty() || right.isEmpty()) {
            return 0;
        }
        for (int i = 0; i < Math.max(left.size(), right.size()); i++) {
            int difference = Integer.compare(i < left.size() ? left.get(i) : 0, i < right.size() ? right.get(i) : 0);
            if (difference != 0) {
                return difference;
            }
        }
        return 0;
    }

    private static List<Integer> numbers(String version) {
        List<Integer> numbers = new ArrayList<>();
        if (!version.matches("\\d{1,6}(\\.\\d{1,6})*([-+].*)?")) {
            return numbers;
        }
        for (String number : version.replaceFirst("[-+].*", "").split("\\.", -1)) {
            numbers.add(Integer.valueOf(number));
        }
        return numbers;
    }
}
