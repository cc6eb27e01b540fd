/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.rempart.audit.Catalogue;
import org.rempart.audit.Check;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Tells of one check, or lists all. */
@Command(
        name = "explain",
        description = "Tells of a check: why, by which standard, how to mend it. Without an id, lists all.")
final class ExplainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "ID", description = "Like relay.accepted.")
    private String id;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (id == null) {
            for (Check check : Catalogue.packaged().all()) {
                out.printf(
                        "%-30s %-3s %-9s %s%n",
                        check.id(), check.line(), check.severity().name().toLowerCase(Locale.ROOT), check.title());
            }
            return 0;
        }
        Optional<Check> found = Catalogue.packaged().find(id.strip().toLowerCase(Locale.ROOT));
        if (found.isEmpty()) {
            spec.commandLine()
                    .getErr()
                    .println("rempart audit: there is no check '" + id + "'; explain without an id lists all");
            return Main.NOT_RUN;
        }
        Check check = found.get();
        out.println(check.id() + ": " + check.title());
        out.println("Line " + check.line() + " of the check list, severity "
                + check.severity().name().toLowerCase(Locale.ROOT)
                + (check.needs().isEmpty() ? "" : "; needs " + check.needs()));
        out.println();
        out.println(check.why());
        out.println("Sources: " + check.source());
        check.fixes().forEach((product, fix) -> {
            out.println();
            out.println(product + ":");
            fix.lines().forEach(line -> out.println("    " + line));
        });
        return 0;
    }
}
