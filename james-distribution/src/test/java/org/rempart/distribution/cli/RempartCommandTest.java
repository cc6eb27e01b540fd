/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.ServerLock;
import org.rempart.distribution.home.TestHome;
import org.rempart.distribution.home.WebAdminToken;
import picocli.CommandLine;

class RempartCommandTest {
    @TempDir
    Path folder;

    private final StringBuilder out = new StringBuilder();
    private final StringBuilder err = new StringBuilder();
    private TestHome home;

    @BeforeEach
    void home() throws Exception {
        home = TestHome.in(folder);
    }

    private int run(String... arguments) {
        return runWithInput("", arguments);
    }

    private int runWithInput(String input, String... arguments) {
        CommandRun run = CommandRun.withInput(home.home(), input, arguments);
        out.append(run.out());
        err.append(run.err());
        return run.exitCode();
    }

    private void writeToken() throws IOException {
        WebAdminToken.in(home.home().webAdminToken());
    }

    @Test
    void everyCommandHasHelp() {
        assertHelp(RempartCommand.commandLine(home.home()), List.of());
    }

    private void assertHelp(CommandLine command, List<String> path) {
        List<String> asking = new ArrayList<>(path);
        asking.add("--help");
        out.setLength(0);
        assertThat(run(asking.toArray(String[]::new))).as("%s", asking).isZero();
        assertThat(out.toString())
                .as("%s", asking)
                .startsWith(String.join(" ", "Usage: rempart", String.join(" ", path))
                        .trim());
        command.getSubcommands().forEach((name, below) -> {
            List<String> further = new ArrayList<>(path);
            further.add(name);
            assertHelp(below, further);
        });
    }

    @Test
    void withoutACommandTheUsageIsShown() {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString())
                .contains("Usage: rempart")
                .contains("check-config")
                .contains("users")
                .doesNotContain("add-user");
    }

    @Test
    void anUnknownCommandIsAWrongCommandLine() {
        assertThat(run("restrat")).isEqualTo(2);
        assertThat(err.toString()).contains("restrat");
    }

    @Test
    void whatDoesNotRunHasStatusThree() {
        assertThat(run("status")).isEqualTo(3);
        assertThat(out.toString()).contains("The server is not running.");
    }

    @Test
    void theNumberOfAnEndedProcessIsNotTakenForTheServer() throws Exception {
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        Files.writeString(home.home().pidFile(), ended.pid() + "\n");

        assertThat(run("status")).isEqualTo(3);
    }

    @Test
    void theNumberOfAnotherProgramIsNotTakenForTheServer() throws Exception {
        Process other = new ProcessBuilder("sleep", "60").start();
        try {
            Files.writeString(home.home().pidFile(), other.pid() + "\n");

            assertThat(run("status")).isEqualTo(3);
            assertThat(run("stop")).isZero();
            assertThat(other.isAlive()).isTrue();
        } finally {
            other.destroy();
        }
    }

    /** The pid file outlives a crash, and its number may be another Java process's by then. */
    @Test
    void aJavaProcessThatBearsTheNumberIsNeitherStoppedNorTakenForTheServer() throws Exception {
        Path sleeper = home.home().folder().resolve("Sleeper.java");
        Files.writeString(
                sleeper,
                "class Sleeper { public static void main(String[] a) throws Exception {"
                        + " System.out.println(\"runs\"); Thread.sleep(60_000); } }");
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(), sleeper.toString())
                .start();
        try (BufferedReader said = other.inputReader()) {
            assertThat(said.readLine()).isEqualTo("runs");
            Files.writeString(home.home().pidFile(), other.pid() + "\n");
            Files.writeString(home.home().lockFile(), other.pid() + " 1 " + ServerLock.host() + "\n");

            assertThat(run("status")).isEqualTo(3);
            assertThat(run("stop")).isZero();
            assertThat(other.isAlive()).isTrue();
        } finally {
            other.destroy();
        }
    }

    @Test
    void theHeldLockSaysThatTheServerRunsAndWhichProcessItIs() throws Exception {
        ServerLock lock = ServerLock.take(home.home()).orElseThrow();
        try {
            assertThat(run("status")).isEqualTo(1);
            assertThat(out.toString())
                    .contains("The server starts, as process "
                            + ProcessHandle.current().pid());
            Files.writeString(home.home().lockFile(), "1 1 elsewhere.example\n");
            assertThat(run("stop")).isEqualTo(1);
            assertThat(err.toString()).contains("another machine, elsewhere.example");
        } finally {
            lock.release();
        }
        assertThat(run("status")).isEqualTo(3);
    }

    @Test
    void stoppingWhatDoesNotRunIsDone() {
        assertThat(run("stop")).isZero();
    }

    @Test
    void theShippedConfigurationIsFit() {
        assertThat(run("check-config")).isZero();
        assertThat(out.toString()).contains("The configuration is fit to start with.");
        assertThat(err.toString()).contains("warning: ").doesNotContain("error: ");
    }

    @Test
    void aFaultOfTheConfigurationIsToldWithItsPlace() throws Exception {
        home.replace("rempart.xml", "<clients>required", "<clients>sometimes");

        assertThat(run("check-config")).isEqualTo(78);
        assertThat(err.toString()).containsPattern("error: conf/rempart\\.xml:\\d+:\\d+: ");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void addingADomainIsAskedOfTheServerWithTheToken() throws Exception {
        try (FakeAdministration server = new FakeAdministration(home.home())) {
            assertThat(run("domains", "add", "example.net")).isZero();
            assertThat(server.requests()).containsExactly("PUT /domains/example.net");
        }
    }

    @Test
    void thePasswordIsReadFromStandardInputAndQuoted() throws Exception {
        try (FakeAdministration server = new FakeAdministration(home.home())) {
            assertThat(runWithInput("p\"a\\s s\u00e9\n", "users", "add", "a+b@example.org"))
                    .isZero();
            assertThat(server.requests().stream().filter(request -> request.startsWith("PUT /users/")))
                    .containsExactly("PUT /users/a%2Bb%40example.org {\"password\":\"p\\\"a\\\\s s\u00e9\"}");
        }
        assertThat(out.toString()).doesNotContain("s s");
    }

    @Test
    void anEmptyPasswordIsNotSent() throws Exception {
        writeToken();

        assertThat(runWithInput("", "users", "add", "a@example.org")).isEqualTo(1);
        assertThat(err.toString()).contains("the password is empty");
    }

    @Test
    void theServersReasonIsPassedOn() throws Exception {
        try (FakeAdministration server = new FakeAdministration(home.home())) {
            server.otherwise(
                    400,
                    "{\"statusCode\":400,\"type\":\"InvalidArgument\",\"message\":\"Invalid argument\",\"details\":\"no such domain\"}");
            assertThat(run("domains", "add", "example.org")).isEqualTo(1);
        }
        assertThat(err.toString()).contains("no such domain").doesNotContain("statusCode");
    }

    @Test
    void whereNoServerAnswersItIsToldToStartIt() throws Exception {
        writeToken();

        assertThat(run("domains", "add", "example.org")).isEqualTo(1);
        assertThat(err.toString()).contains("start it first: bin/rempart start");
    }

    @Test
    void beforeTheFirstStartThereIsNoTokenYet() {
        assertThat(run("domains", "add", "example.org")).isEqualTo(1);
        assertThat(err.toString()).contains("webadmin.token is not there; the first start of the server writes it");
    }

    @Test
    void withoutAdministrationTheFileToChangeIsNamed() throws Exception {
        home.replace("webadmin.properties", "enabled=true", "enabled=false");

        assertThat(run("domains", "add", "example.org")).isEqualTo(1);
        assertThat(err.toString()).contains("enabled=true in conf/webadmin.properties");
    }
}
