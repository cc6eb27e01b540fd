/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.harden.check.Check;
import org.rempart.harden.plan.Configuration;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.SourceText;
import org.rempart.harden.xml.XmlDocument;
import org.rempart.harden.xml.XmlElement;

@DisplayName("James's own sample configurations")
class SamplesTest {
    @BeforeAll
    static void theyAreThere() throws Exception {
        assumeFalse(
                Samples.ofJames().isEmpty(),
                "James's samples are not in ../shared/james-samples, nor named by -Drempart.james-samples");
    }

    static Stream<Path> samples() throws Exception {
        return Stream.concat(Samples.ofJames().stream(), Stream.of(Samples.stock()));
    }

    @ParameterizedTest
    @MethodSource("samples")
    void areWellFormedAfterwardsAndNothingOfOursIsMissing(Path sample) throws Exception {
        Map<String, byte[]> hardened = Samples.hardened(Samples.read(sample), Optional.of("mail.our.example"));

        for (Map.Entry<String, byte[]> file : hardened.entrySet()) {
            if (file.getKey().endsWith(".xml")) {
                XmlDocument.parse(SourceText.of(file.getKey(), file.getValue()));
            }
        }
        List<String> findings = Check.of(new Configuration(hardened), Optional.empty());
        assertThat(findings).allMatch(finding -> finding.contains("JMAP") || finding.contains("<postmaster>"));
    }

    @ParameterizedTest
    @MethodSource("samples")
    void hardenedTwiceAreHardenedOnce(Path sample) throws Exception {
        Map<String, byte[]> once = Samples.hardened(Samples.read(sample));

        assertThat(Samples.drafts(once)).noneMatch(Draft::changes);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void keepWhatJmapAndSieveNeed(Path sample) throws Exception {
        Map<String, byte[]> before = Samples.read(sample);
        Map<String, byte[]> after = Samples.hardened(before);

        for (String kept : List.of(
                "VacationMailet",
                "JMAPFiltering",
                "Sieve",
                "AddDeliveredToHeader",
                "WithPriority",
                "MetricsMailet",
                "PostmasterAlias")) {
            assertThat(mailets(after, kept)).as(kept).isEqualTo(mailets(before, kept));
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void haveTheGateBeforeWhatLeavesAndNoOtherDelivery(Path sample) throws Exception {
        Map<String, byte[]> after = Samples.hardened(Samples.read(sample));

        XmlElement root = container(after);
        List<String> transport = root.all("processor").stream()
                .filter(processor -> processor.attribute("state").equals("transport"))
                .flatMap(processor -> processor.children("mailet").stream())
                .map(mailet -> mailet.attribute("match") + " " + mailet.text("processor"))
                .collect(Collectors.toList());
        assertThat(transport).containsSubsequence("org.rempart.matcher.RelayDenied relay-denied", "All relay");
        assertThat(root.all("mailet").stream().map(mailet -> mailet.attribute("class")))
                .doesNotContain("RemoteDelivery", "Bounce", "DSNBounce", "Null")
                .contains("org.rempart.mailet.SecureRemoteDelivery", "org.rempart.mailet.SendReport");
        assertThat(root.all("mailet").stream()
                        .filter(mailet -> mailet.attribute("class").equals("RemoveMimeHeader"))
                        .map(mailet -> mailet.text("name")))
                .as("James does not start without it")
                .containsExactly("bcc");
    }

    @ParameterizedTest
    @MethodSource("samples")
    void haveTheChecksOfTheirListenersAndNoCountingByJmxWhichLetsNobodyIn(Path sample) throws Exception {
        Map<String, byte[]> after = Samples.hardened(Samples.read(sample));

        assertThat(XmlDocument.parse(SourceText.of("smtpserver.xml", after.get("smtpserver.xml")))
                        .root()
                        .all("handlerchain"))
                .extracting(chain -> chain.attribute("coreHandlersPackage") + " " + chain.attribute("enableJmx"))
                .containsExactly(
                        "org.rempart.smtp.MxHandlers false",
                        "org.rempart.smtp.SubmissionHandlers false",
                        "org.rempart.smtp.SubmissionHandlers false");
    }

    @ParameterizedTest
    @MethodSource("samples")
    void keepMailWhereTheOthersDo(Path sample) throws Exception {
        Map<String, byte[]> before = Samples.read(sample);

        assertThat(schemes(Samples.hardened(before))).isEqualTo(schemes(before));
    }

    @ParameterizedTest
    @MethodSource("samples")
    void takeTheHostsNameLaterToo(Path sample) throws Exception {
        Optional<String> host = Optional.of("mail.our.example");
        Map<String, byte[]> before = Samples.read(sample);

        Map<String, byte[]> later = Samples.hardened(Samples.hardened(before), host);

        assertThat(later.keySet()).isEqualTo(Samples.hardened(before, host).keySet());
        Samples.hardened(before, host)
                .forEach((name, bytes) -> assertThat(later.get(name)).as(name).isEqualTo(bytes));
    }

    @Test
    void areTheSixThatAreNamed() throws Exception {
        assertThat(Samples.ofJames()).hasSizeGreaterThanOrEqualTo(6);
    }

    private static List<String> schemes(Map<String, byte[]> files) throws Exception {
        return container(files).all("repositoryPath").stream()
                .map(path -> path.text().replaceFirst("://.*", ""))
                .distinct()
                .collect(Collectors.toList());
    }

    private static List<String> mailets(Map<String, byte[]> files, String name) throws Exception {
        SourceText source = SourceText.of("mailetcontainer.xml", files.get("mailetcontainer.xml"));
        return container(files).all("mailet").stream()
                .filter(mailet -> mailet.attribute("class").endsWith(name))
                .map(mailet -> new String(
                        source.text().substring(mailet.start(), mailet.end()).getBytes(StandardCharsets.ISO_8859_1),
                        StandardCharsets.UTF_8))
                .collect(Collectors.toList());
    }

    private static XmlElement container(Map<String, byte[]> files) throws Exception {
        return XmlDocument.parse(SourceText.of("mailetcontainer.xml", files.get("mailetcontainer.xml")))
                .root();
    }
}
