/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What the findings come to, in percent, for each area and in all. A check counts by its severity, and once, with the worst
 * of its places: a warning for half, a failure and what was not testable for nothing. What was not asked for does not count.
 * An area with a failure that is critical has at most 30, one with a high one at most 60.
 */
public final class Scores {
    private static final int WITH_CRITICAL = 30;
    private static final int WITH_HIGH = 60;

    /**
     * A score.
     *
     * @param percent 0 to 100; -1 if nothing was looked at
     * @param passed checks that passed everywhere
     * @param tested checks that have a verdict of pass, warn or fail
     * @param open checks that could not be tested
     */
    public record Score(int percent, int passed, int tested, int open) {}

    private Scores() {}

    /** The score of each area, in the order of the areas. */
    public static Map<Area, Score> byArea(List<Finding> findings) {
        Map<Area, Score> scores = new EnumMap<>(Area.class);
        for (Area area : Area.values()) {
            scores.put(
                    area,
                    of(findings.stream()
                            .filter(finding -> finding.check().area() == area)
                            .toList()));
        }
        return scores;
    }

    /** The score of all findings together. */
    public static Score of(List<Finding> findings) {
        Map<String, Verdict> worst = new java.util.LinkedHashMap<>();
        Map<String, Check> checks = new java.util.HashMap<>();
        for (Finding finding : findings) {
            if (finding.verdict() != Verdict.NOT_ASKED) {
                checks.put(finding.check().id(), finding.check());
                worst.merge(finding.check().id(), finding.verdict(), Scores::worse);
            }
        }
        double got = 0;
        int possible = 0;
        int passed = 0;
        int open = 0;
        int limit = 100;
        for (Map.Entry<String, Verdict> entry : worst.entrySet()) {
            Severity severity = checks.get(entry.getKey()).severity();
            possible += severity.weight();
            switch (entry.getValue()) {
                case PASS -> {
                    got += severity.weight();
                    passed++;
                }
                case WARN -> got += severity.weight() / 2.0;
                case FAIL ->
                    limit = Math.min(
                            limit,
                            severity == Severity.CRITICAL
                                    ? WITH_CRITICAL
                                    : severity == Severity.HIGH ? WITH_HIGH : 100);
                default -> open++;
            }
        }
        int percent = possible == 0 ? -1 : Math.min(limit, (int) Math.floor(100 * got / possible));
        return new Score(percent, passed, worst.size() - open, open);
    }

    private static Verdict worse(Verdict one, Verdict other) {
        return rank(one) >= rank(other) ? one : other;
    }

    private static int rank(Verdict verdict) {
        return switch (verdict) {
            case FAIL -> 3;
            case NOT_TESTABLE -> 2;
            case WARN -> 1;
            default -> 0;
        };
    }
}
