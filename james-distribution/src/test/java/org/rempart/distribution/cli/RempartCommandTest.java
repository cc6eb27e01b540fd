/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.Listener;
import org.rempart.distribution.TestHome;
import org.rempart.distribution.WebAdminToken;
import picocli.CommandLine;

class RempartCommandTest {
    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private TestHome home;

    @BeforeEach
    void home() throws Exception {
        home = TestHome.in(folder);
    }

    private int run(String... arguments) {
        CommandLine commandLine = RempartCommand.commandLine(home.home());
        commandLine.setOut(new PrintWriter(out, true));
        commandLine.setErr(new PrintWriter(err, true));
        return commandLine.execute(arguments);
    }

    private int runWithInput(String input, String... arguments) {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        try {
            return run(arguments);
        } finally {
            System.setIn(before);
        }
    }

    /** Stands for the administration interface: keeps what it is asked, answers what it is told. */
    private HttpServer administration(int status, String answer, List<String> requests) throws Exception {
        Listener webAdmin = Listener.of(home.home()).stream()
                .filter(listener -> listener.name().equals("webadmin"))
                .findFirst()
                .orElseThrow();
        InetSocketAddress address = webAdmin.address();
        HttpServer server = HttpServer.create(address, 0);
        server.createContext("/", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + body + " "
                    + exchange.getRequestHeaders().getFirst("Authorization"));
            byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
        return server;
    }

    private String authorization() throws IOException {
        return WebAdminToken.in(home.home().webAdminToken()).authorization();
    }

    @Test
    void withoutACommandTheUsageIsShown() {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString())
                .contains("Usage: rempart")
                .contains("check-config")
                .contains("add-user");
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
        List<String> requests = Collections.synchronizedList(new ArrayList<>());
        String authorization = authorization();
        HttpServer server = administration(204, "", requests);
        try {
            assertThat(run("add-domain", "example.org")).isZero();
        } finally {
            server.stop(0);
        }
        assertThat(requests).containsExactly("PUT /domains/example.org  " + authorization);
    }

    @Test
    void thePasswordIsReadFromStandardInputAndQuoted() throws Exception {
        List<String> requests = Collections.synchronizedList(new ArrayList<>());
        String authorization = authorization();
        HttpServer server = administration(204, "", requests);
        try {
            assertThat(runWithInput("p\"a\\s s\u00e9\n", "add-user", "a+b@example.org"))
                    .isZero();
        } finally {
            server.stop(0);
        }
        assertThat(requests)
                .containsExactly(
                        "PUT /users/a%2Bb%40example.org {\"password\":\"p\\\"a\\\\s s\u00e9\"} " + authorization);
        assertThat(out.toString()).doesNotContain("s s");
    }

    @Test
    void anEmptyPasswordIsNotSent() throws Exception {
        authorization();

        assertThat(runWithInput("", "add-user", "a@example.org")).isEqualTo(1);
        assertThat(err.toString()).contains("the password is empty");
    }

    @Test
    void theServersReasonIsPassedOn() throws Exception {
        authorization();
        HttpServer server = administration(
                400,
                "{\"statusCode\":400,\"type\":\"InvalidArgument\",\"message\":\"Invalid argument\",\"details\":\"no such domain\"}",
                Collections.synchronizedList(new ArrayList<>()));
        try {
            assertThat(run("add-domain", "example.org")).isEqualTo(1);
        } finally {
            server.stop(0);
        }
        assertThat(err.toString()).contains("no such domain").doesNotContain("statusCode");
    }

    @Test
    void whereNoServerAnswersItIsToldToStartIt() throws Exception {
        authorization();

        assertThat(run("add-domain", "example.org")).isEqualTo(1);
        assertThat(err.toString()).contains("start it first: bin/rempart start");
    }

    @Test
    void beforeTheFirstStartThereIsNoTokenYet() {
        assertThat(run("add-domain", "example.org")).isEqualTo(1);
        assertThat(err.toString()).contains("webadmin.token is not there; the first start of the server writes it");
    }

    @Test
    void withoutAdministrationTheFileToChangeIsNamed() throws Exception {
        home.replace("webadmin.properties", "enabled=true", "enabled=false");

        assertThat(run("add-domain", "example.org")).isEqualTo(1);
        assertThat(err.toString()).contains("enabled=true in conf/webadmin.properties");
    }
}
