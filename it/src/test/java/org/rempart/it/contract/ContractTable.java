/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.contract;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
 * adds what it tested to the column of its way in {@code target/contract/table.md}.
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
            // Each process has a folder below that of its way.
            Path folder = Files.createDirectories(
                    Path.of(System.getProperty("rempart.it.folder")).getParent().resolveSibling("contract"));
            // Test processes that share the work add to the same files.
            try (FileChannel lock =
                    FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                // Held until the channel is closed.
                lock.lock();
                SortedMap<String, String> results = new TreeMap<>(read(folder, Way.current()));
                results.putAll(RESULTS);
                Files.write(
                        results(folder, Way.current()),
                        results.entrySet().stream()
                                .map(entry ->
                                        entry.getKey() + "\t" + entry.getValue().replaceAll("\\s+", " "))
                                .toList(),
                        StandardCharsets.UTF_8);
                write(folder);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static Path results(Path folder, Way way) {
        return folder.resolve(way.label() + ".tsv");
    }

    /** What is known of a way, from this run and those before it. */
    private static Map<String, String> read(Path folder, Way way) throws IOException {
        Path results = results(folder, way);
        return Files.exists(results)
                ? Files.readAllLines(results, StandardCharsets.UTF_8).stream()
                        .map(line -> line.split("\t", 2))
                        .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]))
                : Map.of();
    }

    private static void write(Path folder) throws IOException {
        Map<Way, Map<String, String>> ways = new EnumMap<>(Way.class);
        for (Way way : Way.values()) {
            Map<String, String> results = read(folder, way);
            if (!results.isEmpty()) {
                ways.put(way, results);
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
    }
}
