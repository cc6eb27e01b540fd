/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.report;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.audit.Check;
import org.rempart.audit.Finding;
import org.rempart.audit.Result;
import org.rempart.audit.Severity;

/** SARIF 2.1.0 (OASIS), for places that collect findings of many tools. */
public final class SarifReport implements Report {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Pattern FILE_AND_LINE = Pattern.compile("(.+\\.(?:xml|properties|conf|options)):(\\d+)");

    @Override
    public String of(Result result) throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.put("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
        root.put("version", "2.1.0");
        ObjectNode run = root.putArray("runs").addObject();
        ObjectNode driver = run.putObject("tool").putObject("driver");
        driver.put("name", "rempart audit");
        List<Check> checks = new ArrayList<>();
        for (Finding finding : result.findings()) {
            if (!checks.contains(finding.check())) {
                checks.add(finding.check());
            }
        }
        ArrayNode rules = driver.putArray("rules");
        for (Check check : checks) {
            ObjectNode rule = rules.addObject();
            rule.put("id", check.id());
            rule.putObject("shortDescription").put("text", check.title());
            rule.putObject("fullDescription").put("text", check.why() + " (" + check.source() + ")");
            StringBuilder help = new StringBuilder();
            check.fixes()
                    .forEach((product, fix) ->
                            help.append(product).append(":\n").append(fix).append("\n\n"));
            rule.putObject("help").put("text", help.toString());
            rule.putObject("defaultConfiguration").put("level", level(check.severity()));
            ObjectNode properties = rule.putObject("properties");
            properties.put("security-severity", securitySeverity(check.severity()));
            properties.putArray("tags").add("security").add("check-list/" + check.line());
        }
        ArrayNode results = run.putArray("results");
        for (Finding finding : result.findings()) {
            ObjectNode node = results.addObject();
            node.put("ruleId", finding.check().id());
            node.put("ruleIndex", checks.indexOf(finding.check()));
            node.put(
                    "kind",
                    switch (finding.verdict()) {
                        case PASS -> "pass";
                        case FAIL -> "fail";
                        case WARN -> "review";
                        case NOT_TESTABLE -> "open";
                        case NOT_ASKED -> "notApplicable";
                    });
            // The level has a meaning with kind fail alone (section 3.27.10).
            node.put(
                    "level",
                    switch (finding.verdict()) {
                        case FAIL -> level(finding.check().severity());
                        default -> "none";
                    });
            String evidence = finding.evidence().isEmpty() ? "" : "\n" + String.join("\n", finding.evidence());
            node.putObject("message").put("text", finding.subject() + ": " + finding.summary() + evidence);
            node.putObject("partialFingerprints").put("checkAndPlace/v1", finding.key());
            location(node, finding, result);
        }
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    }

    private static void location(ObjectNode node, Finding finding, Result result) {
        ObjectNode location = node.putArray("locations").addObject();
        Matcher file = FILE_AND_LINE.matcher(finding.subject());
        if (file.matches()) {
            ObjectNode physical = location.putObject("physicalLocation");
            physical.putObject("artifactLocation").put("uri", file.group(1).replace(" ", "%20"));
            physical.putObject("region").put("startLine", Math.max(1, Integer.parseInt(file.group(2))));
        } else {
            location.putArray("logicalLocations")
                    .addObject()
                    .put("fullyQualifiedName", result.target() + "/" + finding.subject())
                    .put("kind", "resource");
        }
    }

    private static String level(Severity severity) {
        return switch (severity) {
            case LOW -> "note";
            case MEDIUM -> "warning";
            case HIGH, CRITICAL -> "error";
        };
    }

    private static String securitySeverity(Severity severity) {
        return switch (severity) {
            case LOW -> "3.0";
            case MEDIUM -> "5.5";
            case HIGH -> "8.0";
            case CRITICAL -> "9.5";
        };
    }
}
