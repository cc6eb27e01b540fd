/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The results as a Markdown table: medians of the rounds, and for our server how many times another's rate it has. */
final class Table {
    private Table() {}

    /** Lines of one load's table. The first contestant is the one that the others are compared with. */
    static String of(Scenario scenario, Map<String, List<Round>> rounds) {
        StringBuilder table = new StringBuilder();
        table.append("### ").append(scenario).append("\n\n");
        table.append(
                "| | accepted /s | delivered /s (min–max) | ours is × | answer ms p50 / p99 | arrival ms p50 / p99 "
                        + "| CPU ms a mail | late |\n");
        table.append("|---|---|---|---|---|---|---|---|\n");
        List<Round> first = rounds.values().iterator().next();
        double ours = median(first, Round::delivered);
        rounds.forEach((name, all) -> {
            double delivered = median(all, Round::delivered);
            table.append(String.format(
                    Locale.ROOT,
                    "| %s | %.0f | %.0f (%.0f–%.0f) | %s | %.1f / %.1f | %s | %.1f | %d |%n",
                    name,
                    median(all, Round::accepted),
                    delivered,
                    all.stream().mapToDouble(Round::delivered).min().orElse(0),
                    all.stream().mapToDouble(Round::delivered).max().orElse(0),
                    all.equals(first) ? "" : String.format(Locale.ROOT, "%.2f", ours / delivered),
                    median(all, round -> Round.percentile(round.answerMillis(), 0.5)),
                    median(all, round -> Round.percentile(round.answerMillis(), 0.99)),
                    scenario.route() != Scenario.Route.RELAY
                            ? "–"
                            : String.format(
                                    Locale.ROOT,
                                    "%.0f / %.0f",
                                    median(all, round -> Round.percentile(round.arriveMillis(), 0.5)),
                                    median(all, round -> Round.percentile(round.arriveMillis(), 0.99))),
                    median(all, Round::cpuPerMail),
                    all.stream().mapToInt(Round::late).sum()));
        });
        return table.append('\n').toString();
    }

    private static double median(List<Round> rounds, ToDoubleFunction<Round> value) {
        return Round.median(rounds.stream().mapToDouble(value).toArray());
    }
}
