/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.rempart.audit.Finding;
import org.rempart.audit.Result;
import org.rempart.audit.Verdict;

/** An earlier run, to compare with. */
public final class Baseline {
    private static final long LARGEST = 64L << 20;

    private final Map<String, String> verdicts;

    private Baseline(Map<String, String> verdicts) {
        this.verdicts = verdicts;
    }

    /**
     * Reads a JSON report.
     *
     * @throws IOException also if it is none
     */
    public static Baseline read(Path file) throws IOException {
        if (Files.size(file) > LARGEST) {
            throw new IOException(file + " is too large for a report of an earlier run");
        }
        JsonNode root;
        try {
            root = new JsonMapper().readTree(file.toFile());
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IOException(file + " is no JSON report of an earlier run: " + e.getOriginalMessage(), e);
        }
        if (root.path("format").asInt() != JsonReport.FORMAT
                || !root.path("findings").isArray()) {
            throw new IOException(file + " is no JSON report of an earlier run (--json)");
        }
        Map<String, String> verdicts = new LinkedHashMap<>();
        for (JsonNode finding : root.path("findings")) {
            verdicts.put(
                    finding.path("id").asText() + " @ "
                            + finding.path("subject").asText(),
                    finding.path("verdict").asText());
        }
        return new Baseline(verdicts);
    }

    /**
     * What changed.
     *
     * @param text for a terminal
     */
    public record Changes(Map<String, String> before, String text) {
        /** Whether this did not fail before. */
        public boolean isNew(Finding finding) {
            return !Verdict.FAIL.label().equals(before.get(finding.key()));
        }
    }

    /** Compares. */
    public Changes changes(Result now) {
        StringBuilder text = new StringBuilder("\nSince the earlier run:\n");
        int changed = 0;
        Map<String, String> gone = new LinkedHashMap<>(verdicts);
        for (Finding finding : now.findings()) {
            String before = gone.remove(finding.key());
            String after = finding.verdict().label();
            if (!after.equals(before)) {
                changed++;
                text.append("  ")
                        .append(finding.check().id())
                        .append("  ")
                        .append(finding.subject())
                        .append(": ")
                        .append(before == null ? "new" : before)
                        .append(" -> ")
                        .append(after)
                        .append('\n');
            }
        }
        for (Map.Entry<String, String> entry : gone.entrySet()) {
            changed++;
            text.append("  ")
                    .append(org.rempart.audit.net.Printable.line(entry.getKey(), 200))
                    .append(": ")
                    .append(org.rempart.audit.net.Printable.line(entry.getValue(), 20))
                    .append(" -> not looked at\n");
        }
        if (changed == 0) {
            text.append("  nothing changed\n");
        }
        return new Changes(Map.copyOf(verdicts), text.toString());
    }
}
