/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.checks.Finding.Level;
import org.rempart.distribution.home.TestHome;

class ContactsCheckTest {
    private static final String ALIAS = "[{\"type\":\"Alias\",\"mapping\":\"alice@example.com\"}]";

    @TempDir
    Path folder;

    private TestHome test;

    @BeforeEach
    void home() throws Exception {
        test = TestHome.in(folder);
    }

    /** Looks at a server with alice@example.com. */
    private List<Finding> look(String domains, Map<String, String> mappings) throws Exception {
        return new ContactsCheck()
                .look(new Patient(
                        test.home(),
                        Clock.systemUTC(),
                        Optional.of(ProcessHandle.current()),
                        path -> new ObjectMapper()
                                .readTree(
                                        switch (path) {
                                            case "/domains" -> domains;
                                            case "/users" -> "[{\"username\":\"alice@example.com\"}]";
                                            default -> mappings.getOrDefault(path.replace("/mappings/user/", ""), "[]");
                                        })));
    }

    @Test
    void aServerThatDoesNotRunCannotBeAsked() throws Exception {
        Patient stopped = new Patient(test.home(), Clock.systemUTC(), Optional.empty(), path -> {
            throw new AssertionError(path);
        });

        assertThat(new ContactsCheck().look(stopped))
                .singleElement()
                .extracting(Finding::level)
                .isEqualTo(Level.WARNING);
    }

    @Test
    void aliasesForBothAreInOrder() throws Exception {
        assertThat(look(
                        "[\"example.com\",\"localhost\"]",
                        Map.of("postmaster%40example.com", ALIAS, "abuse%40example.com", ALIAS)))
                .singleElement()
                .extracting(Finding::level)
                .isEqualTo(Level.OK);
    }

    @Test
    void aPostmasterWithoutAMailboxIsTold() throws Exception {
        assertThat(look("[\"example.com\"]", Map.of("abuse%40example.com", ALIAS)))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.level()).isEqualTo(Level.WARNING);
                    assertThat(finding.advice()).isEqualTo("bin/rempart aliases add postmaster@example.com ACCOUNT");
                });
    }

    @Test
    void aPostmasterMayBeAnAccount() throws Exception {
        test.replace("mailetcontainer.xml", "postmaster@example.com", "Alice@example.com");

        assertThat(look("[\"example.com\"]", Map.of("abuse%40example.com", ALIAS)))
                .singleElement()
                .extracting(Finding::level)
                .isEqualTo(Level.OK);
    }

    @Test
    void aPostmasterElsewhereAndARefusedAbuseAreTold() throws Exception {
        assertThat(look("[\"people.example\"]", Map.of()))
                .hasSize(2)
                .allSatisfy(finding -> assertThat(finding.level()).isEqualTo(Level.WARNING))
                .anySatisfy(finding -> assertThat(finding.what()).contains("postmaster@example.com", "leave"))
                .anySatisfy(finding -> assertThat(finding.what()).contains("abuse@people.example is refused"));
    }

    private void directory(String contact) throws Exception {
        test.write("directory.password", "secret\n");
        test.write(
                "usersrepository.xml",
                "<usersrepository><directory><server>ldaps://directory.example.com</server><bindDn>cn=a</bindDn>"
                        + "<bindPasswordFile>conf/directory.password</bindPasswordFile><base>dc=example</base><contact>"
                        + contact + "</contact></directory></usersrepository>");
    }

    @Test
    void theContactOfADirectoryIsSomebody() throws Exception {
        directory("Alice@example.com");
        assertThat(look("[\"example.com\"]", Map.of()))
                .singleElement()
                .extracting(Finding::level)
                .isEqualTo(Level.OK);
    }

    @Test
    void aContactWithoutAnAccountIsTold() throws Exception {
        directory("bob@example.com");
        assertThat(look("[\"example.com\"]", Map.of())).singleElement().satisfies(finding -> {
            assertThat(finding.level()).isEqualTo(Level.WARNING);
            assertThat(finding.what()).contains("there is no account bob@example.com");
        });
    }
}
