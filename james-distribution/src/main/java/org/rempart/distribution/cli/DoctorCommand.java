/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.rempart.distribution.checks.Doctor;
import org.rempart.distribution.checks.Doctor.Report;
import org.rempart.distribution.checks.Finding;
import org.rempart.distribution.checks.Finding.Level;
import org.rempart.distribution.checks.Patient;
import org.rempart.distribution.home.Home;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Looks at everything that the server needs. */
@Command(
        name = "doctor",
        description =
                "Look at everything that the server needs, whether it runs or not, and say what to do: exit code 0 "
                        + "without a fault, 1 with one.")
final class DoctorCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Home home;

    @Option(
            names = "--json",
            description = "as JSON: {\"verdict\": …, \"findings\": [{\"check\", \"level\", \"what\", \"advice\"}, …]}")
    private boolean json;

    @Option(
            names = "--skip",
            split = ",",
            paramLabel = "CHECK",
            description = "leave out these checks, such as dns on a machine that has none")
    private List<String> skipped = List.of();

    @Spec
    private CommandSpec spec;

    DoctorCommand(Home home) {
        this.home = home;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        WebAdminClient server = new WebAdminClient(home).patient(PATIENCE);
        Doctor doctor = Doctor.complete();
        for (String name : skipped) {
            if (!doctor.names().contains(name)) {
                throw new ParameterException(
                        spec.commandLine(),
                        "there is no check " + name + "; there are " + String.join(", ", doctor.names()));
            }
        }
        List<Report> reports = doctor.without(skipped)
                .examine(new Patient(home, Clock.systemUTC(), new ServerProcess(home).running(), server::get));
        Level verdict = reports.stream()
                .map(report -> report.finding().level())
                .max(Level::compareTo)
                .orElse(Level.OK);
        if (json) {
            printJson(verdict, reports);
        } else {
            reports.forEach(this::print);
        }
        return verdict == Level.FAULT ? 1 : 0;
    }

    private void print(Report report) {
        Finding finding = report.finding();
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%-8s %-14s %s%n", word(finding.level()), report.check(), finding.what());
        if (!finding.advice().isEmpty()) {
            out.printf("%-23s -> %s%n", "", finding.advice());
        }
        out.flush();
    }

    private void printJson(Level verdict, List<Report> reports) throws IOException {
        List<Map<String, String>> findings = new ArrayList<>();
        for (Report report : reports) {
            Map<String, String> finding = new LinkedHashMap<>();
            finding.put("check", report.check());
            finding.put("level", word(report.finding().level()));
            finding.put("what", report.finding().what());
            finding.put("advice", report.finding().advice());
            findings.add(finding);
        }
        Map<String, Object> whole = new LinkedHashMap<>();
        whole.put("verdict", word(verdict));
        whole.put("findings", findings);
        spec.commandLine()
                .getOut()
                .println(new ObjectMapper()
                        .enable(SerializationFeature.INDENT_OUTPUT)
                        .writeValueAsString(whole));
        spec.commandLine().getOut().flush();
    }

    private static String word(Level level) {
        return level.name().toLowerCase(Locale.ROOT);
    }
}
