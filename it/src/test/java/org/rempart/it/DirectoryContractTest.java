/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.it.Variant.Result;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.Slapd;

/** The packaged server with its overlay for LDAP, and OpenLDAP. */
@DisplayName("A4: accounts live in a directory")
class DirectoryContractTest {
    private static final String PASSWORD = "carol's secret";

    /** How long a directory that failed is left alone, and some more. */
    private static final Duration BACK = Duration.ofSeconds(60);

    private static final Endpoints TRIAL = Trial.server();
    private static final String CAROL = "carol@" + TRIAL.domain();
    private static final String ALIAS = "sales@" + TRIAL.domain();
    private static final String DAVE = "dave@" + TRIAL.domain();

    private static CertificateAuthority authority;
    private static Slapd directory;
    private static Variant server;

    @BeforeAll
    static void start() throws Exception {
        Slapd.require();
        authority = CertificateAuthority.create("Directory", Clock.systemUTC());
        Path folder = Folders.servers().resolve("openldap");
        Folders.delete(folder);
        directory = Slapd.start(
                folder,
                authority.issue(List.of("localhost")),
                List.of(
                        "attributetype ( 1.3.6.1.4.1.99999.1 NAME 'mailAlternateAddress' EQUALITY caseIgnoreIA5Match"
                                + " SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )",
                        "objectclass ( 1.3.6.1.4.1.99999.2 NAME 'mailAccount' SUP top AUXILIARY"
                                + " MAY mailAlternateAddress )"),
                List.of("access to * by dn.exact=\"" + Slapd.READER + "\" read by anonymous auth by * none"),
                person("carol", CAROL, PASSWORD, ALIAS)
                        + person("dave", DAVE, "dave's secret", "carol@elsewhere.example"));
        server = new Variant("openldap-accounts");
        server.write("usersrepository.xml", overlay());
        server.write("directory.password", Slapd.SECRET + "\n");
        Files.setPosixFilePermissions(
                server.home().resolve("conf/directory.password"), PosixFilePermissions.fromString("rw-------"));
        // Wrong passwords are tried here as fast as they can be.
        server.edit("rempart.xml", "<failures [^>]*/>", "");
        authority.writePem(server.home().resolve("conf/tls/directory-ca.pem"));
        server.start();
    }

    private static String person(String uid, String mail, String password, String alias) {
        return """
                dn: uid=%s,ou=people,dc=test
                objectClass: inetOrgPerson
                objectClass: mailAccount
                uid: %s
                cn: %s
                sn: %s
                mail: %s
                mailAlternateAddress: %s
                userPassword: %s

                """.formatted(uid, uid, uid, uid, mail, alias, password);
    }

    /** The packaged one, with what an administrator changes. */
    private static String overlay() throws IOException {
        String packaged = server.read("overlays/ldap/usersrepository.xml");
        String changed = packaged.replace("ldaps://directory-1.example.com", "ldaps://localhost:" + directory.ldaps())
                .replaceAll("(?m)^ *<server>ldaps://directory-2.*\n", "")
                .replace("cn=rempart,ou=services,dc=example,dc=com", Slapd.READER)
                .replace("ou=people,dc=example,dc=com", "ou=people,dc=test")
                .replaceAll("(?s)(<trust>[^<]*</trust>)\\s*-->", "--> $1")
                .replaceAll("(?s)(<aliases>[^<]*</aliases>)\\s*-->", "--> $1");
        assertThat(changed).doesNotContain("directory-1", "directory-2");
        return changed;
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
        if (directory != null) {
            directory.close();
        }
    }

    /** The test before may have taken it away. */
    @BeforeEach
    void everythingWorks() {
        Awaitility.await("logins")
                .atMost(BACK)
                .untilAsserted(() -> assertThat(login("carol", PASSWORD).code()).isEqualTo(235));
    }

    private static SmtpClient connect() throws IOException {
        SmtpClient client = SmtpClient.connectTls(server.submissions(), Mails.tls(TRIAL));
        client.command("EHLO client.example");
        return client;
    }

    private static SmtpReply login(String name, String password) throws IOException {
        try (SmtpClient client = connect()) {
            return client.authPlain(name, password);
        }
    }

    /** By its uid or its address; the account is the same, and its mailbox too. */
    @ParameterizedTest
    @ValueSource(strings = {"carol", "carol@%s", "CAROL@%s"})
    void a4_oneLogsInByUidAndByAddress(String name) throws Exception {
        String login = String.format(name, TRIAL.domain());
        String marker = Mails.marker();
        try (SmtpClient client = connect()) {
            assertThat(client.authPlain(login, PASSWORD).code()).isEqualTo(235);
            assertThat(client.send(CAROL, List.of(CAROL, ALIAS), Mails.message(CAROL, CAROL, marker))
                            .toString())
                    .startsWith("250 ");
        }
        Awaitility.await("mail " + marker)
                .atMost(Mails.PATIENCE)
                .ignoreExceptionsInstanceOf(ImapClient.ImapException.class)
                .untilAsserted(() -> {
                    try (ImapClient imap = ImapClient.connectTls(server.imaps(), Mails.tls(TRIAL))) {
                        assertThat(imap.login(login, PASSWORD).ok()).isTrue();
                        assertThat(imap.messages("INBOX"))
                                .anySatisfy(message ->
                                        assertThat(Mails.text(message)).contains(marker));
                    }
                });
    }

    @Test
    void a4_aWrongPasswordIsWrong() throws Exception {
        assertThat(login("carol", "wrong").toString()).startsWith("535 5.7.8 ");
        assertThat(login(CAROL, "dave's secret").toString()).startsWith("535 5.7.8 ");
        assertThat(login("nobody", "wrong").toString()).startsWith("535 5.7.8 ");
        assertThat(login(ALIAS, PASSWORD).toString()).startsWith("535 5.7.8 ");
        try (ImapClient imap = ImapClient.connectTls(server.imaps(), Mails.tls(TRIAL))) {
            assertThat(imap.command("LOGIN carol wrong").ok()).isFalse();
        }
    }

    @Test
    void a4_anAccountWritesAsItselfAndAsItsFurtherAddress() throws Exception {
        try (SmtpClient client = connect()) {
            client.authPlain("carol", PASSWORD);
            for (String from : List.of(CAROL, ALIAS)) {
                String marker = Mails.marker();
                assertThat(client.send(
                                        from,
                                        List.of("partner@partner.example"),
                                        Mails.message(from, "partner@partner.example", marker))
                                .toString())
                        .startsWith("250 ");
                Mails.awaitRemote(TRIAL, marker);
            }
        }
    }

    @Test
    void a4_anAccountWritesAsNobodyElse() throws Exception {
        try (SmtpClient client = connect()) {
            client.authPlain("dave", "dave's secret");
            for (String another : List.of(CAROL, ALIAS, "nobody@" + TRIAL.domain(), "carol@elsewhere.example")) {
                assertThat(client.command("MAIL FROM:<" + another + ">").toString())
                        .as(another)
                        .startsWith("553 5.7.1 ");
                assertThat(client.send(DAVE, List.of(CAROL), Mails.message(another, CAROL, Mails.marker()))
                                .toString())
                        .as("From of " + another)
                        .startsWith("553 5.7.1 ");
                client.command("RSET");
            }
        }
    }

    @Test
    void a4_aDirectoryThatIsDownLetsNobodyInAndRefusesNobodyForGood() throws Exception {
        SmtpClient before = connect();
        assertThat(before.authPlain("carol", PASSWORD).code()).isEqualTo(235);
        directory.close();
        try (before) {
            // Often enough for the pause after failures.
            for (int i = 0; i < 6; i++) {
                assertThat(login("carol", PASSWORD).toString()).startsWith("454 4.7.0 ");
                assertThat(login("carol", "wrong").toString()).startsWith("454 4.7.0 ");
            }
            try (ImapClient imap = ImapClient.connectTls(server.imaps(), Mails.tls(TRIAL))) {
                assertThat(imap.command("LOGIN carol \"" + PASSWORD + "\"").ok())
                        .isFalse();
            }
            // Whose address it is, nobody can tell: not hers, not refused for good.
            assertThat(before.command("MAIL FROM:<never-asked@" + TRIAL.domain() + ">")
                            .toString())
                    .startsWith("451 4.3.0 ");
            try (SmtpClient outside = SmtpClient.connect(server.smtp())) {
                outside.command("EHLO outside.example");
                outside.command("MAIL FROM:<somebody@outside.example>");
                assertThat(outside.command("RCPT TO:<somebody-new@" + TRIAL.domain() + ">")
                                .toString())
                        .startsWith("451 ");
            }
            Result doctor = server.run("", "doctor", "--skip", "dns,disk");
            assertThat(doctor.exitCode()).as(doctor.output()).isEqualTo(1);
            assertThat(doctor.output()).containsPattern("fault +directory +localhost:" + directory.ldaps());
        } finally {
            directory.resume();
        }
        everythingWorks();
        Result doctor = server.run("", "doctor", "--skip", "dns,disk");
        assertThat(doctor.output())
                .containsPattern(
                        "ok +directory +localhost:" + directory.ldaps() + " answers, and its certificate is trusted");
    }

    @ParameterizedTest
    @ValueSource(strings = {"another host", "another authority"})
    void a4_aDirectoryWithAWrongCertificateIsNone(String wrong) throws Exception {
        Path log = server.home().resolve("var/log/server.log");
        long before = Files.size(log);
        directory.close();
        try {
            directory.show(
                    wrong.equals("another host")
                            ? authority.issue(List.of("directory.example"))
                            : CertificateAuthority.create("Stranger", Clock.systemUTC())
                                    .issue(List.of("localhost")));
            directory.resume();
            assertThat(login("carol", PASSWORD).toString()).startsWith("454 4.7.0 ");
            assertThat(login("carol", "wrong").toString()).startsWith("454 4.7.0 ");

            Result doctor = server.run("", "doctor", "--skip", "dns,disk");
            assertThat(doctor.exitCode()).as(doctor.output()).isEqualTo(1);
            String reason = wrong.equals("another host") ? "localhost" : "certification path";
            assertThat(doctor.output().replaceAll("\\s+", " "))
                    .containsPattern("fault directory localhost:" + directory.ldaps() + ": [^\n]*" + reason);
            Awaitility.await("the reason in the log")
                    .atMost(Mails.PATIENCE)
                    .untilAsserted(() -> assertThat(Files.readString(log).substring((int) before))
                            .contains("The directory can't be asked")
                            .containsIgnoringCase("certificat"));
        } finally {
            directory.close();
            directory.show(authority.issue(List.of("localhost")));
            directory.resume();
        }
    }
}
