/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.rempart.audit.tls.Jsse;
import picocli.CommandLine;

/** The command. A process of its own in any case: to meet old servers it takes away what the JDK forbids. */
public final class Main {
    /** It could not run, or could not run to its end. */
    static final int NOT_RUN = 2;

    private Main() {}

    public static void main(String[] arguments) {
        Jsse.unlock();
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        int exit = run(out, err, arguments);
        out.flush();
        err.flush();
        System.exit(exit);
    }

    /** Runs it. */
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        return new CommandLine(new AuditCommand())
                .setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpWidth(100)
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    if (failure instanceof java.io.IOException) {
                        String message = failure.getMessage();
                        err.println("rempart audit: " + (message == null ? failure.toString() : message));
                    } else {
                        failure.printStackTrace(err);
                    }
                    return NOT_RUN;
                })
                .execute(arguments);
    }
}
