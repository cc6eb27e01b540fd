/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.audit.peer.Authority;
import org.rempart.audit.peer.ScriptedSmtp;
import org.rempart.audit.peer.ScriptedSmtp.Fault;

class CommandTest {
    @TempDir
    Path folder;

    private record Outcome(int exit, String out, String err) {}

    private static Outcome run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = Main.run(new PrintWriter(out), new PrintWriter(err), arguments);
        return new Outcome(exit, out.toString(), err.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.0/24", "*.example.org", "a.example,b.example", " "})
    void onlyOneServerThatIsNamedIsATarget(String target) {
        assertThat(run(target).exit()).isEqualTo(2);
    }

    @Test
    void aServerThatIsNotThereCouldNotBeAudited() {
        assertThat(run("127.0.0.1", "--listener", "smtp=1").exit()).isEqualTo(2);
        assertThat(run("127.0.0.1", "--listener", "smpt=25").err()).contains("there is no service 'smpt'");
        assertThat(run().err()).contains("Name the server");
    }

    @Test
    void aCheckIsExplained() {
        assertThat(run("explain", "relay.accepted").out()).contains("RFC 5321", "Postfix:", "Exchange:", "Stalwart:");
        assertThat(run("explain").out().lines().count()).isGreaterThan(70);
        assertThat(run("explain", "no.such").exit()).isEqualTo(2);
    }

    @Test
    void thePasswordIsInNoReport() throws Exception {
        Path password = folder.resolve("password");
        Files.writeString(password, "secret of alice\n");
        Authority.Identity identity = Authority.good();
        try (ScriptedSmtp mx = ScriptedSmtp.start(false, false, identity.context(), Fault.NO_IDENTITY);
                ScriptedSmtp submission = ScriptedSmtp.start(true, false, identity.context(), Fault.NO_IDENTITY)) {
            List<String> arguments = new ArrayList<>(List.of(
                    "localhost",
                    "--listener=smtp=" + mx.port(),
                    "--listener=submission=" + submission.port(),
                    "--domain=example.com",
                    "--as=alice@example.com",
                    "--password-file=" + password,
                    "--no-dns",
                    "--all"));
            for (String kind : List.of("json", "html", "junit", "sarif")) {
                arguments.add("--" + kind + "=" + folder.resolve("report." + kind));
            }
            Outcome outcome = run(arguments.toArray(String[]::new));
            assertThat(outcome.exit()).as(outcome.out() + outcome.err()).isEqualTo(1);
            assertThat(outcome.out()).contains("identity.envelope");
            String encoded = java.util.Base64.getEncoder()
                    .encodeToString(
                            "\0alice@example.com\0secret of alice".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            assertThat(outcome.out() + outcome.err())
                    .doesNotContain("secret of alice")
                    .doesNotContain(encoded);
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.filter(path -> !path.equals(password)).toList()) {
                    assertThat(Files.readString(file))
                            .doesNotContain("secret of alice")
                            .doesNotContain(encoded);
                }
            }
            // The same again, compared with itself: nothing is new.
            arguments.add("--baseline=" + folder.resolve("report.json"));
            assertThat(run(arguments.toArray(String[]::new)).exit()).isNotEqualTo(1);
        }
    }

    @Test
    void aDryRunConnectsToNothing() throws Exception {
        try (ScriptedSmtp mx = ScriptedSmtp.start(false, false, Authority.good().context())) {
            Outcome outcome = run("127.0.0.1", "--listener=smtp=" + mx.port(), "--domain=example.com", "--dry-run");
            assertThat(outcome.exit()).isZero();
            assertThat(outcome.out()).contains("Relay attempts to example.net");
            assertThat(mx.connections()).isZero();
        }
    }

    @Test
    void aConfigurationIsAudited() {
        Path packaged = Path.of("..", "conf", "src", "main", "conf");
        assertThat(run("configuration", packaged.toString()).exit()).isZero();
        assertThat(run("configuration", folder.toString()).exit()).isEqualTo(2);
    }
}
