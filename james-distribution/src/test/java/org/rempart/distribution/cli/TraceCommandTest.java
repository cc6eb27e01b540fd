/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.Home;
import org.rempart.policy.trail.Pseudonyms;

class TraceCommandTest {
    private static final String LOGIN = "{\"v\":1,\"time\":\"1\",\"event\":\"login\",\"connection\":\"c1\","
            + "\"account\":\"alice@ours.example\",\"mechanism\":\"PLAIN\"}";
    private static final String SUBMISSION = "{\"v\":1,\"time\":\"2\",\"event\":\"submission\",\"connection\":\"c1\","
            + "\"account\":\"alice@ours.example\",\"verdict\":\"accepted\",\"mail\":\"Mail1-a\",\"from\":"
            + "\"alice@ours.example\",\"recipients\":[\"x@there.example\",\"bob@ours.example\"],\"messageId\":\"<1@c>\"}";
    private static final String ANOTHER = "{\"v\":1,\"time\":\"3\",\"event\":\"submission\",\"connection\":\"c1\","
            + "\"account\":\"alice@ours.example\",\"verdict\":\"accepted\",\"mail\":\"Mail1-b\",\"from\":"
            + "\"alice@ours.example\",\"recipients\":[\"z@there.example\"],\"messageId\":\"<2@c>\"}";
    private static final String LOCAL = "{\"v\":1,\"time\":\"4\",\"event\":\"local-delivery\","
            + "\"mail\":\"Mail1-a-!7\",\"recipients\":[\"bob@ours.example\"]}";
    private static final String DELIVERY =
            "{\"v\":1,\"time\":\"5\",\"event\":\"delivery\",\"mail\":\"Mail1-a-to-there\","
                    + "\"recipients\":[\"x@there.example\"],\"answer\":\"250 \\u001b[2J\"}";
    private static final String OTHER =
            "{\"v\":1,\"time\":\"6\",\"event\":\"login\",\"connection\":\"c2\"," + "\"account\":\"bob@ours.example\"}";

    @TempDir
    Path folder;

    private Home home;

    @BeforeEach
    void write() throws Exception {
        home = new Home(folder);
        Files.createDirectories(home.var("log"));
        try (OutputStream zip =
                new GZIPOutputStream(Files.newOutputStream(home.var("log/audit-2026-11-24.10.log.gz")))) {
            zip.write((SUBMISSION + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        try (OutputStream zip =
                new GZIPOutputStream(Files.newOutputStream(home.var("log/audit-2026-11-24.9.log.gz")))) {
            zip.write((LOGIN + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        Files.writeString(
                home.var("log/audit.log"), String.join("\n", ANOTHER, LOCAL, DELIVERY, OTHER, "{\"v\":1,\"ti"));
        Files.writeString(home.var("log/server.log"), "Mail1-a\n");
    }

    private String trace(String wanted) {
        return CommandRun.of(home, "trace", "--json", wanted).out().strip();
    }

    @Test
    void aMailIsFollowedFromItsLoginToItsLastDelivery() {
        String way = String.join("\n", LOGIN, SUBMISSION, LOCAL, DELIVERY.replace("\\u001b", "\\u001B"));
        assertThat(trace("Mail1-a")).isEqualTo(way);
        assertThat(trace("<1@c>")).isEqualTo(way);
        assertThat(trace("X@there.example")).isEqualTo(way);
    }

    @Test
    void anAccountIsFollowedWithAllItsMail() {
        assertThat(trace("alice@ours.example").lines()).hasSize(5);
        assertThat(trace("bob@ours.example")).contains("c2").contains("Mail1-a-!7");
    }

    @Test
    void peopleReadALineAnEventWithoutControlCharacters() {
        CommandRun run = CommandRun.of(home, "trace", "Mail1-a");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .contains("2  submission  verdict=accepted  account=alice@ours.example  mail=Mail1-a  "
                        + "from=alice@ours.example  recipients=x@there.example,bob@ours.example  connection=c1")
                .contains("answer=250 ?[2J")
                .doesNotContain("\u001b");
    }

    @Test
    void whatIsHashedIsFoundByWhoeverKnowsIt() throws Exception {
        String hash = Pseudonyms.of(home.var("audit.key").toFile()).of("x@there.example");
        Files.writeString(home.var("log/audit.log"), DELIVERY.replace("x@there.example", hash) + "\n");
        assertThat(trace("X@there.example")).contains(hash);
    }

    @Test
    void nothingIsKnownOfAStranger() {
        CommandRun run = CommandRun.of(home, "trace", "Mail2");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).contains("knows nothing of Mail2");
        assertThat(CommandRun.of(new Home(folder.resolve("none")), "trace", "x").exitCode())
                .isEqualTo(1);
    }
}
