/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.it.Variant.Result;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.quickstart.client.SmtpClient;

@DisplayName("The server is administered by its command")
class AdministrationContractTest {
    private static Variant server;

    @BeforeAll
    static void start() throws Exception {
        server = new Variant("administration");
        server.start();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    private static Result run(String... arguments) throws Exception {
        return server.run("", arguments);
    }

    private static List<String> lines(String... arguments) throws Exception {
        Result result = run(arguments);
        assertThat(result.exitCode()).as(result.output()).isZero();
        return result.output().lines().toList();
    }

    @Test
    void domainsComeAndGo() throws Exception {
        lines("domains", "add", "come.example");
        assertThat(lines("domains", "list")).contains("come.example");
        assertThat(run("domains", "list", "--json").output()).startsWith("[").contains("\"come.example\"");

        Result odd = run("domains", "add", "come..example");
        assertThat(odd.exitCode()).isEqualTo(1);
        assertThat(odd.output()).contains("come..example").doesNotContain("\tat ");

        server.run("secret of old\n", "users", "add", "a@come.example");
        Result kept = run("domains", "remove", "come.example");
        assertThat(kept.exitCode()).isEqualTo(1);
        assertThat(kept.output()).contains("accounts");
        lines("users", "remove", "a@come.example");
        lines("domains", "remove", "come.example");
        assertThat(lines("domains", "list")).doesNotContain("come.example");
        assertThat(run("domains", "remove", "come.example").output()).contains("is none of the domains");
    }

    @Test
    void accountsComeAndGo() throws Exception {
        lines("domains", "add", "people.example");
        assertThat(server.run("first of all\n", "users", "add", "Ann@people.example")
                        .exitCode())
                .isZero();
        assertThat(lines("users", "list")).contains("ann@people.example");

        Result twice = server.run("first of all\n", "users", "add", "ann@people.example");
        assertThat(twice.exitCode()).isEqualTo(1);
        assertThat(twice.output()).contains("already exist");
        Result foreign = server.run("first of all\n", "users", "add", "ann@elsewhere.example");
        assertThat(foreign.exitCode()).isEqualTo(1);
        assertThat(foreign.output()).contains("Domain does not exist");

        assertThat(server.run("second to none\n", "users", "password", "ann@people.example")
                        .exitCode())
                .isZero();
        Result nobody = server.run("second to none\n", "users", "password", "bob@people.example");
        assertThat(nobody.exitCode()).isEqualTo(1);
        assertThat(nobody.output()).contains("there is no account bob@people.example");
        assertThat(lines("users", "list")).doesNotContain("bob@people.example");

        lines("users", "remove", "--with-mailboxes", "ann@people.example");
        assertThat(lines("users", "list")).doesNotContain("ann@people.example");
        assertThat(run("users", "remove", "ann@people.example").exitCode()).isEqualTo(1);
    }

    @Test
    void aliasesComeAndGo() throws Exception {
        lines("domains", "add", "alias.example");
        server.run("secret of old\n", "users", "add", "a@alias.example");
        lines("aliases", "add", "sales@alias.example", "a@alias.example");
        assertThat(lines("aliases", "list")).contains("sales@alias.example a@alias.example");

        Result foreign = run("aliases", "add", "sales@elsewhere.example", "a@alias.example");
        assertThat(foreign.exitCode()).isEqualTo(1);
        assertThat(foreign.output()).contains("elsewhere.example");

        lines("aliases", "remove", "sales@alias.example", "a@alias.example");
        assertThat(lines("aliases", "list")).doesNotContain("sales@alias.example a@alias.example");
        assertThat(run("aliases", "remove", "sales@alias.example", "a@alias.example")
                        .exitCode())
                .isEqualTo(1);
    }

    @Test
    void forwardsComeAndGo() throws Exception {
        lines("domains", "add", "forward.example");
        server.run("secret of old\n", "users", "add", "a@forward.example");
        assertThat(run("forwards", "add", "a@forward.example", "a@elsewhere.example")
                        .output())
                .contains("is sent on to a@elsewhere.example", "no copy");
        assertThat(run("forwards", "add", "a@forward.example", "a@forward.example")
                        .output())
                .doesNotContain("no copy");
        lines("forwards", "add", "sales@forward.example", "s@elsewhere.example");
        assertThat(lines("forwards", "list"))
                .contains(
                        "a@forward.example a@elsewhere.example",
                        "a@forward.example a@forward.example",
                        "sales@forward.example s@elsewhere.example");

        Result foreign = run("forwards", "add", "sales@elsewhere.example", "a@forward.example");
        assertThat(foreign.exitCode()).isEqualTo(1);
        assertThat(foreign.output()).contains("is in none of the domains");

        lines("forwards", "remove", "a@forward.example", "a@elsewhere.example");
        lines("forwards", "remove", "sales@forward.example", "s@elsewhere.example");
        assertThat(lines("forwards", "list"))
                .contains("a@forward.example a@forward.example")
                .noneMatch(line -> line.endsWith("elsewhere.example"));
        assertThat(run("forwards", "remove", "sales@forward.example", "s@elsewhere.example")
                        .exitCode())
                .isEqualTo(1);
    }

    @Test
    void theDoctorFindsARunningServerInOrder() throws Exception {
        // The names of this test are in no DNS.
        Result result = run("doctor", "--skip", "dns,disk");
        assertThat(result.exitCode()).as(result.output()).isZero();
        assertThat(result.output())
                .containsPattern("ok +listeners +submissions at 127\\.0\\.0\\.1:\\d+ speaks TLSv1\\.3")
                .containsPattern("ok +descriptors")
                .doesNotContain("DEBUG", "\tat ");
    }

    @Test
    void theDoctorLooksAtAServerThatIsStoppedAndBroken() throws Exception {
        Variant broken = new Variant("doctor-broken");
        broken.edit("rempart.xml", "preset=\"client\"", "preset=\"cleint\"");
        broken.edit(
                "smtpserver.xml",
                "<helloName autodetect=\"false\">[^<]*<",
                "<helloName autodetect=\"false\">other.example<");
        java.nio.file.Files.setPosixFilePermissions(
                broken.home().resolve("conf/tls/private-key.pem"),
                java.nio.file.attribute.PosixFilePermissions.fromString("rw-r--r--"));

        Result result = broken.run("", "doctor", "--json", "--skip", "dns");

        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.output())
                .startsWith("{")
                .contains("\"verdict\" : \"fault\"", "cleint", "does not name other.example", "chmod o= conf/tls")
                .contains("the server does not run");
    }

    @Test
    void aBackupUnderLoadHoldsEveryMailThatWasAcknowledgedBefore() throws Exception {
        Path backup = Path.of(System.getProperty("rempart.it.folder")).resolve(Mails.marker() + ".tar.gz");
        Endpoints trial = Trial.server();
        String account = "keeper@" + trial.domain();
        List<String> acknowledged = Collections.synchronizedList(new ArrayList<>());
        server.addUser(account, "secret of old");
        AtomicBoolean enough = new AtomicBoolean();
        Thread load = new Thread(() -> send(server, account, acknowledged, enough), "load");
        load.start();
        Awaitility.await("mail before the backup").atMost(Mails.PATIENCE).until(() -> acknowledged.size() >= 20);
        List<String> before = List.copyOf(acknowledged);
        Result made = run("backup", backup.toString());
        enough.set(true);
        load.join();
        assertThat(made.exitCode()).as(made.output()).isZero();
        Result again = run("restore", backup.toString());
        assertThat(again.exitCode()).isEqualTo(1);
        assertThat(again.output()).contains("the server runs; stop it first");
        try (Variant into = new Variant("backup-into")) {
            Result restored = into.run("", "restore", "--keep-conf", backup.toString());
            assertThat(restored.exitCode()).as(restored.output()).isZero();
            assertThat(into.run("", "start").exitCode()).isZero();
            Awaitility.await("mail after the restore")
                    .atMost(Mails.PATIENCE)
                    // The first mail makes the mailbox.
                    .ignoreExceptionsInstanceOf(ImapClient.ImapException.class)
                    .untilAsserted(() -> {
                        try (ImapClient imap = ImapClient.connectTls(into.imaps(), Mails.tls(trial))) {
                            imap.login(account, "secret of old");
                            String inbox = imap.messages("INBOX").stream()
                                    .map(Mails::text)
                                    .collect(Collectors.joining());
                            assertThat(before)
                                    .allSatisfy(marker -> assertThat(inbox).contains(marker));
                        }
                    });
        } finally {
            Files.deleteIfExists(backup);
        }
    }

    /** Sends mail after mail, and notes which the server has taken. */
    private static void send(Variant to, String account, List<String> acknowledged, AtomicBoolean enough) {
        try (SmtpClient client = SmtpClient.connect(to.submission())) {
            client.command("EHLO client.example");
            client.startTls(Mails.tls(Trial.server()));
            client.command("EHLO client.example");
            client.authPlain(account, "secret of old");
            // The policy of the trial lets an account send 200 mails an hour.
            for (int i = 0; i < 150 && !enough.get(); i++) {
                String marker = Mails.marker();
                if (client.send(account, List.of(account), Mails.message(account, account, marker))
                                .code()
                        == 250) {
                    acknowledged.add(marker);
                }
            }
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
    }
}
