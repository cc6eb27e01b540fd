/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.unboundid.ldap.sdk.LDAPConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.james.core.Username;
import org.apache.james.user.api.UsersRepositoryException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.distribution.home.Home;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.Slapd;

/** Accounts in OpenLDAP: who is whom, and what happens when it is away, slow, or somebody else. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class DirectoryTest {
    private static final String MORE =
            "<login>uid, sAMAccountName, userPrincipalName</login>" + "<aliases>proxyAddresses</aliases>";

    /** Attributes as Active Directory has them, and the overlay for policies of passwords. */
    private static final List<String> SCHEMA = List.of(
            "moduleload ppolicy",
            "attributetype ( 1.3.6.1.4.1.99999.1 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch"
                    + " SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
            "attributetype ( 1.3.6.1.4.1.99999.2 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch"
                    + " SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )",
            "attributetype ( 1.3.6.1.4.1.99999.3 NAME 'proxyAddresses' EQUALITY caseIgnoreMatch"
                    + " SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )",
            "objectclass ( 1.3.6.1.4.1.99999.4 NAME 'windowsUser' SUP top AUXILIARY"
                    + " MAY ( sAMAccountName $ userPrincipalName $ proxyAddresses ) )",
            "sizelimit 1000");

    private static final String MANAGERS_SECRET = "manager's secret";

    private static final List<String> POLICY = List.of(
            "rootpw \"" + MANAGERS_SECRET + "\"",
            "overlay ppolicy",
            "ppolicy_default cn=default,dc=test",
            "access to * by * read");

    @TempDir
    private static Path shared;

    private static CertificateAuthority authority;
    private static Slapd slapd;

    @TempDir
    private Path folder;

    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeAll
    static void startDirectory() throws Exception {
        Slapd.require();
        authority = CertificateAuthority.create("authority", Clock.systemUTC());
        slapd = startSlapd("localhost");
    }

    private static Slapd startSlapd(String host) throws Exception {
        Path at = Files.createTempDirectory(shared, "slapd");
        try (var entries = DirectoryTest.class.getResourceAsStream("directory.ldif")) {
            return Slapd.start(
                    at,
                    authority.issue(List.of(host)),
                    SCHEMA,
                    POLICY,
                    new String(entries.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @AfterAll
    static void stopDirectory() throws Exception {
        if (slapd != null) {
            slapd.close();
        }
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : opened) {
            one.close();
        }
    }

    private <T extends AutoCloseable> T opened(T one) {
        opened.add(one);
        return one;
    }

    private static String ldaps(int port) {
        return "<server>ldaps://localhost:" + port + "</server>";
    }

    /** Users of a directory with these elements besides those that all have. */
    private DirectoryUsers users(String elements) throws Exception {
        Home home = new Home(folder);
        Files.createDirectories(home.conf(""));
        Files.writeString(folder.resolve("secret"), "reader's secret\n");
        if (!elements.contains("<trust>")) {
            authority.writePem(folder.resolve("ca.pem"));
        }
        Files.writeString(
                home.conf("usersrepository.xml"),
                "<usersrepository name=\"LocalUsers\"><directory>" + elements
                        + (elements.contains("<trust>") ? "" : "<trust>ca.pem</trust>")
                        + "<bindDn>cn=reader,dc=test</bindDn><bindPasswordFile>secret</bindPasswordFile>"
                        + "<base>ou=people,dc=test</base>"
                        + "<filter>(objectClass=inetOrgPerson)</filter></directory></usersrepository>");
        DirectorySettings settings = DirectorySettings.of(home).orElseThrow();
        Directory directory = opened(Directory.of(settings));
        return new DirectoryUsers(directory, new OursOnly(), settings);
    }

    private DirectoryUsers users() throws Exception {
        return users(ldaps(slapd.ldaps()) + MORE);
    }

    private static boolean logsIn(DirectoryUsers users, String login, String password) throws Exception {
        return users.test(Username.of(login), password);
    }

    @ParameterizedTest
    @ValueSource(strings = {"carol@ours.example", "CAROL@ours.example", "carol", "carol1", "carol@corp.test"})
    void oneLogsInByEachAttribute(String login) throws Exception {
        DirectoryUsers users = users();
        assertThat(logsIn(users, login, "carol's secret")).isTrue();
        assertThat(logsIn(users, login, "carol's secret ")).isFalse();
        assertThat(logsIn(users, login, "dave's secret")).isFalse();
        assertThat(users.getUserByName(Username.of(login)).getUserName().asString())
                .isEqualTo("carol@ours.example");
    }

    /** A bind with a name and without a password succeeds, as nobody (RFC 4513, section 5.1.2). */
    @Test
    void anEmptyPasswordIsWrong() throws Exception {
        assertThat(logsIn(users(), "carol", "")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nobody",
                "*",
                "car*",
                "carol)(uid=*",
                "carol)(|(uid=*",
                "carol\\2a",
                "\\00",
                "uid=carol,ou=people,dc=test",
                "sales@ours.example",
                " carol",
                "nomail",
            })
    void noOtherNameIsAnAccounts(String login) throws Exception {
        DirectoryUsers users = users();
        assertThat(logsIn(users, login, "carol's secret")).isFalse();
        assertThat(logsIn(users, login, "nomail's secret")).isFalse();
        assertThat(users.getUserByName(Username.of(login))).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"expired", "locked", "reset"})
    void aPasswordThatMayNotBeUsedIsWrong(String uid) throws Exception {
        assertThat(logsIn(users(), uid, uid + "'s secret")).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "sales, ours.example, carol@ours.example",
        "SALES, Ours.Example, carol@ours.example",
        // Another entry claims it, too; whose own it is has it.
        "carol, ours.example,",
        // Not a domain of ours: otherwise a private address would be one that he may write as here.
        "carol, elsewhere.example,",
        "nobody, ours.example,",
        "*, ours.example,",
    })
    void furtherAddressesLeadToTheAccount(String localPart, String domain, String account) throws Exception {
        assertThat(users().accountOf(localPart, org.apache.james.core.Domain.of(domain))
                        .map(address -> address.asString()))
                .isEqualTo(Optional.ofNullable(account));
    }

    @Test
    void theContactGetsTheMailForPostmasterAndAbuse() throws Exception {
        DirectoryUsers users = users(ldaps(slapd.ldaps()) + MORE + "<contact>Carol@ours.example</contact>");
        for (String name : List.of("postmaster", "Abuse")) {
            assertThat(users.accountOf(name, org.apache.james.core.Domain.of("ours.example"))
                            .map(address -> address.asString()))
                    .contains("carol@ours.example");
            assertThat(users.accountOf(name, org.apache.james.core.Domain.of("elsewhere.example")))
                    .isEmpty();
            assertThat(users().accountOf(name, org.apache.james.core.Domain.of("ours.example")))
                    .isEmpty();
        }
        assertThat(users.accountOf("nobody", org.apache.james.core.Domain.of("ours.example")))
                .isEmpty();
    }

    @Test
    void anAddressThatTwoHaveIsNobodys() throws Exception {
        DirectoryUsers users = users();
        assertThatThrownBy(() -> users.accountOf("shared", org.apache.james.core.Domain.of("ours.example")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("uid=dave", "uid=erin");
    }

    @Test
    void onlyTheOwnAddressIsAnAccount() throws Exception {
        DirectoryUsers users = users();
        assertThat(users.contains(Username.of("carol@ours.example"))).isTrue();
        assertThat(users.contains(Username.of("sales@ours.example"))).isFalse();
        assertThat(users.contains(Username.of("carol"))).isFalse();
        assertThat(users.list())
                .toIterable()
                .extracting(Username::asString)
                .contains("carol@ours.example", "dave@ours.example")
                .doesNotContain("sales@ours.example");
    }

    @Test
    void onlyMembersOfAGroupAreAccounts() throws Exception {
        DirectoryUsers users = users(ldaps(slapd.ldaps()) + MORE + "<group>cn=mail,ou=groups,dc=test</group>"
                + "<group>cn=posix,ou=groups,dc=test</group>");
        assertThat(logsIn(users, "carol", "carol's secret")).isTrue();
        assertThat(logsIn(users, "dave", "dave's secret")).isTrue();
        assertThat(logsIn(users, "erin", "erin's secret")).isFalse();
        assertThat(users.contains(Username.of("erin@ours.example"))).isFalse();
        assertThat(users.list())
                .toIterable()
                .extracting(Username::asString)
                .containsExactlyInAnyOrder("carol@ours.example", "dave@ours.example");
    }

    @Test
    void aGroupThatIsNotThereDecidesNothing() throws Exception {
        DirectoryUsers users = users(ldaps(slapd.ldaps()) + MORE + "<group>cn=absent,ou=groups,dc=test</group>");
        assertUndecided(users);
    }

    @Test
    void startTls() throws Exception {
        DirectoryUsers users =
                users("<server>ldap://localhost:" + slapd.ldap() + "</server><startTls>true</startTls>" + MORE);
        assertThat(logsIn(users, "carol", "carol's secret")).isTrue();
        assertThat(logsIn(users, "carol", "wrong")).isFalse();
    }

    @Test
    void aCertificateForAnotherHostIsRefused() throws Exception {
        Slapd other = opened(startSlapd("other.test"));
        assertUndecided(users(ldaps(other.ldaps()) + MORE));
        assertUndecided(users("<server>ldap://localhost:" + other.ldap() + "</server><startTls>true</startTls>" + MORE
                + "<trust>ca.pem</trust>"));
    }

    @Test
    void aCertificateOfAnotherAuthorityIsRefused() throws Exception {
        CertificateAuthority.create("stranger", Clock.systemUTC()).writePem(folder.resolve("stranger.pem"));
        assertUndecided(users(ldaps(slapd.ldaps()) + MORE + "<trust>stranger.pem</trust>"));
        assertUndecided(users("<server>ldap://localhost:" + slapd.ldap() + "</server><startTls>true</startTls>" + MORE
                + "<trust>stranger.pem</trust>"));
        List<DirectoryModule.Probe> probes = DirectoryModule.probe(new Home(folder));
        assertThat(probes).hasSize(1);
        assertThat(probes.get(0).fault().orElseThrow()).containsIgnoringCase("certif");
    }

    private static void assertUndecided(DirectoryUsers users) {
        assertThatThrownBy(() -> logsIn(users, "carol", "carol's secret")).isInstanceOf(UsersRepositoryException.class);
        assertThatThrownBy(() -> users.contains(Username.of("carol@ours.example")))
                .isInstanceOf(UsersRepositoryException.class);
        assertThatThrownBy(() -> users.accountOf("sales", org.apache.james.core.Domain.of("ours.example")))
                .isInstanceOf(IllegalStateException.class);
    }

    /** What a directory says of one question once counted as that it does not answer, and closed it for all. */
    @Test
    void anAddressOfManyAccountsKeepsNobodyElseOut() throws Exception {
        DirectoryUsers users = users();
        for (int question = 0; question < 5; question++) {
            assertThatThrownBy(() -> users.accountOf("crowd", org.apache.james.core.Domain.of("ours.example")))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("more than 10 entries");
        }
        assertThat(users.contains(Username.of("dave@ours.example"))).isTrue();
        assertThat(logsIn(users, "carol", "carol's secret")).isTrue();
    }

    /** It may be made just after somebody asked for it. */
    @Test
    void thatThereIsNoAccountIsNotRemembered() throws Exception {
        DirectoryUsers users = users();
        Username late = Username.of("late@ours.example");
        assertThat(users.contains(late)).isFalse();
        assertThat(users.getUserByName(late)).isNull();
        try (LDAPConnection manager =
                new LDAPConnection("localhost", slapd.ldap(), "cn=manager,dc=test", MANAGERS_SECRET)) {
            manager.add(
                    "dn: uid=late,ou=people,dc=test",
                    "objectClass: inetOrgPerson",
                    "uid: late",
                    "cn: Late",
                    "sn: Late",
                    "mail: late@ours.example",
                    "userPassword: late's secret");
            try {
                assertThat(users.contains(late)).isTrue();
                assertThat(users.getUserByName(late)).isNotNull();
                assertThat(logsIn(users, "late", "late's secret")).isTrue();
            } finally {
                manager.delete("uid=late,ou=people,dc=test");
            }
        }
    }

    @Test
    void theNextServerStepsIn() throws Exception {
        Slapd first = opened(startSlapd("localhost"));
        DirectoryUsers users = users(ldaps(first.ldaps()) + ldaps(slapd.ldaps()) + MORE);
        assertThat(logsIn(users, "carol", "carol's secret")).isTrue();
        first.close();
        assertThat(logsIn(users, "carol", "carol's secret")).isTrue();
        assertThat(logsIn(users, "carol", "wrong")).isFalse();
        assertThat(users.contains(Username.of("dave@ours.example"))).isTrue();
    }

    @Test
    void aServerThatComesBackIsUsedAgain() throws Exception {
        Slapd only = opened(startSlapd("localhost"));
        DirectoryUsers users = users(ldaps(only.ldaps()) + MORE);
        assertThat(logsIn(users, "carol", "carol's secret")).isTrue();
        only.close();
        assertThatThrownBy(() -> logsIn(users, "carol", "carol's secret")).isInstanceOf(UsersRepositoryException.class);
        only.resume();
        awaitLogin(users);
    }

    private static void awaitLogin(DirectoryUsers users) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .until(() -> logsIn(users, "carol", "carol's secret"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aDirectoryThatStopsAnsweringHoldsNobody(boolean implicitTls) throws Exception {
        StallingProxy proxy = opened(new StallingProxy(implicitTls ? slapd.ldaps() : slapd.ldap()));
        String server = implicitTls
                ? ldaps(proxy.port())
                : "<server>ldap://localhost:" + proxy.port() + "</server><startTls>true</startTls>";
        DirectoryUsers users = users(server + MORE
                + "<connectTimeout>1</connectTimeout><answerTimeout>1</answerTimeout><connections>2</connections>");
        awaitLogin(users);
        proxy.stall(true);
        // So many threads are what a listener has; each of them is free again, and none was let in.
        ExecutorService threads = Executors.newFixedThreadPool(32);
        try {
            List<Callable<Boolean>> logins = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                logins.add(() -> logsIn(users, "carol", "carol's secret"));
            }
            List<Future<Boolean>> ended = threads.invokeAll(logins, 2, TimeUnit.MINUTES);
            for (Future<Boolean> login : ended) {
                assertThat(login.isCancelled()).isFalse();
                assertThatThrownBy(login::get).hasCauseInstanceOf(UsersRepositoryException.class);
            }
        } finally {
            threads.shutdownNow();
        }
        proxy.stall(false);
        awaitLogin(users);
    }

    @Test
    void aSlowServerIsPassedOver() throws Exception {
        StallingProxy proxy = opened(new StallingProxy(slapd.ldaps()));
        DirectoryUsers users = users(ldaps(proxy.port()) + ldaps(slapd.ldaps()) + MORE
                + "<connectTimeout>3</connectTimeout><answerTimeout>3</answerTimeout>");
        awaitLogin(users);
        proxy.stall(true);
        assertThat(logsIn(users, "carol", "carol's secret")).isTrue();
        assertThat(logsIn(users, "carol", "wrong")).isFalse();
        assertThat(users.contains(Username.of("dave@ours.example"))).isTrue();
    }

    @Test
    void nothingIsWrittenThere() throws Exception {
        DirectoryUsers users = users();
        assertThat(users.isReadOnly()).isTrue();
        assertThatThrownBy(() -> users.addUser(Username.of("new@ours.example"), "secret"))
                .isInstanceOf(UsersRepositoryException.class);
        assertThatThrownBy(() -> users.removeUser(Username.of("carol@ours.example")))
                .isInstanceOf(UsersRepositoryException.class);
    }

    @Test
    void theDoctorLearnsOfEachServer() throws Exception {
        Slapd gone = startSlapd("localhost");
        gone.close();
        users(ldaps(slapd.ldaps()) + ldaps(gone.ldaps()) + "<connectTimeout>1</connectTimeout>");
        List<DirectoryModule.Probe> probes = DirectoryModule.probe(new Home(folder));
        assertThat(probes)
                .extracting(DirectoryModule.Probe::server)
                .containsExactly("localhost:" + slapd.ldaps(), "localhost:" + gone.ldaps());
        assertThat(probes.get(0).fault()).isEmpty();
        assertThat(probes.get(1).fault()).isPresent();
    }
}
