/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Listener;

/**
 * How many files and connections the server may have open. Looked at in its own process where it runs, else in this one,
 * which the same shell or service manager has started.
 */
final class DescriptorsCheck implements Check {
    private static final Pattern LIMIT = Pattern.compile("(?m)^Max open files\\s+(\\S+)\\s+\\S+");

    /** For jars, the database, logs and deliveries. */
    private static final long OWN_FILES = 1000;

    /** A connection, and the file of the message that it brings. */
    private static final int FILES_A_CONNECTION = 2;

    private static final long FEWEST = 1024;

    @Override
    public String name() {
        return "descriptors";
    }

    @Override
    public List<Finding> look(Patient patient) throws FaultException, IOException {
        Path process = Path.of(
                "/proc",
                patient.process().map(server -> String.valueOf(server.pid())).orElse("self"));
        if (!Files.isReadable(process.resolve("limits"))) {
            return List.of(Finding.warning(
                    "how many files may be open could not be found out", "ulimit -n says it, where the server starts"));
        }
        int connections = connections(Listener.of(patient.home()));
        List<Finding> findings = new ArrayList<>();
        findings.add(judge(Files.readString(process.resolve("limits")), connections));
        if (patient.process().isPresent()) {
            used(process, findings);
        }
        return findings;
    }

    /** How many connections all listeners take together; 0 when one of them has no limit. */
    static int connections(List<Listener> listeners) {
        List<Integer> limits = listeners.stream()
                .filter(listener -> !listener.name().equals(Listener.WEBADMIN))
                .map(Listener::connections)
                .toList();
        return limits.contains(0)
                ? 0
                : limits.stream().mapToInt(Integer::intValue).sum();
    }

    static Finding judge(String limits, int connections) {
        OptionalLong limit = limit(limits);
        if (limit.isEmpty()) {
            return Finding.ok("any number of files may be open");
        }
        long needed = OWN_FILES + (long) FILES_A_CONNECTION * connections;
        String what = limit.getAsLong() + " files may be open; with all " + connections
                + " connections that conf/ allows, " + needed + " are needed";
        String advice = "raise it: LimitNOFILE=65536 with systemd, else ulimit -n 65536 before the start";
        if (limit.getAsLong() < FEWEST) {
            return Finding.fault(what, advice);
        }
        return limit.getAsLong() < needed ? Finding.warning(what, advice) : Finding.ok(what);
    }

    private static OptionalLong limit(String limits) {
        Matcher matcher = LIMIT.matcher(limits);
        return matcher.find() && matcher.group(1).matches("\\d+")
                ? OptionalLong.of(Long.parseLong(matcher.group(1)))
                : OptionalLong.empty();
    }

    private static void used(Path process, List<Finding> findings) throws IOException {
        OptionalLong limit = limit(Files.readString(process.resolve("limits")));
        if (limit.isEmpty() || !Files.isReadable(process.resolve("fd"))) {
            return;
        }
        try (Stream<Path> open = Files.list(process.resolve("fd"))) {
            long count = open.count();
            if (count > limit.getAsLong() / 10 * 8) {
                findings.add(Finding.fault(
                        "the server has " + count + " of " + limit.getAsLong() + " files open",
                        "raise the limit, and look who is connected: ss -tnp"));
            }
        }
    }
}
