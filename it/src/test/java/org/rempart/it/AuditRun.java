/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** An audit by the self-contained jar, in a process of its own as always. */
final class AuditRun {
    private static final List<String> ORDER = List.of("warn", "not testable", "fail");

    private final JsonNode report;
    private final String printed;

    private AuditRun(JsonNode report, String printed) {
        this.report = report;
        this.printed = printed;
    }

    /**
     * Audits what listens on an address of loopback.
     *
     * @param folder for the report; it is there
     * @param listeners like {@code smtp}, and where
     * @param account with a password
     * @param options further ones
     */
    static AuditRun of(
            Path folder,
            Map<String, InetSocketAddress> listeners,
            String account,
            String password,
            List<String> options)
            throws IOException, InterruptedException {
        Path json = folder.resolve("audit.json");
        Path log = folder.resolve("audit.log");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-jar",
                Folders.project().resolve("audit/target/rempart-audit.jar").toString(),
                "127.0.0.1",
                "--as=" + account,
                "--password-file=-",
                "--no-dns",
                "--json=" + json));
        listeners.forEach((service, address) -> command.add("--listener=" + service + "=" + address.getPort()));
        command.addAll(options);
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try (var in = process.getOutputStream()) {
            in.write((password + "\n").getBytes(StandardCharsets.UTF_8));
        }
        if (!process.waitFor(5, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new IOException("the audit hangs; see " + log);
        }
        String printed = Files.readString(log);
        if (!Files.exists(json)) {
            throw new IOException("the audit ended with " + process.exitValue() + ":\n" + printed);
        }
        return new AuditRun(new ObjectMapper().readTree(json.toFile()), printed);
    }

    /** The worst verdict of each check that did not pass everywhere, of those that were asked for. */
    Map<String, String> problems() {
        Map<String, String> problems = new TreeMap<>();
        for (JsonNode finding : report.get("findings")) {
            String verdict = finding.get("verdict").asText();
            if (ORDER.contains(verdict)) {
                problems.merge(
                        finding.get("id").asText(),
                        verdict,
                        (one, other) -> ORDER.indexOf(one) >= ORDER.indexOf(other) ? one : other);
            }
        }
        return problems;
    }

    /** What it printed. */
    String printed() {
        return printed;
    }
}
