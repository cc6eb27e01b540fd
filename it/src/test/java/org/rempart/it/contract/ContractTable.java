/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.contract;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Collectors;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes the table of contract tests and ways of deploying: what passed where, and why the rest does not apply. Each run
 * adds the column of its way to {@code target/contract/table.md}.
 */
public final class ContractTable implements TestExecutionListener {
    private static final String PASSED = "passed";
    private static final String FAILED = "FAILED";

    /** What became of each test; a parameterised one has failed when it failed once. */
    private static final SortedMap<String, String> RESULTS = new ConcurrentSkipListMap<>();

    /** Tells that a test does not apply. */
    static void leftOut(TestDescriptor test, String reason) {
        test.getSource().ifPresent(source -> note(source, reason));
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        test.getSource()
                .ifPresent(source ->
                        note(source, result.getStatus() == TestExecutionResult.Status.SUCCESSFUL ? PASSED : FAILED));
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        test.getSource().ifPresent(source -> note(source, "skipped: " + reason));
    }

    private static void note(TestSource source, String result) {
        if (source instanceof MethodSource method && method.getJavaClass().isAnnotationPresent(Contract.class)) {
            RESULTS.merge(
                    method.getJavaClass().getSimpleName() + " " + method.getMethodName(),
                    result,
                    (before, now) -> before.equals(FAILED) ? before : now);
        }
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
        if (RESULTS.isEmpty()) {
            return;
        }
        try {
            Path folder = Files.createDirectories(
                    Path.of(System.getProperty("rempart.it.folder")).resolveSibling("contract"));
            Files.write(
                    folder.resolve(Way.current().label() + ".tsv"),
                    RESULTS.entrySet().stream()
                            .map(entry ->
                                    entry.getKey() + "\t" + entry.getValue().replaceAll("\\s+", " "))
                            .toList(),
                    StandardCharsets.UTF_8);
            write(folder);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static void write(Path folder) throws IOException {
        Map<Way, Map<String, String>> ways = new EnumMap<>(Way.class);
        for (Way way : Way.values()) {
            Path results = folder.resolve(way.label() + ".tsv");
            if (Files.exists(results)) {
                ways.put(
                        way,
                        Files.readAllLines(results, StandardCharsets.UTF_8).stream()
                                .map(line -> line.split("\t", 2))
                                .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1])));
            }
        }
        TreeSet<String> tests = new TreeSet<>();
        ways.values().forEach(results -> tests.addAll(results.keySet()));
        List<String> head = List.of(
                "| contract test | " + ways.keySet().stream().map(Way::label).collect(Collectors.joining(" | ")) + " |",
                "|---|" + "---|".repeat(ways.size()));
        TreeMap<String, String> rows = new TreeMap<>();
        for (String test : tests) {
            rows.put(
                    test,
                    "| " + test + " | "
                            + ways.values().stream()
                                    .map(results -> results.getOrDefault(test, "not run"))
                                    .collect(Collectors.joining(" | "))
                            + " |");
        }
        Files.writeString(
                folder.resolve("table.md"),
                String.join("\n", head) + "\n" + String.join("\n", rows.values()) + "\n",
                StandardCharsets.UTF_8);
        System.out.println("The contract, " + Way.current().label() + ": " + RESULTS.size() + " tests; "
                + Arrays.asList(PASSED, FAILED).stream()
                        .map(result ->
                                RESULTS.values().stream().filter(result::equals).count() + " " + result)
                        .collect(Collectors.joining(", "))
                + "; the table is " + folder.resolve("table.md"));
    }
}
