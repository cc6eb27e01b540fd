/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the start looks for, beside the mail that comes and goes meanwhile, and some at a time: files that belong to no mail,
 * which are deleted, and mail whose file is missing, which is held.
 */
final class Sweep implements Runnable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Sweep.class);

    /** A file younger than that is left alone, even if no mail names it. */
    private static final Duration ORPHAN_AGE = Duration.ofMinutes(5);

    private static final int CHUNK = 200;
    private static final int PAGE = 1_000;

    private final MailStore store;
    private final long last;
    private final Instant before = Instant.now().minus(ORPHAN_AGE);
    private volatile boolean stopped;

    /** @param last the last number of a mail of an earlier run: what came later is none of its business */
    Sweep(MailStore store, long last) {
        this.store = store;
        this.last = last;
    }

    void stop() {
        stopped = true;
    }

    @Override
    public void run() {
        try {
            holdWhatIsMissing();
            deleteOrphans();
        } catch (IOException | MailStoreException | RuntimeException failure) {
            LOGGER.warn("Not all files of queued messages could be looked at; the next start does", failure);
        }
    }

    private void holdWhatIsMissing() throws MailStoreException {
        long after = 0;
        while (!stopped) {
            Map<Long, String> page = page(after);
            for (Map.Entry<Long, String> mail : page.entrySet()) {
                after = mail.getKey();
                // A mail's file goes after its row.
                if (Files.notExists(store.blobs().path(mail.getValue()))
                        && store.table().row(mail.getKey()).isPresent()) {
                    store.holdFor(
                            mail.getKey(), "the message's file " + store.blobs().path(mail.getValue()) + " is missing");
                }
            }
            if (page.size() < PAGE) {
                return;
            }
        }
    }

    private Map<Long, String> page(long after) throws MailStoreException {
        return store.table().read(connection -> {
            Map<Long, String> found = new TreeMap<>();
            try (PreparedStatement statement = connection.prepareStatement(
                    "SELECT id, blob_name FROM rempart_mail WHERE id > ? AND id <= ? AND blob_name IS NOT NULL"
                            + " ORDER BY id FETCH FIRST " + PAGE + " ROWS ONLY")) {
                statement.setLong(1, after);
                statement.setLong(2, last);
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        found.put(row.getLong(1), row.getString(2));
                    }
                }
            }
            return found;
        });
    }

    private void deleteOrphans() throws IOException, MailStoreException {
        int orphans = 0;
        for (Path folder : store.blobs().folders()) {
            List<Path> chunk = new ArrayList<>(CHUNK);
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
                for (Path file : files) {
                    if (stopped) {
                        return;
                    }
                    if (Blobs.number(file).filter(number -> number <= last).isPresent()) {
                        chunk.add(file);
                    }
                    if (chunk.size() == CHUNK) {
                        orphans += deleteOrphans(chunk);
                        chunk.clear();
                    }
                }
            }
            orphans += deleteOrphans(chunk);
        }
        if (orphans > 0) {
            LOGGER.info("{} files of queued messages belonged to no mail and are deleted", orphans);
        }
    }

    private int deleteOrphans(List<Path> files) throws IOException, MailStoreException {
        List<Path> old = new ArrayList<>();
        for (Path file : files) {
            if (isOld(file)) {
                old.add(file);
            }
        }
        if (old.isEmpty()) {
            return 0;
        }
        Set<String> named = named(old);
        int orphans = 0;
        for (Path file : old) {
            String name = store.blobs().name(file);
            if (!named.contains(name)) {
                store.blobs().delete(name);
                orphans++;
            }
        }
        return orphans;
    }

    private boolean isOld(Path file) throws IOException {
        try {
            return Files.getLastModifiedTime(file).toInstant().isBefore(before);
        } catch (NoSuchFileException gone) {
            return false;
        }
    }

    private Set<String> named(List<Path> files) throws MailStoreException {
        List<Long> numbers =
                files.stream().map(file -> Blobs.number(file).orElseThrow()).toList();
        return store.table().read(connection -> {
            Set<String> found = new HashSet<>();
            try (PreparedStatement statement = connection.prepareStatement(
                    "SELECT blob_name FROM rempart_mail WHERE id IN (?" + ", ?".repeat(CHUNK - 1) + ")")) {
                for (int at = 0; at < CHUNK; at++) {
                    statement.setLong(at + 1, numbers.get(Math.min(at, numbers.size() - 1)));
                }
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        found.add(row.getString(1));
                    }
                }
            }
            return found;
        });
    }
}
