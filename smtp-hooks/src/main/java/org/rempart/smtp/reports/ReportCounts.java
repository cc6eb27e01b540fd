/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.reports;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts mails by day (UTC), domain and row, and keeps the counts in a folder, a file for each day. What was counted since
 * {@link #save} is lost when the process dies: a minute at most. Of a day so many domains and rows, and of a domain so many
 * rows are counted, since strangers make both. Safe for use by many threads.
 */
final class ReportCounts {
    static final int MOST_DOMAINS = 5_000;
    static final int MOST_ROWS = 1_000;
    static final int MOST_OF_A_DAY = 100_000;

    private static final Logger LOGGER = LoggerFactory.getLogger(ReportCounts.class);
    private static final String SUFFIX = ".json";
    private static final JsonFactory JSON = new JsonFactory();

    private final Path folder;
    private final Map<LocalDate, Map<String, Map<ReportRow, Long>>> days = new TreeMap<>();
    private final Set<LocalDate> changed = new HashSet<>();
    /** Held while files are written. */
    private final Object writing = new Object();

    /** @throws IOException when the folder can't be made */
    ReportCounts(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
            for (Path file : files) {
                load(file);
            }
        }
    }

    private void load(Path file) {
        String name = file.getFileName().toString();
        try {
            days.put(LocalDate.parse(name.substring(0, name.length() - SUFFIX.length())), read(file));
        } catch (IOException | DateTimeException unread) {
            LOGGER.warn(
                    "{} can't be read, and no DMARC report is made of it ({}); delete it", file, unread.getMessage());
        }
    }

    synchronized void count(LocalDate day, String domain, ReportRow row) {
        Map<String, Map<ReportRow, Long>> domains = days.computeIfAbsent(day, fresh -> new LinkedHashMap<>());
        Map<ReportRow, Long> rows = domains.getOrDefault(domain, Map.of());
        if (rows.containsKey(row) || hasRoom(domains, domain, rows)) {
            domains.computeIfAbsent(domain, fresh -> new LinkedHashMap<>()).merge(row, 1L, Long::sum);
            changed.add(day);
        }
    }

    private static boolean hasRoom(
            Map<String, Map<ReportRow, Long>> domains, String domain, Map<ReportRow, Long> rows) {
        return rows.size() < MOST_ROWS
                && (domains.containsKey(domain) || domains.size() < MOST_DOMAINS)
                && domains.values().stream().mapToInt(Map::size).sum() < MOST_OF_A_DAY;
    }

    /** The domains of days before a day, each with a copy of its counts. */
    synchronized Map<LocalDate, Map<String, Map<ReportRow, Long>>> before(LocalDate day) {
        Map<LocalDate, Map<String, Map<ReportRow, Long>>> past = new TreeMap<>();
        days.forEach((each, domains) -> {
            if (each.isBefore(day)) {
                past.put(each, copy(domains));
            }
        });
        return past;
    }

    private static Map<String, Map<ReportRow, Long>> copy(Map<String, Map<ReportRow, Long>> domains) {
        Map<String, Map<ReportRow, Long>> copy = new LinkedHashMap<>();
        domains.forEach((domain, rows) -> copy.put(domain, new LinkedHashMap<>(rows)));
        return copy;
    }

    /** A domain has its report of a day, or gets none. */
    synchronized void done(LocalDate day, String domain) {
        Map<String, Map<ReportRow, Long>> domains = days.get(day);
        if (domains != null) {
            domains.remove(domain);
            changed.add(day);
        }
    }

    /** Writes what has changed; nobody who counts waits for the disk. */
    void save() {
        synchronized (writing) {
            Map<LocalDate, Map<String, Map<ReportRow, Long>>> written = new TreeMap<>();
            synchronized (this) {
                changed.forEach(day -> written.put(day, copy(days.getOrDefault(day, Map.of()))));
                changed.clear();
                written.forEach((day, domains) -> {
                    if (domains.isEmpty()) {
                        days.remove(day);
                    }
                });
            }
            written.forEach((day, domains) -> {
                try {
                    if (domains.isEmpty()) {
                        Files.deleteIfExists(folder.resolve(day + SUFFIX));
                    } else {
                        write(day, domains);
                    }
                } catch (IOException unwritten) {
                    LOGGER.warn("The counts for DMARC reports can't be kept in {}", folder, unwritten);
                    synchronized (this) {
                        changed.add(day);
                    }
                }
            });
        }
    }

    private void write(LocalDate day, Map<String, Map<ReportRow, Long>> domains) throws IOException {
        Path part = Files.createTempFile(folder, "new-", ".part");
        try {
            try (OutputStream out = Files.newOutputStream(part);
                    JsonGenerator json = JSON.createGenerator(out)) {
                json.writeStartArray();
                for (Map.Entry<String, Map<ReportRow, Long>> domain : domains.entrySet()) {
                    for (Map.Entry<ReportRow, Long> row : domain.getValue().entrySet()) {
                        json.writeStartArray();
                        json.writeString(domain.getKey());
                        json.writeString(row.getValue().toString());
                        for (String field : row.getKey().fields()) {
                            json.writeString(field);
                        }
                        json.writeEndArray();
                    }
                }
                json.writeEndArray();
            }
            Files.move(
                    part,
                    folder.resolve(day + SUFFIX),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static Map<String, Map<ReportRow, Long>> read(Path file) throws IOException {
        Map<String, Map<ReportRow, Long>> domains = new LinkedHashMap<>();
        try (JsonParser json = JSON.createParser(file.toFile())) {
            require(json.nextToken() == JsonToken.START_ARRAY);
            while (json.nextToken() == JsonToken.START_ARRAY) {
                List<String> texts = new ArrayList<>();
                while (json.nextToken() == JsonToken.VALUE_STRING) {
                    texts.add(json.getText());
                }
                require(json.currentToken() == JsonToken.END_ARRAY
                        && texts.size() > 2
                        && texts.get(1).matches("[0-9]{1,18}"));
                Optional<ReportRow> row = ReportRow.read(texts.subList(2, texts.size()));
                require(row.isPresent());
                domains.computeIfAbsent(texts.get(0), fresh -> new LinkedHashMap<>())
                        .put(row.get(), Long.valueOf(texts.get(1)));
            }
            require(json.currentToken() == JsonToken.END_ARRAY);
        }
        return domains;
    }

    private static void require(boolean right) throws IOException {
        if (!right) {
            throw new IOException("it holds something else than counts for DMARC reports");
        }
    }
}
