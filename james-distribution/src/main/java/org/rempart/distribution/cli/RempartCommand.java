/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.rempart.distribution.FaultException;
import org.rempart.distribution.Home;
import org.rempart.distribution.Listener;
import org.rempart.distribution.Server;
import org.rempart.distribution.StartChecks;
import org.rempart.distribution.WebAdminToken;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
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
    private static final Duration START_PATIENCE = Duration.ofMinutes(2);
    private static final Duration STOP_PATIENCE = Duration.ofMinutes(1);
    private static final Duration HTTP_PATIENCE = Duration.ofSeconds(30);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Home home;

    @Spec
    private CommandSpec spec;

    RempartCommand(Home home) {
        this.home = home;
    }

    /** Runs the command line. */
    public static void main(String[] arguments) {
        System.exit(commandLine(Home.ofProcess()).execute(arguments));
    }

    static CommandLine commandLine(Home home) {
        CommandLine commandLine =
                new CommandLine(new RempartCommand(home)).addSubcommand(new HeadersCommand(home, System.in));
        commandLine.setExecutionExceptionHandler((failure, command, parsed) -> {
            command.getErr().println("rempart: " + message(failure));
            return 1;
        });
        return commandLine;
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

    // ---- the process

    /** Starts the server in the background. */
    @Command(description = "Start the server in the background, and wait until it listens.")
    int start() throws IOException, InterruptedException {
        Optional<ProcessHandle> running = running();
        if (running.isPresent()) {
            out().println("The server is running already, as process "
                    + running.get().pid() + ".");
            return 0;
        }
        Files.createDirectories(home.var("log"));
        Files.deleteIfExists(home.readyFile());
        Path console = home.consoleLog();
        Files.deleteIfExists(console);
        Process process = new ProcessBuilder(
                        "nohup", home.folder().resolve("bin/rempart").toString(), "run")
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                .redirectOutput(console.toFile())
                .start();
        long deadline = System.nanoTime() + START_PATIENCE.toNanos();
        while (process.isAlive() && System.nanoTime() < deadline) {
            if (ready(process.pid())) {
                out().println("The server runs as process " + process.pid() + " and listens:");
                printListeners();
                return 0;
            }
            process.waitFor(100, TimeUnit.MILLISECONDS);
        }
        if (process.isAlive()) {
            process.destroy();
            err().println("rempart: the server did not listen within " + START_PATIENCE.toSeconds()
                    + " seconds and was stopped; see var/log/server.log");
            return 1;
        }
        for (String line : Files.readAllLines(console, StandardCharsets.UTF_8)) {
            if (!line.startsWith("nohup:")) {
                err().println(line);
            }
        }
        return process.exitValue() == Server.CONFIGURATION_FAULT ? Server.CONFIGURATION_FAULT : 1;
    }

    private boolean ready(long pid) throws IOException {
        try {
            return Files.readString(home.readyFile()).trim().equals(String.valueOf(pid));
        } catch (NoSuchFileException notYet) {
            return false;
        }
    }

    private void printListeners() throws IOException {
        try {
            for (Listener listener : Listener.of(home)) {
                out().printf(
                                "  %-12s %s:%d%n",
                                listener.name(),
                                listener.address().getAddress().getHostAddress(),
                                listener.address().getPort());
            }
        } catch (FaultException fault) {
            throw new IOException(fault.getMessage(), fault);
        }
        out().flush();
    }

    /** Stops the server. */
    @Command(description = "Stop the server, and wait until it has ended.")
    int stop() throws IOException, InterruptedException {
        Optional<ProcessHandle> running = running();
        if (running.isEmpty()) {
            out().println("The server is not running.");
            return 0;
        }
        ProcessHandle process = running.get();
        process.destroy();
        long deadline = System.nanoTime() + STOP_PATIENCE.toNanos();
        while (process.isAlive() && System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        if (process.isAlive()) {
            err().println("rempart: process " + process.pid() + " has not ended within " + STOP_PATIENCE.toSeconds()
                    + " seconds; see var/log/server.log, and kill it if it hangs");
            return 1;
        }
        Files.deleteIfExists(home.pidFile());
        Files.deleteIfExists(home.readyFile());
        out().println("The server has stopped.");
        return 0;
    }

    /** Says whether the server runs. */
    @Command(description = "Say whether the server runs: exit code 0 when it listens, 1 when it starts, 3 when not.")
    int status() throws IOException {
        Optional<ProcessHandle> running = running();
        if (running.isEmpty()) {
            out().println("The server is not running.");
            return NOT_RUNNING;
        }
        if (!ready(running.get().pid())) {
            out().println("The server starts, as process " + running.get().pid() + ".");
            return 1;
        }
        out().println("The server runs as process " + running.get().pid() + " and listens:");
        printListeners();
        return 0;
    }

    /** The process that the pid file names, if it is still this server. */
    private Optional<ProcessHandle> running() throws IOException {
        long pid;
        try {
            pid = Long.parseLong(Files.readString(home.pidFile()).trim());
        } catch (NoSuchFileException | NumberFormatException none) {
            return Optional.empty();
        }
        // After a crash the number may be another process's by now; ours was started by Java.
        return ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .filter(process -> process.info()
                        .command()
                        .map(java -> java.contains("java"))
                        .orElse(true));
    }

    // ---- the configuration

    /** Checks the configuration. */
    @Command(
            name = "check-config",
            description = "Check the configuration: exit code 0 when the server can start with it, 78 when not.")
    int checkConfig() {
        StartChecks checks = new StartChecks(home, Clock.systemUTC()).configuration();
        checks.warnings().forEach(warning -> err().println("warning: " + warning));
        checks.faults().forEach(fault -> err().println("error: " + fault));
        if (checks.faults().isEmpty()) {
            out().println("The configuration is fit to start with.");
            return 0;
        }
        return Server.CONFIGURATION_FAULT;
    }

    // ---- domains and accounts

    /** Adds a domain. */
    @Command(name = "add-domain", description = "Receive mail for a domain.")
    int addDomain(@Parameters(paramLabel = "DOMAIN", description = "such as example.com") String domain)
            throws IOException, InterruptedException {
        put("/domains/" + encoded(domain), "");
        out().println("Mail for " + domain + " is received.");
        return 0;
    }

    /** Adds an account. */
    @Command(
            name = "add-user",
            description = "Add an account. The password is asked for, or read as a line from standard input.")
    int addUser(@Parameters(paramLabel = "ADDRESS", description = "such as alice@example.com") String address)
            throws IOException, InterruptedException {
        String password = password(address);
        if (password.isEmpty()) {
            throw new IOException("the password is empty; type one, or pipe it in: "
                    + "printf '%s\\n' \"$PASSWORD\" | bin/rempart add-user " + address);
        }
        put("/users/" + encoded(address), JSON.writeValueAsString(Map.of("password", password)));
        out().println("The account " + address + " is there.");
        return 0;
    }

    private String password(String address) throws IOException {
        // From Java 22 on there is a console even where nobody sits; the start script knows.
        if (Boolean.getBoolean("rempart.terminal")) {
            return new String(System.console().readPassword("Password of %s: ", address));
        }
        String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        return line == null ? "" : line;
    }

    private void put(String path, String body) throws IOException, InterruptedException {
        Listener webAdmin = webAdmin();
        URI uri = URI.create("http://" + webAdmin.address().getAddress().getHostAddress() + ":"
                + webAdmin.address().getPort() + path);
        HttpRequest request = HttpRequest.newBuilder(uri)
                .timeout(HTTP_PATIENCE)
                .header(
                        "Authorization",
                        WebAdminToken.read(home.webAdminToken()).authorization())
                .PUT(HttpRequest.BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> response;
        try {
            response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        } catch (ConnectException absent) {
            throw new IOException("the server does not answer; start it first: bin/rempart start", absent);
        }
        if (response.statusCode() / 100 != 2) {
            throw new IOException("the server refused (" + response.statusCode() + "): " + reason(response.body()));
        }
    }

    private Listener webAdmin() throws IOException {
        try {
            List<Listener> listeners = Listener.of(home);
            return listeners.stream()
                    .filter(listener -> listener.name().equals("webadmin"))
                    .findFirst()
                    .orElseThrow(
                            () -> new IOException(
                                    "the administration interface is switched off; write enabled=true in conf/webadmin.properties"));
        } catch (FaultException fault) {
            throw new IOException(fault.getMessage(), fault);
        }
    }

    /** What the server's answer says, without its JSON. */
    private static String reason(String body) {
        try {
            JsonNode answer = JSON.readTree(body);
            String details = answer.path("details").asText("");
            return details.isEmpty() ? answer.path("message").asText(body) : details;
        } catch (JsonProcessingException noJson) {
            return body;
        }
    }

    private static String encoded(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** The version of the archive. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = RempartCommand.class.getPackage().getImplementationVersion();
            return new String[] {"Rempart " + (version == null ? "(unpackaged)" : version)};
        }
    }
}
