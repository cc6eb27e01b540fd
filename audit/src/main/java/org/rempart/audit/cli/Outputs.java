/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.rempart.audit.Finding;
import org.rempart.audit.Result;
import org.rempart.audit.Severity;
import org.rempart.audit.Verdict;
import org.rempart.audit.report.Baseline;
import org.rempart.audit.report.HtmlReport;
import org.rempart.audit.report.JsonReport;
import org.rempart.audit.report.JunitReport;
import org.rempart.audit.report.Report;
import org.rempart.audit.report.SarifReport;
import org.rempart.audit.report.TerminalReport;
import picocli.CommandLine.Option;

/** Where the result goes, and what the exit code says of it. */
final class Outputs {
    @Option(names = "--json", paramLabel = "FILE", description = "Write the report as JSON; - is standard output.")
    Path json;

    @Option(names = "--html", paramLabel = "FILE", description = "Write the report as one self-contained page.")
    Path html;

    @Option(names = "--junit", paramLabel = "FILE", description = "Write the report as JUnit XML.")
    Path junit;

    @Option(names = "--sarif", paramLabel = "FILE", description = "Write the report as SARIF 2.1.0.")
    Path sarif;

    @Option(
            names = "--baseline",
            paramLabel = "FILE",
            description = "A JSON report of an earlier run: show what changed, and fail for new failures only.")
    Path baseline;

    @Option(
            names = "--fail-on",
            paramLabel = "SEVERITY",
            defaultValue = "LOW",
            description = "low, medium, high, critical: failures from this severity on end with exit code 1"
                    + " (default: ${DEFAULT-VALUE}).")
    Severity failOn;

    @Option(names = "--all", description = "Show what passed and what was not asked for, too.")
    boolean all;

    @Option(names = "--colour", negatable = true, description = "Colours; by default where a terminal reads.")
    Boolean colour;

    private Baseline earlier;

    /** Reads what is to be read before the run: a fault in it shall not show after minutes. */
    void prepare() throws IOException {
        if (baseline != null) {
            earlier = Baseline.read(baseline);
        }
        for (Path file : new Path[] {json, html, junit, sarif}) {
            if (file != null && !file.toString().equals("-")) {
                Path folder = file.toAbsolutePath().getParent();
                if (!Files.isDirectory(folder)) {
                    throw new IOException("there is no folder " + folder + " for " + file.getFileName());
                }
            }
        }
    }

    /** Whether the terminal report has to keep off standard output. */
    boolean takesStandardOutput() {
        return json != null && json.toString().equals("-");
    }

    boolean colours() {
        if (colour != null) {
            return colour;
        }
        return Terminal.shows() && System.getenv("NO_COLOR") == null && !takesStandardOutput();
    }

    /** Writes all that was asked for. Returns the exit code. */
    int write(Result result, PrintWriter out) throws IOException {
        write(json, new JsonReport(), result, out);
        write(html, new HtmlReport(), result, out);
        write(junit, new JunitReport(), result, out);
        write(sarif, new SarifReport(), result, out);
        if (!takesStandardOutput()) {
            out.print(new TerminalReport(colours(), all).of(result));
        }
        List<Finding> failures = result.failures(failOn);
        if (earlier != null) {
            Baseline.Changes changes = earlier.changes(result);
            if (!takesStandardOutput()) {
                out.print(changes.text());
            }
            failures = failures.stream().filter(changes::isNew).toList();
        }
        if (!takesStandardOutput()) {
            for (Path file : new Path[] {json, html, junit, sarif}) {
                if (file != null) {
                    out.println("Written: " + file);
                }
            }
        }
        out.flush();
        if (!failures.isEmpty()) {
            return 1;
        }
        Severity whole = failOn.compareTo(Severity.HIGH) > 0 ? failOn : Severity.HIGH;
        List<Finding> open = result.open(whole);
        if (!open.isEmpty() || result.findings().stream().noneMatch(Outputs::tested)) {
            if (!takesStandardOutput()) {
                out.println("Not whole: " + open.size() + " tests of severity "
                        + whole.name().toLowerCase(Locale.ROOT) + " or above could not be made, so this is no pass.");
                out.flush();
            }
            return Main.NOT_RUN;
        }
        return 0;
    }

    private static boolean tested(Finding finding) {
        return finding.verdict() != Verdict.NOT_ASKED && finding.verdict() != Verdict.NOT_TESTABLE;
    }

    private static void write(Path file, Report report, Result result, PrintWriter out) throws IOException {
        if (file == null) {
            return;
        }
        String text = report.of(result);
        if (file.toString().equals("-")) {
            out.print(text);
        } else {
            Files.writeString(file, text, StandardCharsets.UTF_8);
        }
    }
}
