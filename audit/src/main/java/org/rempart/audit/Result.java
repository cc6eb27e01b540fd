/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A run, ended.
 *
 * @param target what was audited
 * @param places listeners that were found, or the folder
 * @param started when
 * @param took how long
 * @param connections how many were made
 * @param heldOff what the server said when it began to hold us off; empty if it did not
 */
public record Result(
        String target,
        List<String> places,
        Instant started,
        Duration took,
        int connections,
        Optional<String> heldOff,
        List<Finding> findings) {
    public Result {
        places = List.copyOf(places);
        findings = List.copyOf(findings);
    }

    /** Failures of at least this severity. */
    public List<Finding> failures(Severity least) {
        return findings.stream()
                .filter(finding -> finding.verdict() == Verdict.FAIL
                        && finding.check().severity().compareTo(least) >= 0)
                .toList();
    }

    /** What was to be tested and was not, of at least this severity: a run with it is not whole. */
    public List<Finding> open(Severity least) {
        return findings.stream()
                .filter(finding -> finding.verdict() == Verdict.NOT_TESTABLE
                        && finding.check().severity().compareTo(least) >= 0)
                .toList();
    }

    public long count(Verdict verdict) {
        return findings.stream().filter(finding -> finding.verdict() == verdict).count();
    }
}
