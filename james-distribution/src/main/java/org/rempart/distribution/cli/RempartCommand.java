/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.rempart.distribution.checks.Finding;
import org.rempart.distribution.checks.SigningKeys;
import org.rempart.distribution.checks.StartChecks;
import org.rempart.distribution.checks.SystemLookup;
import org.rempart.distribution.home.ExitCode;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.ServerLock;
import org.rempart.policy.PolicyException;
import org.rempart.policy.dkim.DkimPolicy;
import org.rempart.policy.file.PolicyFile;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Spec;

/**
 * The command of the packaged server, {@code bin/rempart}. Exit codes: 0 it is done; 1 it failed; 2 the command line is
 * wrong; 3 the server is not running (as LSB says of {@code status}); 78 the configuration keeps the server from starting.
 */
@Command(
        name = "rempart",
        description = "Runs and administers this mail server.",
        mixinStandardHelpOptions = true,
        versionProvider = RempartCommand.Version.class,
        synopsisSubcommandLabel = "COMMAND")
public final class RempartCommand implements Callable<Integer> {
    private static final int NOT_RUNNING = 3;

    private final Home home;
    private final ServerProcess process;

    @Spec
    private CommandSpec spec;

    RempartCommand(Home home) {
        this.home = home;
        this.process = new ServerProcess(home);
    }

    /** Runs the command line. */
    public static void main(String[] arguments) {
        System.exit(commandLine(Home.ofProcess()).execute(arguments));
    }

    static CommandLine commandLine(Home home) {
        CommandLine commandLine = new CommandLine(new RempartCommand(home))
                .addSubcommand(new DomainsCommand(home))
                .addSubcommand(new UsersCommand(home))
                .addSubcommand(new AliasesCommand(home))
                .addSubcommand(new ForwardsCommand(home))
                .addSubcommand(new DkimCommand(home, () -> SystemLookup.of(home), Clock.systemUTC()))
                .addSubcommand(new QueueCommand(home))
                .addSubcommand(new AccountsCommand(home))
                .addSubcommand(new TraceCommand(home))
                .addSubcommand(new BackupCommand(home))
                .addSubcommand(new RestoreCommand(home))
                .addSubcommand(new DoctorCommand(home))
                .addSubcommand(new ReloadCommand(home))
                .addSubcommand(new HeadersCommand(home, System.in))
                .addSubcommand(new TlsCommand(home, () -> SystemLookup.of(home).servers()))
                .addSubcommand(new TlsReportsCommand(System.in));
        commandLine.getSubcommands().values().forEach(RempartCommand::withHelp);
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setExecutionExceptionHandler((failure, command, parsed) -> {
            command.getErr().println("rempart: " + message(failure));
            return 1;
        });
        return commandLine;
    }

    /** Every command has --help. */
    private static void withHelp(CommandLine command) {
        command.getCommandSpec()
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .description("Show this help message and exit.")
                        .build());
        command.getSubcommands().values().forEach(RempartCommand::withHelp);
    }

    private static String message(Exception failure) {
        return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(err());
        return CommandLine.ExitCode.USAGE;
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    private PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /** Starts the server in the background. */
    @Command(description = "Start the server in the background, and wait until it listens.")
    int start() throws IOException, InterruptedException {
        return process.start(out(), err());
    }

    /** Stops the server. */
    @Command(description = "Stop the server, and wait until it has ended.")
    int stop() throws IOException, InterruptedException {
        return process.stop(out(), err());
    }

    /** Says whether the server runs. */
    @Command(description = "Say whether the server runs: exit code 0 when it listens, 1 when it starts, 3 when not.")
    int status() throws IOException, InterruptedException {
        Optional<ServerLock.Holder> holder = process.holder();
        if (holder.isPresent() && holder.get().isElsewhere()) {
            out().println("The server runs on another machine, " + holder.get().host() + ", and not on this one.");
            return NOT_RUNNING;
        }
        Optional<ProcessHandle> running = holder.flatMap(ServerLock.Holder::process);
        if (running.isEmpty()) {
            out().println("The server is not running.");
            return NOT_RUNNING;
        }
        if (!process.ready(running.get().pid())) {
            out().println("The server starts, as process " + running.get().pid() + ".");
            return 1;
        }
        out().println("The server runs as process " + running.get().pid() + " and listens:");
        process.printListeners(out());
        return 0;
    }

    /** Checks the configuration. */
    @Command(
            name = "check-config",
            description = "Check the configuration: exit code 0 when the server can start with it, 78 when not.")
    int checkConfig() {
        StartChecks checks = new StartChecks(home, Clock.systemUTC()).configuration();
        checks.warnings().forEach(warning -> err().println("warning: " + warning));
        signingKeys().forEach(warning -> err().println("warning: " + warning));
        checks.exceptions().forEach(exception -> err().println("exception: " + exception));
        checks.faults().forEach(fault -> err().println("error: " + fault));
        if (checks.faults().isEmpty()) {
            out().println("The configuration is fit to start with.");
            return 0;
        }
        return ExitCode.CONFIGURATION_FAULT;
    }

    /** What is wrong with the DNS records of the keys that mail is signed with. */
    private List<String> signingKeys() {
        try {
            DkimPolicy policy = PolicyFile.read(home.conf("rempart.xml")).dkim();
            return policy.rules().isEmpty()
                    ? List.of()
                    : SigningKeys.compare(home, policy, SystemLookup.of(home)).stream()
                            .filter(finding -> finding.level() != Finding.Level.OK)
                            .map(finding -> finding.what() + "; " + finding.advice())
                            .toList();
        } catch (PolicyException | FaultException told) {
            // A fault of the configuration, which its check tells.
            return List.of();
        } catch (IOException unanswered) {
            return List.of("the DNS does not say whether it has the keys that mail is signed with ("
                    + unanswered.getMessage() + ")");
        }
    }

    /** The version of the archive. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"Rempart " + current()};
        }

        static String current() {
            String version = RempartCommand.class.getPackage().getImplementationVersion();
            return version == null ? "(unpackaged)" : version;
        }
    }
}
