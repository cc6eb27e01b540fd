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
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.checks.Finding.Level;
import org.rempart.distribution.home.TestHome;
import org.rempart.testsupport.FreePort;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

class MtaStsCheckTest {
    @TempDir
    Path folder;

    private TestHome home;

    @BeforeEach
    void home() throws Exception {
        home = TestHome.in(folder);
    }

    private List<Finding> look(String... texts) throws Exception {
        Patient patient = new Patient(
                home.home(),
                Clock.systemUTC(),
                Optional.of(ProcessHandle.current()),
                path -> new ObjectMapper().readTree("[\"example.com\"]"));
        return new MtaStsCheck(any -> (name, type) -> type == Type.TXT
                        ? List.of(texts).stream().map(text -> record(text)).toList()
                        : List.of())
                .look(patient);
    }

    private static Record record(String text) {
        try {
            return Record.fromString(Name.root, Type.TXT, DClass.IN, 60, "\"" + text + "\"", Name.root);
        } catch (java.io.IOException impossible) {
            throw new java.io.UncheckedIOException(impossible);
        }
    }

    private void serve() throws Exception {
        home.replace(
                "rempart.xml",
                "<outbound default",
                "<mta-sts serve=\"127.0.0.1:" + FreePort.next() + "\" mode=\"enforce\"/><outbound default");
    }

    @Test
    void whereNoneIsServedNothingIsMissing() throws Exception {
        assertThat(look())
                .singleElement()
                .satisfies(finding -> assertThat(finding.level()).isEqualTo(Level.OK));
    }

    @Test
    void whatKeepsOthersFromThePolicyIsTold() throws Exception {
        serve();
        List<Finding> findings = look("v=STSv1; id=20261130");
        assertThat(findings)
                .extracting(Finding::what)
                .satisfiesExactly(
                        what -> assertThat(what)
                                .startsWith("the listener of <mta-sts> at 127.0.0.1:")
                                .contains("does not answer"),
                        what -> assertThat(what)
                                .isEqualTo(
                                        "the certificate conf/tls/certificate.pem does not name mta-sts.example.com: others"
                                                + " take no policy from it"),
                        what -> assertThat(what).startsWith("mta-sts.example.com has no address"),
                        what -> assertThat(what)
                                .startsWith("the record of example.com is of another policy: v=STSv1; id=2026"));
        String right = findings.get(3).advice().replaceFirst(".*\"(v=STSv1; id=[0-9a-f]{20})\"", "$1");
        assertThat(look(right)).hasSize(3);
    }

    @Test
    void theStartLooksAtTheCertificateAndThePort() throws Exception {
        serve();
        assertThat(new StartChecks(home.home(), Clock.systemUTC())
                        .configuration()
                        .ports()
                        .faults())
                .isEmpty();
        home.replace(
                "rempart.xml",
                "mode=\"enforce\"",
                "mode=\"enforce\" certificate=\"conf/tls/web.pem\" key=\"conf/tls/web-key.pem\"");
        assertThat(new StartChecks(home.home(), Clock.systemUTC())
                        .configuration()
                        .faults())
                .containsExactly(
                        "conf/tls/web.pem is missing; put the certificate of this host, followed by its intermediate"
                                + " certificates there, in PEM form");
    }
}
