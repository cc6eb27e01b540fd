/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.report;

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

/** Text for a terminal: what is wrong first, with what to change. */
public final class TerminalReport implements Report {
    private static final int EVIDENCE = 4;

    private final boolean colours;
    private final boolean all;

    /**
     * A form of the report.
     *
     * @param colours whether the terminal has them
     * @param all whether what passed and what was not asked is told, too
     */
    public TerminalReport(boolean colours, boolean all) {
        this.colours = colours;
        this.all = all;
    }

    @Override
    public String of(Result result) {
        StringBuilder out = new StringBuilder();
        Remedies remedies = Remedies.of(result);
        for (Verdict verdict : List.of(Verdict.FAIL, Verdict.WARN, Verdict.NOT_TESTABLE)) {
            Map<Check, List<Finding>> byCheck = byCheck(result, verdict);
            byCheck.forEach((check, findings) -> problem(out, check, findings, verdict, remedies));
        }
        if (all) {
            for (Verdict verdict : List.of(Verdict.NOT_ASKED, Verdict.PASS)) {
                out.append('\n');
                byCheck(result, verdict)
                        .forEach((check, findings) -> findings.forEach(finding -> out.append(label(verdict))
                                .append(' ')
                                .append(check.id())
                                .append("  ")
                                .append(finding.subject())
                                .append(": ")
                                .append(finding.summary())
                                .append('\n')));
            }
        }
        summary(out, result);
        return out.toString();
    }

    private static Map<Check, List<Finding>> byCheck(Result result, Verdict verdict) {
        Map<Check, List<Finding>> byCheck = new LinkedHashMap<>();
        List<Finding> findings = new ArrayList<>(result.findings());
        findings.sort(
                (one, other) -> other.check().severity().compareTo(one.check().severity()));
        for (Finding finding : findings) {
            if (finding.verdict() == verdict) {
                byCheck.computeIfAbsent(finding.check(), check -> new ArrayList<>())
                        .add(finding);
            }
        }
        return byCheck;
    }

    private void problem(StringBuilder out, Check check, List<Finding> findings, Verdict verdict, Remedies remedies) {
        out.append('\n')
                .append(label(verdict))
                .append(' ')
                .append(bold(check.title()))
                .append("  [")
                .append(check.id())
                .append(", ")
                .append(check.line())
                .append(", ")
                .append(check.severity().name().toLowerCase(Locale.ROOT))
                .append("]\n");
        for (Finding finding : findings) {
            out.append("  ")
                    .append(finding.subject())
                    .append(": ")
                    .append(finding.summary())
                    .append('\n');
            finding.evidence().stream()
                    .limit(EVIDENCE)
                    .forEach(line -> out.append("      ").append(line).append('\n'));
            if (finding.evidence().size() > EVIDENCE) {
                out.append("      … ")
                        .append(finding.evidence().size() - EVIDENCE)
                        .append(" more lines\n");
            }
        }
        if (verdict == Verdict.FAIL) {
            out.append("  Why: ").append(check.why()).append('\n');
            remedies.inShort(check).forEach((product, fix) -> {
                out.append("  ").append(product).append(":\n");
                fix.lines().forEach(line -> out.append("      ").append(line).append('\n'));
            });
            out.append("  Other servers, and the sources: rempart-audit explain ")
                    .append(check.id())
                    .append('\n');
        }
    }

    private void summary(StringBuilder out, Result result) {
        out.append('\n');
        for (Map.Entry<Area, Score> entry : Scores.byArea(result.findings()).entrySet()) {
            out.append(String.format(Locale.ROOT, "%-18s %s%n", entry.getKey().title(), score(entry.getValue())));
        }
        out.append(String.format(Locale.ROOT, "%-18s %s%n", "In all", score(Scores.of(result.findings()))));
        out.append(String.format(
                Locale.ROOT,
                "%d failed, %d warnings, %d not testable, %d passed, %d not asked; %.1f s, %d connections%n",
                result.count(Verdict.FAIL),
                result.count(Verdict.WARN),
                result.count(Verdict.NOT_TESTABLE),
                result.count(Verdict.PASS),
                result.count(Verdict.NOT_ASKED),
                result.took().toMillis() / 1000.0,
                result.connections()));
        result.heldOff()
                .ifPresent(answer -> out.append("The server holds this client off (")
                        .append(answer)
                        .append("). What was not tested by then is not testable now; try again later, or exempt this"
                                + " address for the time of the audit.\n"));
    }

    private static String score(Score score) {
        if (score.percent() < 0) {
            return score.open() > 0 ? "not testable" : "not looked at";
        }
        return String.format(
                        Locale.ROOT, "%3d %%   %d of %d checks passed", score.percent(), score.passed(), score.tested())
                + (score.open() > 0 ? ", " + score.open() + " not testable" : "");
    }

    private String label(Verdict verdict) {
        String text =
                switch (verdict) {
                    case PASS -> "PASS";
                    case WARN -> "WARN";
                    case FAIL -> "FAIL";
                    case NOT_TESTABLE -> "OPEN";
                    case NOT_ASKED -> "SKIP";
                };
        if (!colours) {
            return text;
        }
        int colour =
                switch (verdict) {
                    case PASS -> 32;
                    case WARN -> 33;
                    case FAIL -> 31;
                    case NOT_TESTABLE -> 35;
                    case NOT_ASKED -> 90;
                };
        return "\u001b[" + colour + "m" + text + "\u001b[0m";
    }

    private String bold(String text) {
        return colours ? "\u001b[1m" + text + "\u001b[0m" : text;
    }
}
