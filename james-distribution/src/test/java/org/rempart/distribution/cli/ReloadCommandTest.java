/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.TestHome;

class ReloadCommandTest {
    private static final String RELOAD = "POST /servers?reload-certificate";
    private static final String POLICY = "GET /healthcheck/checks/policy";

    @TempDir
    Path folder;

    private Home home;
    private FakeAdministration server;

    @BeforeEach
    void start() throws Exception {
        home = TestHome.in(folder).home();
        server = new FakeAdministration(home);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void allListenersReadTheCertificate() throws Exception {
        server.answer(POLICY, 200, "{\"status\":\"healthy\"}");

        CommandRun run = CommandRun.of(home, "reload");

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).contains("All listeners have the certificate of conf/tls.");
        assertThat(server.requests()).contains(RELOAD);
    }

    @Test
    void aPolicyThatHasChangedIsTold() {
        server.answer(POLICY, 200, "{\"status\":\"degraded\",\"cause\":\"conf/rempart.xml has changed\"}");

        CommandRun run = CommandRun.of(home, "reload");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("conf/rempart.xml has changed", "bin/rempart stop");
    }

    @Test
    void aFaultKeepsWhatIsThere() throws Exception {
        Files.writeString(home.conf("tls/private-key.pem"), "no key");

        CommandRun run = CommandRun.of(home, "reload");

        assertThat(run.exitCode()).isEqualTo(78);
        assertThat(run.err()).contains("private-key.pem", "Nothing was read");
        assertThat(server.requests()).doesNotContain(RELOAD);
    }

    @Test
    void whatTheServerRefusesIsTold() {
        server.answer(RELOAD, 500, "{\"statusCode\":500,\"type\":\"ServerError\",\"message\":\"no such key\"}");

        CommandRun run = CommandRun.of(home, "reload");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("no such key");
    }
}
