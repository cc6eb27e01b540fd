/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.report;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import org.rempart.audit.Area;
import org.rempart.audit.Finding;
import org.rempart.audit.Result;
import org.rempart.audit.Scores;
import org.rempart.audit.Scores.Score;
import org.rempart.audit.Verdict;

/** JSON, as {@code docs/audit-report.schema.json} describes it. */
public final class JsonReport implements Report {
    /** The version of the form: a new number when something is taken away or means something else. */
    static final int FORMAT = 1;

    private static final JsonMapper JSON = new JsonMapper();

    @Override
    public String of(Result result) throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        root.put("target", result.target());
        root.put("started", result.started().toString());
        root.put("seconds", result.took().toMillis() / 1000.0);
        root.put("connections", result.connections());
        result.heldOff().ifPresent(answer -> root.put("heldOff", answer));
        ArrayNode places = root.putArray("places");
        result.places().forEach(places::add);
        ObjectNode counts = root.putObject("counts");
        for (Verdict verdict : Verdict.values()) {
            counts.put(verdict.label(), result.count(verdict));
        }
        ObjectNode scores = root.putObject("scores");
        scores.set("all", score(Scores.of(result.findings())));
        for (Map.Entry<Area, Score> area : Scores.byArea(result.findings()).entrySet()) {
            scores.set(String.valueOf(area.getKey().letter()), score(area.getValue()));
        }
        ArrayNode findings = root.putArray("findings");
        for (Finding finding : result.findings()) {
            ObjectNode node = findings.addObject();
            node.put("id", finding.check().id());
            node.put("line", finding.check().line());
            node.put("severity", finding.check().severity().name().toLowerCase(Locale.ROOT));
            node.put("title", finding.check().title());
            node.put("subject", finding.subject());
            node.put("verdict", finding.verdict().label());
            node.put("summary", finding.summary());
            ArrayNode evidence = node.putArray("evidence");
            finding.evidence().forEach(evidence::add);
            if (finding.verdict() == Verdict.FAIL || finding.verdict() == Verdict.WARN) {
                node.put("why", finding.check().why());
                node.put("source", finding.check().source());
                ObjectNode fixes = node.putObject("fixes");
                finding.check().fixes().forEach(fixes::put);
            }
        }
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    }

    private static ObjectNode score(Score score) {
        ObjectNode node = JSON.createObjectNode();
        if (score.percent() >= 0) {
            node.put("percent", score.percent());
        } else {
            node.putNull("percent");
        }
        node.put("passed", score.passed());
        node.put("tested", score.tested());
        node.put("notTestable", score.open());
        return node;
    }
}
