/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import org.rempart.distribution.checks.Finding;
import org.rempart.distribution.checks.PolicyCheck;
import org.rempart.distribution.checks.StartChecks;
import org.rempart.distribution.home.ExitCode;
import org.rempart.distribution.home.Home;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Has the running server read its certificate again. */
@Command(
        name = "reload",
        description =
                "Have all listeners read the certificate and its key again. Connections stay. Exit code 78 when the"
                        + " configuration has a fault: nothing is read then; 1 when the policy has changed, which applies at the next"
                        + " start.")
final class ReloadCommand implements Callable<Integer> {
    private final Home home;

    @Spec
    private CommandSpec spec;

    ReloadCommand(Home home) {
        this.home = home;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<String> faults =
                new StartChecks(home, Clock.systemUTC()).configuration().faults();
        if (!faults.isEmpty()) {
            faults.forEach(fault -> spec.commandLine().getErr().println("error: " + fault));
            spec.commandLine().getErr().println("Nothing was read: the server goes on with what it has.");
            return ExitCode.CONFIGURATION_FAULT;
        }
        WebAdminClient server = new WebAdminClient(home);
        server.post("/servers?reload-certificate", "");
        spec.commandLine().getOut().println("All listeners have the certificate of conf/tls.");
        Finding policy = PolicyCheck.finding(server::get);
        if (policy.level() == Finding.Level.OK) {
            return 0;
        }
        spec.commandLine().getErr().println(policy.what() + "; " + policy.advice());
        return 1;
    }
}
