/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.rempart.distribution.home.Home;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;
import picocli.CommandLine;

/** Runs {@code rempart tls} with a DNS of a few records. */
public final class TlsCommandRun {
    private TlsCommandRun() {}

    /** @param zone its records, in the form of a master file */
    public static int run(Home home, List<String> zone, PrintWriter out, String... arguments) {
        return new CommandLine(new TlsCommand(home, () -> (name, type) -> records(zone, name, type)))
                .setOut(out)
                .setErr(out)
                .execute(arguments);
    }

    private static List<Record> records(List<String> zone, String name, int type) throws IOException {
        List<Record> found = new ArrayList<>();
        for (String line : zone) {
            String[] parts = line.split(" ", 3);
            if (parts[0].equals(Name.fromString(name, Name.root).toString()) && Type.value(parts[1]) == type) {
                found.add(Record.fromString(Name.fromString(parts[0]), type, DClass.IN, 60, parts[2], Name.root));
            }
        }
        return found;
    }
}
