/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.audit.Catalogue;
import org.rempart.audit.Finding;
import org.rempart.audit.Verdict;
import org.rempart.audit.peer.Run;

class ConfigurationAuditTest {
    @TempDir
    Path folder;

    private static Map<String, Verdict> problems(Path folder) throws IOException {
        return Run.problems(ConfigurationAudit.of(folder, Catalogue.packaged()));
    }

    /** The configuration that the project packages: what remains is what an administrator has to know. */
    @Test
    void thePackagedConfigurationHasNoFailures() throws IOException {
        List<Finding> findings =
                ConfigurationAudit.of(Path.of("..", "conf", "src", "main", "conf"), Catalogue.packaged());
        assertThat(findings)
                .filteredOn(finding -> finding.verdict() == Verdict.FAIL || finding.verdict() == Verdict.NOT_TESTABLE)
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "3.8.1/memory-app",
                "3.8.1/jpa-app",
                "3.8.1/distributed-app",
                "3.9.0/memory-app",
                "3.9.0/postgres-app",
                "3.9.0/distributed-app"
            })
    void everySampleOfJamesHasItsFindings(String sample) throws IOException {
        Path samples = Path.of("..", "..", "shared", "james-samples", sample);
        assumeTrue(Files.isDirectory(samples), "there is no corpus of James's samples beside the project");
        Map<String, Verdict> problems = problems(samples);
        assertThat(problems)
                .containsEntry("conf.clear-text-auth", Verdict.FAIL)
                .containsEntry("conf.outbound-tls", Verdict.FAIL)
                .containsEntry("conf.headers", Verdict.FAIL)
                .containsEntry("conf.listener-tls", Verdict.FAIL)
                .containsEntry("conf.sample-key", Verdict.FAIL)
                .containsKey("conf.dead-settings")
                .doesNotContainKey("conf.readable")
                .doesNotContainKey("conf.relay-pipeline")
                .doesNotContainKey("conf.relay-networks");
        if (sample.contains("jpa")) {
            assertThat(problems).containsEntry("conf.unmatched", Verdict.FAIL);
        }
        if (sample.startsWith("3.8")) {
            assertThat(problems).containsEntry("conf.dropped", Verdict.FAIL);
        }
    }

    private void container(String transport) throws IOException {
        Files.writeString(folder.resolve("mailetcontainer.xml"), """
                <mailetcontainer><processors>
                  <processor state="root"><mailet match="All" class="ToProcessor"><processor>transport</processor></mailet></processor>
                  <processor state="transport">%s</processor>
                  <processor state="relay"><mailet match="All" class="RemoteDelivery"><startTLS>true</startTLS></mailet></processor>
                </processors></mailetcontainer>
                """.formatted(transport));
    }

    @Test
    void aPipelineThatRelaysForAllIsFoundThroughProcessorsAndCompositeMatchers() throws IOException {
        container("<mailet match=\"All\" class=\"ToProcessor\"><processor>relay</processor></mailet>");
        assertThat(problems(folder)).containsEntry("conf.relay-pipeline", Verdict.FAIL);
        container("""
                <matcher name="may" match="org.apache.james.mailetcontainer.impl.matchers.Or">
                  <matcher match="SMTPAuthSuccessful"/><matcher match="SubjectStartsWith=x"/></matcher>
                <mailet match="may" class="ToProcessor"><processor>relay</processor></mailet>
                <mailet match="All" class="Bounce"/>""");
        assertThat(problems(folder)).containsEntry("conf.relay-pipeline", Verdict.FAIL);
        container("""
                <matcher name="may" match="org.apache.james.mailetcontainer.impl.matchers.And">
                  <matcher match="SMTPAuthSuccessful"/><matcher match="SubjectStartsWith=x"/></matcher>
                <mailet match="may" class="ToProcessor"><processor>relay</processor></mailet>
                <mailet match="All" class="Bounce"/>""");
        assertThat(problems(folder)).doesNotContainKey("conf.relay-pipeline");
        container("""
                <mailet match="org.rempart.matcher.RelayDenied" class="org.rempart.mailet.RefuseMail">
                  <onMatchException>nomatch</onMatchException></mailet>
                <mailet match="All" class="ToProcessor"><processor>relay</processor></mailet>""");
        assertThat(problems(folder))
                .doesNotContainKey("conf.relay-pipeline")
                .containsEntry("conf.fail-open", Verdict.FAIL);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0/0", "127.0.0.1, 0.0.0.0/0.0.0.0", "*", "::/0"})
    void anOpenRelayByNetworksIsFound(String networks) throws IOException {
        Files.writeString(
                folder.resolve("smtpserver.xml"),
                "<smtpservers><smtpserver enabled=\"true\"><bind>0.0.0.0:25</bind>\n<authorizedAddresses>" + networks
                        + "</authorizedAddresses></smtpserver></smtpservers>");
        assertThat(ConfigurationAudit.of(folder, Catalogue.packaged()))
                .filteredOn(finding -> finding.check().id().equals("conf.relay-networks"))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.verdict()).isEqualTo(Verdict.FAIL);
                    assertThat(finding.subject()).isEqualTo("smtpserver.xml:2");
                });
    }

    @ParameterizedTest
    @CsvSource({
        "PBKDF2-SHA512-210000-512, PASS",
        "PBKDF2-SHA512-210000, PASS",
        "PBKDF2-SHA512-20000-512, WARN",
        "PBKDF2-SHA512, WARN",
        "PBKDF2-SHA256-210000-256, WARN",
        "PBKDF2, WARN",
        "SHA-512, FAIL",
        "MD5, FAIL"
    })
    void passwordHashesAreJudgedByTheirIterations(String algorithm, Verdict verdict) throws IOException {
        container("<mailet match=\"All\" class=\"Bounce\"/>");
        Files.writeString(
                folder.resolve("usersrepository.xml"),
                "<usersrepository><algorithm>" + algorithm + "</algorithm></usersrepository>");
        assertThat(verdictOf(folder, "conf.password-hash")).isEqualTo(verdict);
    }

    /** The packaged server has a token of its own, which no setting tells of. */
    @Test
    void theAdministrationOfThePackagedServerAsksForItsToken() throws IOException {
        Path conf = Files.createDirectories(folder.resolve("home").resolve("conf"));
        Files.writeString(conf.resolve("smtpserver.xml"), "<smtpservers/>");
        Files.writeString(conf.resolve("webadmin.properties"), "enabled=true\nhost=127.0.0.1\n");
        assertThat(verdictOf(conf, "conf.administration")).isEqualTo(Verdict.WARN);
        Path lib = Files.createDirectories(folder.resolve("home").resolve("lib"));
        Files.createFile(lib.resolve("rempart-james-distribution-1.0.jar"));
        assertThat(verdictOf(conf, "conf.administration")).isEqualTo(Verdict.PASS);
        assertThat(verdictOf(folder.resolve("home"), "conf.administration")).isEqualTo(Verdict.PASS);
    }

    private static Verdict verdictOf(Path folder, String id) throws IOException {
        return ConfigurationAudit.of(folder, Catalogue.packaged()).stream()
                .filter(finding -> finding.check().id().equals(id))
                .findFirst()
                .orElseThrow()
                .verdict();
    }

    @Test
    void aBrokenFileIsToldWithItsLineAndIsNoPass() throws IOException {
        Files.writeString(folder.resolve("smtpserver.xml"), "<smtpservers>\n<smtpserver>\n</smtpservers>");
        assertThat(ConfigurationAudit.of(folder, Catalogue.packaged()))
                .anyMatch(finding -> finding.check().id().equals("conf.readable")
                        && finding.verdict() == Verdict.FAIL
                        && finding.summary().contains("smtpserver.xml:3"))
                .anyMatch(finding -> finding.check().id().equals("conf.clear-text-auth")
                        && finding.verdict() == Verdict.NOT_TESTABLE);
    }

    @Test
    void entitiesAreNotFollowed() throws IOException {
        Files.writeString(
                folder.resolve("smtpserver.xml"),
                "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><smtpservers>&x;</smtpservers>");
        assertThat(problems(folder)).containsEntry("conf.readable", Verdict.FAIL);
    }

    @Test
    void anotherFolderIsRefused() {
        assertThatThrownBy(() -> ConfigurationAudit.of(folder, Catalogue.packaged()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no configuration of James");
    }
}
