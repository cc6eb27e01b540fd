/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A server's audit trail, one JSON object a line. */
record AuditLog(List<JsonNode> events) {
    private static final JsonMapper JSON = new JsonMapper();

    /** Reads it; a line that is no JSON object fails. */
    static AuditLog of(Path home) throws IOException {
        List<JsonNode> events = new ArrayList<>();
        String log = Files.readString(home.resolve("var/log/audit.log"), StandardCharsets.UTF_8);
        // What stands behind the last line end is still being written.
        for (String line :
                (Iterable<String>) log.substring(0, log.lastIndexOf('\n') + 1).lines()::iterator) {
            JsonNode event = JSON.readTree(line);
            if (!event.isObject() || !event.path("event").isTextual()) {
                throw new IOException("not an event: " + line);
            }
            events.add(event);
        }
        return new AuditLog(events);
    }

    List<JsonNode> events(String name) {
        return events.stream()
                .filter(event -> event.path("event").asText().equals(name))
                .toList();
    }
}
