/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.TestHome;

class AccountsCommandTest {
    private static final String HELD = "{\"account\":\"alice@ours.example\",\"held\":true,\"since\":\"2026-11-25\","
            + "\"reason\":\"<rate/>\\u001b[2J\",\"messages\":{\"PT1H\":500},\"recipients\":{},\"waitingMail\":12,\"keptMail\":7}";
    private static final String FREE =
            "{\"account\":\"bob@ours.example\",\"held\":false,\"since\":null,\"reason\":null,"
                    + "\"messages\":{\"PT1H\":3},\"recipients\":{\"PT24H\":7}}";

    @TempDir
    Path folder;

    private Home home;
    private FakeAdministration server;

    @BeforeEach
    void start() throws Exception {
        home = TestHome.in(folder).home();
        server = new FakeAdministration(home)
                .answer("GET /rempart/accounts", 200, "[" + HELD + "," + FREE + "]")
                .answer("GET /rempart/accounts/alice%40ours.example", 200, HELD);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private CommandRun run(String... arguments) {
        return CommandRun.of(home, arguments);
    }

    @Test
    void listsAndShows() {
        assertThat(run("accounts", "list").out())
                .contains("alice@ours.example  held since 2026-11-25  500 messages in 1h", "<rate/>?[2J")
                .contains("bob@ours.example  may send  3 messages in 1h, 7 recipients in 24h");
        assertThat(run("accounts", "list", "--held", "--json").out())
                .contains("alice")
                .doesNotContain("bob");
        assertThat(run("accounts", "show", "alice@ours.example").out())
                .contains("12 mails of it wait in queues, 7 are kept");
    }

    @Test
    void holdsAndReleases() throws Exception {
        server.answer("POST /rempart/accounts/bob%40ours.example/hold?reason=a%26b", 200, "{\"changed\":true}")
                .answer("POST /rempart/accounts/carol%40ours.example/hold", 200, "{\"changed\":true}")
                .answer(
                        "POST /rempart/accounts/alice%40ours.example/release?mail=delete",
                        200, "{\"changed\":true,\"mailsSent\":0,\"mailsDeleted\":12}")
                .answer(
                        "POST /rempart/accounts/alice%40ours.example/release",
                        409, "{\"message\":\"12 mails wait; write mail=send or mail=delete\"}");
        assertThat(run("accounts", "hold", "bob@ours.example", "--reason", "a&b")
                        .out())
                .contains("is held");
        assertThat(run("accounts", "hold", "carol@ours.example").out()).contains("is held");
        CommandRun undecided = run("accounts", "release", "alice@ours.example");
        assertThat(undecided.exitCode()).isEqualTo(1);
        assertThat(undecided.err()).contains("mail=delete");
        assertThat(run("accounts", "release", "alice@ours.example", "--mail", "delete")
                        .out())
                .contains("0 mails go on, 12 are deleted");
        assertThat(run("accounts", "release", "alice@ours.example", "--mail", "keep")
                        .exitCode())
                .isEqualTo(2);
    }
}
