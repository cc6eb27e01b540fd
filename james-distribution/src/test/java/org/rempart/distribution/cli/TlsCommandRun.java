/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import java.io.PrintWriter;
import java.util.List;
import org.rempart.distribution.home.Home;
import org.rempart.testsupport.DnsServer;
import picocli.CommandLine;

/** Runs {@code rempart tls} with a DNS of the test's own. */
public final class TlsCommandRun {
    private TlsCommandRun() {}

    public static int run(Home home, DnsServer dns, PrintWriter out, String... arguments) {
        return new CommandLine(new TlsCommand(home, () -> List.of(dns.address())))
                .setOut(out)
                .setErr(out)
                .execute(arguments);
    }
}
