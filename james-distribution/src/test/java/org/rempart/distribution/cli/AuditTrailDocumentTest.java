/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/audit-trail.md describes every event and every field that the code can write. */
class AuditTrailDocumentTest {
    private static final Path PROJECT = Path.of("").toAbsolutePath().getParent();
    private static final Pattern EVENT_CALL = Pattern.compile(
            "(?:AuditTrail\\.event|AuditEvent\\.now|\\baudit|\\blog)\\(\\s*([^,;]*?)[,;)]\\s*(?:session|\\.|;|\\n)");
    private static final Pattern EVENT_LIST = Pattern.compile("List<String> EVENTS = List\\.of\\(([^)]*)\\)");
    private static final Pattern LITERAL = Pattern.compile("\"([a-z]+(?:-[a-z]+)*)\"");
    private static final Pattern FIELD = Pattern.compile("\\.with\\(\\s*\"([a-zA-Z]+)\"");

    private static List<String> sources() throws IOException {
        try (Stream<Path> tree = Files.walk(PROJECT)) {
            List<Path> files = tree.filter(file -> file.toString().endsWith(".java")
                            && file.toString().contains("/src/main/java/org/rempart/"))
                    .toList();
            List<String> texts = new java.util.ArrayList<>();
            for (Path file : files) {
                String text = Files.readString(file);
                if (text.contains("AuditEvent") || text.contains("AuditTrail")) {
                    texts.add(text);
                }
            }
            return texts;
        }
    }

    private static Set<String> found(Pattern call, Pattern inside, List<String> sources) {
        Set<String> found = new TreeSet<>();
        for (String source : sources) {
            for (Matcher matcher = call.matcher(source); matcher.find(); ) {
                inside.matcher(matcher.group(1)).results().forEach(result -> found.add(result.group(1)));
            }
        }
        return found;
    }

    @Test
    void everyEventAndFieldIsDescribed() throws Exception {
        List<String> sources = sources();
        Set<String> events = found(EVENT_CALL, LITERAL, sources);
        events.addAll(found(EVENT_LIST, LITERAL, sources));
        assertThat(events)
                .contains("login", "login-delayed", "blocked-refused", "submission", "reception", "held", "kept");
        Set<String> fields = new TreeSet<>();
        sources.forEach(source -> FIELD.matcher(source).results().forEach(result -> fields.add(result.group(1))));
        assertThat(fields).contains("connection", "mail", "mailsDeleted");
        String document = Files.readString(PROJECT.resolve("docs/audit-trail.md"));
        assertThat(Stream.concat(events.stream(), fields.stream()))
                .allSatisfy(name -> assertThat(document).contains("| `" + name + "` |"));
    }
}
