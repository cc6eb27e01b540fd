/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** The audit trail in its files, the rotated ones too, oldest first. */
final class Trail {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** As conf/logback.xml names what is rotated. */
    private static final Pattern ROTATED = Pattern.compile("audit-(\\d{4}-\\d\\d-\\d\\d)\\.(\\d+)\\.log(\\.gz)?");

    private static final String CURRENT = "audit.log";

    private final List<Path> files;

    private Trail(List<Path> files) {
        this.files = files;
    }

    /** The trail in this folder. */
    static Trail of(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (Stream<Path> all = Files.list(folder)) {
                all.filter(file -> order(file) != null)
                        .sorted(Comparator.comparing(Trail::order))
                        .forEach(files::add);
            }
        }
        return new Trail(files);
    }

    /** What sorts files by their age; null for other files. */
    private static String order(Path file) {
        String name = file.getFileName().toString();
        if (name.equals(CURRENT)) {
            return "~";
        }
        Matcher rotated = ROTATED.matcher(name);
        return rotated.matches()
                ? rotated.group(1) + String.format(Locale.ROOT, ".%09d", Long.parseLong(rotated.group(2)))
                : null;
    }

    /**
     * All that belongs to a mail, a connection or an account.
     *
     * @param names by which it may be called: all of one thing
     */
    List<JsonNode> follow(List<String> names) throws IOException {
        Set<String> wanted = new HashSet<>();
        names.forEach(name -> wanted.add(name.toLowerCase(Locale.ROOT)));
        Set<String> mails = new HashSet<>();
        Set<String> connections = new HashSet<>();
        read(event -> {
            if (isNamed(event, wanted)) {
                add(mails, event.path("mail"));
                add(connections, event.path("connection"));
            }
        });
        List<JsonNode> found = new ArrayList<>();
        read(event -> {
            if (isNamed(event, wanted) || isOf(event, mails, connections)) {
                found.add(event);
            }
        });
        return found;
    }

    private static void add(Set<String> to, JsonNode text) {
        if (text.isTextual()) {
            to.add(text.asText());
        }
    }

    private static boolean isNamed(JsonNode event, Set<String> wanted) {
        for (String field : List.of("account", "connection", "messageId", "from", "sender", "recipient", "subject")) {
            if (wanted.contains(event.path(field).asText().toLowerCase(Locale.ROOT))) {
                return true;
            }
        }
        for (JsonNode recipient : event.path("recipients")) {
            if (wanted.contains(recipient.asText().toLowerCase(Locale.ROOT))) {
                return true;
            }
        }
        // Of a delivery: a recipient, and what was said of it.
        for (JsonNode outcome : event.path("outcomes")) {
            if (wanted.contains(outcome.asText().split(" ", 2)[0].toLowerCase(Locale.ROOT))) {
                return true;
            }
        }
        return isPartOf(event.path("mail").asText().toLowerCase(Locale.ROOT), wanted);
    }

    /** Of a connection that brought one of the mails, what is about that mail, or about none. */
    private static boolean isOf(JsonNode event, Set<String> mails, Set<String> connections) {
        String mail = event.path("mail").asText();
        return mail.isEmpty() ? connections.contains(event.path("connection").asText()) : isPartOf(mail, mails);
    }

    /** James calls the parts of a mail by its name and something behind it, such as {@code Mail1-to-example.com}. */
    private static boolean isPartOf(String mail, Set<String> mails) {
        for (int end = mail.length(); end > 0; end = mail.lastIndexOf('-', end - 1)) {
            if (mails.contains(mail.substring(0, end))) {
                return true;
            }
        }
        return false;
    }

    private void read(Consumer<JsonNode> events) throws IOException {
        for (Path file : files) {
            try (InputStream raw = Files.newInputStream(file);
                    InputStream text = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
                    BufferedReader lines = new BufferedReader(new InputStreamReader(text, StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    event(line).ifPresent(events);
                }
            }
        }
    }

    /** Empty for the last line of a server that was killed. */
    private static Optional<JsonNode> event(String line) {
        try {
            return Optional.of(JSON.readTree(line));
        } catch (JsonProcessingException cut) {
            return Optional.empty();
        }
    }
}
