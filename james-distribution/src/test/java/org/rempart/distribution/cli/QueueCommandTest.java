/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.TestHome;

class QueueCommandTest {
    @TempDir
    Path folder;

    private Home home;
    private FakeAdministration server;

    @BeforeEach
    void start() throws Exception {
        home = TestHome.in(folder).home();
        server = new FakeAdministration(home).otherwise(200, "{\"changed\":1}");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private CommandRun run(String... arguments) {
        return CommandRun.of(home, arguments);
    }

    private static String mail(String id, boolean held) {
        String arrived = Clock.systemUTC().instant().minus(Duration.ofHours(5)).toString();
        return "{\"id\":\"" + id + "\",\"place\":\"outgoing\",\"kind\":\"queue\",\"held\":" + held
                + ",\"arrived\":\"" + arrived + "\",\"nextTry\":null,\"sender\":\"a@example.com\","
                + "\"recipients\":[\"b@example.org\",\"c@example.org\",\"d@example.org\",\"e@example.org\"],"
                + "\"lastError\":\"452 4.3.1 full\\u001b[2J\"}";
    }

    @Test
    void theFilterIsHandedOnQuoted() throws Exception {
        server.otherwise(200, "{\"mails\":[],\"next\":null}");

        CommandRun run = run(
                "queue",
                "list",
                "--queue",
                "var/mail/error",
                "--sender",
                "a+b@example.com",
                "--recipient",
                "c@example.org",
                "--held",
                "--older-than",
                "2h",
                "--limit",
                "10",
                "--after",
                "20");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("No mail.");
        assertThat(server.requests())
                .containsExactly("GET /rempart/mails?place=var%2Fmail%2Ferror&sender=a%2Bb%40example.com"
                        + "&recipient=c%40example.org&held=true&olderThan=PT2H&limit=10&after=20");
    }

    @Test
    void mailsAreListedALineEachAndDriveNoTerminal() {
        server.answer(
                        "GET /rempart/mails?limit=1000&after=0",
                        200,
                        "{\"mails\":[" + mail("m1", false) + "," + mail("m2", true) + "],\"next\":null}")
                .answer(
                        "GET /rempart/mails?limit=1&after=0",
                        200,
                        "{\"mails\":[" + mail("m1", false) + "],\"next\":7}");

        String listed = run("queue", "list").out();

        assertThat(listed.lines().toList()).hasSize(4);
        assertThat(listed)
                .contains("m1  outgoing  due  5h old  from a@example.com to b@example.org, c@example.org, "
                        + "d@example.org and 1 more")
                .contains("m2  outgoing  held")
                .contains("452 4.3.1 full?[2J")
                .doesNotContain("\u001b");
        assertThat(run("queue", "list", "--limit", "1").out())
                .contains("m1  outgoing")
                .doesNotContain("m2")
                .contains("go on with --after 7");
    }

    @Test
    void nothingIsChangedWithoutAChoice() throws Exception {
        for (String action : List.of("flush", "hold", "release", "delete")) {
            assertThat(run("queue", action).exitCode()).as(action).isEqualTo(2);
            assertThat(run("queue", action, "id1", "--all").exitCode())
                    .as(action)
                    .isEqualTo(2);
            assertThat(run("queue", action, "--held", "--all").exitCode())
                    .as(action)
                    .isEqualTo(2);
            assertThat(run("queue", action, "id1", "--held").exitCode())
                    .as(action)
                    .isEqualTo(2);
        }
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void idsFiltersAndAllAreHandedOn() throws Exception {
        assertThat(run("queue", "hold", "id1", "id/2").exitCode()).isEqualTo(1);
        assertThat(run("queue", "flush", "--queue", "outgoing").exitCode()).isZero();
        assertThat(run("queue", "release", "--all").out()).contains("1 mails go on.");

        assertThat(server.requests())
                .containsExactly(
                        "POST /rempart/mails/hold?id=id1&id=id%2F2",
                        "POST /rempart/mails/flush?place=outgoing", "POST /rempart/mails/release?all=true");
    }

    @Test
    void deletingIsMeant() throws Exception {
        CommandRun unsure = run("queue", "delete", "id1");

        assertThat(unsure.exitCode()).isEqualTo(1);
        assertThat(unsure.err()).contains("say --yes if you mean it");
        assertThat(server.requests()).isEmpty();
        assertThat(run("queue", "delete", "--yes", "id1").exitCode()).isZero();
        assertThat(server.requests()).containsExactly("POST /rempart/mails/delete?id=id1");
    }

    @Test
    void anAgeHasAUnit() {
        CommandRun run = run("queue", "list", "--older-than", "2 hours");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("write 90s, 30m, 2h or 5d");
    }

    @Test
    void aMailIsShownWithItsEnvelopeAndHeader() {
        server.answer(
                "GET /rempart/mails/id1",
                200,
                "{\"id\":\"id1\",\"place\":\"error\",\"recipients\":[\"b@example.org\"],\"lastError\":\"line 1\\nline 2\","
                        + "\"tries\":3,\"nextTry\":null,\"header\":\"Subject: x\\r\\nTo: y\\r\\n\"}");

        assertThat(run("queue", "show", "id1").out().lines())
                .containsExactly(
                        "id             id1",
                        "place          error",
                        "recipients     b@example.org",
                        "lastError      line 1",
                        "lastError      line 2",
                        "tries          3",
                        "",
                        "Subject: x",
                        "To: y");
    }

    @Test
    void placesAreCounted() {
        server.answer(
                "GET /rempart/mails/counts",
                200,
                "[{\"place\":\"outgoing\",\"kind\":\"queue\",\"mails\":12,\"held\":2,\"oldest\":\"2026-01-01T00:00:00Z\"}]");

        assertThat(run("queue", "counts").out()).containsPattern("outgoing +12 mails +2 held +oldest \\d+d old");
        assertThat(run("queue", "counts", "--json").out()).contains("\"held\" : 2");
    }

    @Test
    void whereNoServerAnswersItIsToldToStartIt() {
        server.close();

        CommandRun run = run("queue", "list");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("start it first: bin/rempart start");
    }
}
