/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.report;

import io.pebbletemplates.pebble.PebbleEngine;
import io.pebbletemplates.pebble.loader.ClasspathLoader;
import java.io.IOException;
import java.io.StringWriter;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.rempart.audit.Area;
import org.rempart.audit.Check;
import org.rempart.audit.Finding;
import org.rempart.audit.Result;
import org.rempart.audit.Scores;
import org.rempart.audit.Scores.Score;
import org.rempart.audit.Verdict;

/** One page, with nothing to load: light and dark, for a screen of any width, and for paper. */
public final class HtmlReport implements Report {
    private static final PebbleEngine ENGINE = engine();

    private static PebbleEngine engine() {
        ClasspathLoader loader = new ClasspathLoader(HtmlReport.class.getClassLoader());
        loader.setPrefix("org/rempart/audit");
        return new PebbleEngine.Builder()
                .loader(loader)
                .autoEscaping(true)
                // Evidence is told line by line.
                .newLineTrimming(false)
                .strictVariables(true)
                .defaultLocale(Locale.ROOT)
                .build();
    }

    @Override
    public String of(Result result) throws IOException {
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("target", result.target());
        model.put("places", result.places());
        model.put(
                "started",
                DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT)
                        .withZone(ZoneOffset.UTC)
                        .format(result.started()));
        model.put("seconds", String.format(Locale.ROOT, "%.1f", result.took().toMillis() / 1000.0));
        model.put("connections", result.connections());
        model.put("heldOff", result.heldOff().orElse(""));
        List<Map<String, Object>> scores = new ArrayList<>();
        scores.add(score("In all", Scores.of(result.findings())));
        Scores.byArea(result.findings()).forEach((area, score) -> scores.add(score(area.title(), score)));
        model.put("scores", scores);
        List<Map<String, Object>> counts = new ArrayList<>();
        for (Verdict verdict :
                List.of(Verdict.FAIL, Verdict.WARN, Verdict.NOT_TESTABLE, Verdict.PASS, Verdict.NOT_ASKED)) {
            counts.add(Map.of("label", verdict.label(), "css", css(verdict), "count", result.count(verdict)));
        }
        model.put("counts", counts);
        model.put("problems", groups(result, List.of(Verdict.FAIL, Verdict.WARN)));
        model.put("open", groups(result, List.of(Verdict.NOT_TESTABLE)));
        model.put("passed", groups(result, List.of(Verdict.PASS)));
        model.put("skipped", groups(result, List.of(Verdict.NOT_ASKED)));
        StringWriter page = new StringWriter();
        ENGINE.getTemplate("report.html").evaluate(page, model);
        return page.toString();
    }

    private static Map<String, Object> score(String title, Score score) {
        Map<String, Object> node = new LinkedHashMap<>();
        node.put("title", title);
        node.put("known", score.percent() >= 0);
        node.put("percent", Math.max(0, score.percent()));
        node.put(
                "css",
                score.percent() < 0 ? "open" : score.percent() >= 90 ? "pass" : score.percent() > 60 ? "warn" : "fail");
        node.put(
                "text",
                score.passed() + " of " + score.tested() + " checks passed"
                        + (score.open() > 0 ? ", " + score.open() + " not testable" : ""));
        return node;
    }

    /** A check with the worst of its verdicts, and its findings. */
    private static List<Map<String, Object>> groups(Result result, List<Verdict> verdicts) {
        List<Map<String, Object>> groups = new ArrayList<>();
        List<Finding> sorted = new ArrayList<>();
        for (Verdict verdict : verdicts) {
            List<Finding> some = new ArrayList<>(result.findings().stream()
                    .filter(finding -> finding.verdict() == verdict)
                    .toList());
            some.sort((one, other) ->
                    other.check().severity().compareTo(one.check().severity()));
            sorted.addAll(some);
        }
        Map<String, Map<String, Object>> byKey = new LinkedHashMap<>();
        for (Finding finding : sorted) {
            Check check = finding.check();
            Map<String, Object> group = byKey.computeIfAbsent(check.id() + finding.verdict(), key -> {
                Map<String, Object> made = new LinkedHashMap<>();
                made.put("id", check.id());
                made.put("line", check.line());
                made.put("area", Area.ofLine(check.line()).title());
                made.put("severity", check.severity().name().toLowerCase(Locale.ROOT));
                made.put("title", check.title());
                made.put("why", check.why());
                made.put("source", check.source());
                made.put("fixes", new ArrayList<>(check.fixes().entrySet()));
                made.put("label", finding.verdict().label());
                made.put("css", css(finding.verdict()));
                made.put("findings", new ArrayList<Map<String, Object>>());
                groups.add(made);
                return made;
            });
            @SuppressWarnings("unchecked") // put there above
            List<Map<String, Object>> findings = (List<Map<String, Object>>) group.get("findings");
            findings.add(
                    Map.of("subject", finding.subject(), "summary", finding.summary(), "evidence", finding.evidence()));
        }
        return groups;
    }

    private static String css(Verdict verdict) {
        return switch (verdict) {
            case PASS -> "pass";
            case WARN -> "warn";
            case FAIL -> "fail";
            case NOT_TESTABLE -> "open";
            case NOT_ASKED -> "skip";
        };
    }
}
