/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.rempart.distribution.home.Home;
import org.rempart.policy.trail.Pseudonyms;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Follows a mail, or an account, through the audit trail. */
@Command(
        name = "trace",
        description = "Follow a mail, or an account, from the login to the last delivery, as the audit trail tells it.")
final class TraceCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Home home;

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "ID|ACCOUNT",
            description = "the name of a mail in the queue, its Message-ID, the id of a connection, an account, or the"
                    + " address of a sender or recipient")
    private String wanted;

    @Option(names = "--json", description = "as in the trail, one JSON object a line")
    private boolean json;

    TraceCommand(Home home) {
        this.home = home;
    }

    @Override
    public Integer call() throws IOException {
        List<String> names = new ArrayList<>(List.of(wanted));
        File key = home.var("audit.key").toFile();
        if (key.exists()) {
            // The trail may name it by its hash.
            names.add(Pseudonyms.of(key).of(wanted));
        }
        PrintWriter out = spec.commandLine().getOut();
        List<JsonNode> events = Trail.of(home.var("log")).follow(names);
        for (JsonNode event : events) {
            out.println(json ? JSON.writeValueAsString(event) : line(event));
        }
        if (events.isEmpty() && !json) {
            out.println("The audit trail knows nothing of " + Group.plain(wanted) + ".");
        }
        out.flush();
        return events.isEmpty() ? 1 : 0;
    }

    /** Time, event, and the fields that say most, in an order that can be read; then the others. */
    private static String line(JsonNode event) {
        StringBuilder line = new StringBuilder(event.path("time").asText())
                .append("  ")
                .append(event.path("event").asText());
        List<String> first = List.of("verdict", "account", "mail", "from", "recipients", "recipient");
        for (String field : first) {
            append(line, field, event.path(field));
        }
        for (Map.Entry<String, JsonNode> field : event.properties()) {
            if (!first.contains(field.getKey())
                    && !List.of("v", "time", "event").contains(field.getKey())) {
                append(line, field.getKey(), field.getValue());
            }
        }
        return Group.plain(line.toString());
    }

    private static void append(StringBuilder line, String field, JsonNode value) {
        if (value.isMissingNode()) {
            return;
        }
        line.append("  ").append(field).append('=');
        if (value.isArray()) {
            List<String> elements = new ArrayList<>();
            value.forEach(element -> elements.add(element.asText()));
            line.append(String.join(",", elements));
        } else {
            line.append(value.isValueNode() ? value.asText() : value.toString());
        }
    }
}
