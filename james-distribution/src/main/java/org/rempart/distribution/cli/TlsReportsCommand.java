/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.rempart.distribution.cli.ReceivedTlsReport.Failure;
import org.rempart.distribution.cli.ReceivedTlsReport.Policy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what others report about the TLS of their sessions with this server (RFC 8460). */
@Command(
        name = "tls-reports",
        description =
                "Show reports about TLS that others have sent (RFC 8460): JSON, compressed or not, or the messages that "
                        + "brought them. Exit code 0 when they tell of no failure, 1 when one does, 2 when one can't be read.")
final class TlsReportsCommand implements Callable<Integer> {
    private static final int SHOWN = 100;

    private final InputStream input;

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "a report as a file; - is what comes in")
    private List<String> files;

    @Option(names = "--json", description = "as JSON: [{\"file\", \"organisation\", …, \"policies\": […]}, …]")
    private boolean json;

    @Spec
    private CommandSpec spec;

    TlsReportsCommand(InputStream input) {
        this.input = input;
    }

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        List<Map<String, Object>> whole = new ArrayList<>();
        boolean failed = false;
        boolean unread = false;
        for (String file : files) {
            try {
                ReceivedTlsReport report = read(file);
                failed |= report.policies().stream().anyMatch(policy -> policy.failed() > 0);
                if (json) {
                    whole.add(asMap(file, report));
                } else {
                    print(out, report);
                }
            } catch (NoSuchFileException missing) {
                unread = true;
                spec.commandLine().getErr().println("rempart: " + file + ": there is no such file");
            } catch (IOException fault) {
                unread = true;
                spec.commandLine().getErr().println("rempart: " + file + ": " + printable(fault.getMessage()));
            }
        }
        if (json) {
            out.println(new ObjectMapper()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .writeValueAsString(whole));
        }
        out.flush();
        spec.commandLine().getErr().flush();
        return unread ? 2 : failed ? 1 : 0;
    }

    private ReceivedTlsReport read(String file) throws IOException {
        if (file.equals("-")) {
            return ReceivedTlsReport.read(input);
        }
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            return ReceivedTlsReport.read(in);
        }
    }

    private static void print(PrintWriter out, ReceivedTlsReport report) {
        out.println(printable(report.organisation()) + ", " + printable(report.begin()) + " to "
                + printable(report.end()) + ", report " + printable(report.id()) + ", contact "
                + printable(report.contact()));
        for (Policy policy : report.policies()) {
            out.println("  " + printable(policy.type()) + " of " + printable(policy.domain())
                    + (policy.hosts().isEmpty() ? "" : " (" + printable(String.join(", ", policy.hosts())) + ")") + ": "
                    + policy.successes() + " sessions fine, " + policy.failed() + " failed");
            policy.failures().stream().limit(SHOWN).forEach(failure -> out.println("    " + line(failure)));
            if (policy.failures().size() > SHOWN) {
                out.println("    … and " + (policy.failures().size() - SHOWN) + " kinds more; --json shows them");
            }
        }
    }

    private static String line(Failure failure) {
        return printable(failure.sessions() + " " + failure.result()
                + (failure.host().isEmpty() ? "" : " at " + failure.host())
                + (failure.address().isEmpty() ? "" : " [" + failure.address() + "]")
                + (failure.from().isEmpty() ? "" : " from " + failure.from())
                + (failure.reason().isEmpty() ? "" : ": " + failure.reason()));
    }

    /** What strangers wrote, short, and without what a terminal would obey. */
    private static String printable(String text) {
        String line = String.valueOf(text).replaceAll("[\\x00-\\x1f\\x7f-\\x9f]", "?");
        return line.length() > 300 ? line.substring(0, 300) + "…" : line;
    }

    private static Map<String, Object> asMap(String file, ReceivedTlsReport report) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("file", file);
        map.put("organisation", report.organisation());
        map.put("begin", report.begin());
        map.put("end", report.end());
        map.put("contact", report.contact());
        map.put("id", report.id());
        map.put("policies", report.policies());
        return map;
    }
}
