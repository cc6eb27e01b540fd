/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.headers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderPresetTest {
    private static boolean names(HeaderPreset preset, String field) {
        return preset.patterns().stream().anyMatch(pattern -> pattern.matches(field));
    }

    @ParameterizedTest
    @CsvSource({
        "CLIENT, 'X-Originating-IP X-Mailer User-Agent X-Enigmail X-Pgp-Agent X-Forward X-MS-Reactions X-Sender'",
        "CLIENT, 'X-PHP-Originating-Script X-PHP-Script X-Source X-Source-Args X-Source-Dir X-Originating-Email'",
        "CLIENT, 'X-Webmail-User X-AntiAbuse X-Get-Message-Sender-Via X-Authenticated-Sender X-MimeOLE X-Client-IP'",
        "FILTER, 'X-Spam X-Spam-Status X-Spamd-Bar X-Rspamd-Server X-Virus-Scanned X-Amavis-Alert X-Barracuda-URL'",
        "FILTER, 'X-IronPort-AV X-IPAS-Result X-SBRS X-Proofpoint-GUID X-Mimecast-Spam-Score X-Sophos X-LASED-Hits'",
        "FILTER, 'X-Brightmail-Tracker X-TM-AS-MML X-TMASE-Version X-FireEye X-FE-Policy-ID X-FEAS-SPF X-FortiMail'",
        "FILTER, 'X-KLMS-Rule-ID X-Forcepoint-Spam X-SEG-SpamProfiler X-MSW-JEMD-Newsletter X-Agari X-ThreatSim-ID'",
        "FILTER, 'X-Forefront-Antispam-Report X-Microsoft-Antispam X-Microsoft-Antispam-Mailbox-Delivery'",
        "EXCHANGE, 'X-MS-Exchange-Organization-SCL X-MS-Exchange-Forest-RulesExecuted X-OriginatorOrg'",
        "EXCHANGE, 'X-MS-Exchange-CrossPremises-AuthAs X-MS-Exchange-CrossTenant-Id X-ClientProxiedBy'",
        "EXCHANGE, 'X-MS-Exchange-Processed-By-BccFoldering X-MS-Exchange-ImapAppendStamp'",
        "EXCHANGE, 'X-MS-Exchange-UnifiedGroup-Address X-MS-Exchange-SharedMailbox-RoutingAgent-Processed'",
        "LABELS, 'msip_labels MSIP_Label X-Titus X-TitusMetadata X-BJ-Class X-DG-Label X-Protective-Marking'",
        "TRACE, 'X-Received Delivered-To X-Delivered-To X-Envelope-To X-Envelope-From X-Original-To Return-Path'",
        "TRACE, 'Authentication-Results Received-SPF X-MIME-Autoconverted'",
    })
    void namesWhatDeploymentsStrip(HeaderPreset preset, String fields) {
        assertThat(fields.split(" ")).allMatch(field -> names(preset, field));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "From",
                "Sender",
                "Reply-To",
                "To",
                "Cc",
                "Subject",
                "Date",
                "Message-ID",
                "In-Reply-To",
                "References",
                "MIME-Version",
                "Content-Type",
                "Content-Transfer-Encoding",
                "Content-Disposition",
                "Content-ID",
                "List-Id",
                "List-Unsubscribe",
                "List-Unsubscribe-Post",
                "Auto-Submitted",
                "Precedence",
                "DKIM-Signature",
                "ARC-Seal",
                "ARC-Message-Signature",
                "ARC-Authentication-Results",
                "Received",
                "Resent-From",
                "Resent-Date",
                "X-Loop",
                "X-BeenThere",
                "X-Priority",
                "X-MSMail-Priority",
                "Importance",
                "Sensitivity",
                "Autocrypt",
                "Disposition-Notification-To",
                "Require-TLS",
                "TLS-Required",
                "X-Auto-Response-Suppress",
                "Thread-Index",
                "X-MS-TNEF-Correlator",
                "X-MS-Has-Attach",
                "X-MS-Exchange-Inbox-Rules-Loop",
                "X-MS-Exchange-Calendar-Series-Id",
                "X-MS-Exchange-Generated-Message-Source",
                "X-Original-From",
                "X-Face"
            })
    void noPresetNamesWhatOthersActOn(String field) {
        assertThat(HeaderPreset.values()).noneMatch(preset -> names(preset, field));
    }

    @ParameterizedTest
    @EnumSource
    void nameStandsOnceAndInOnePresetOnly(HeaderPreset preset) {
        Set<HeaderPattern> own = new HashSet<>(preset.patterns());
        assertThat(own).hasSameSizeAs(preset.patterns());
        for (HeaderPattern pattern : preset.patterns()) {
            for (HeaderPreset other : HeaderPreset.values()) {
                for (HeaderPattern another : other.patterns()) {
                    boolean itself = preset == other && pattern.equals(another);
                    assertThat(!itself && pattern.narrows(another) && another.isPrefix())
                            .as("%s of %s is within %s of %s", pattern, preset, another, other)
                            .isFalse();
                    assertThat(!itself && pattern.equals(another)).isFalse();
                }
            }
        }
    }

    @Test
    void presetsByKeyword() {
        assertThat(HeaderPreset.ofKeyword("client")).contains(HeaderPreset.CLIENT);
        assertThat(HeaderPreset.ofKeyword("Client")).isEmpty();
    }

    /** docs/headers.md tells of every name, in the preset's own table, and of no other. */
    @ParameterizedTest
    @EnumSource
    void documentationNamesThemAllWithAReason(HeaderPreset preset) throws IOException {
        // The tests also run from other folders of the project.
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("docs/headers.md"))) {
            folder = folder.getParent();
        }
        String text = Files.readString(folder.resolve("docs/headers.md"), StandardCharsets.UTF_8);
        String[] sections = text.split("(?m)^### `" + preset.keyword() + "`$", -1);
        assertThat(sections).as("a section of its own").hasSize(2);
        Set<String> documented = new TreeSet<>();
        for (String line : sections[1].split("\n(?=#)", -1)[0].split("\n", -1)) {
            String[] cells = line.split("\\|", -1);
            if (cells.length == 4 && cells[1].contains("`")) {
                assertThat(cells[2].strip()).as("why " + cells[1]).hasSizeGreaterThan(4);
                for (String name : cells[1].split(",", -1)) {
                    assertThat(documented.add(
                                    HeaderPattern.fold(name.replace("`", "").strip())))
                            .as(name)
                            .isTrue();
                }
            }
        }
        assertThat(documented)
                .containsExactlyInAnyOrderElementsOf(
                        preset.patterns().stream().map(HeaderPattern::toString).collect(Collectors.toList()));
    }

    /** What is left of real messages' X- fields is known, so that a new one is looked at. */
    @Test
    void corpusHoldsNoFieldThatWasOverlooked() throws IOException {
        String corpus = System.getProperty("rempart.corpus", "");
        assumeTrue(!corpus.isEmpty() && Files.isDirectory(Path.of(corpus)), "no corpus beside the project");
        Set<String> left = new TreeSet<>();
        for (Path message : messages(Path.of(corpus))) {
            for (String line : header(message)) {
                int colon = line.indexOf(':');
                if (colon > 2 && line.regionMatches(true, 0, "X-", 0, 2)) {
                    String field = HeaderPattern.fold(line.substring(0, colon).strip());
                    if (Stream.of(HeaderPreset.values()).noneMatch(preset -> names(preset, field))) {
                        left.add(field);
                    }
                }
            }
        }
        assertThat(left)
                .as("fields of the message's meaning or of no consequence")
                .isSubsetOf("x-accept-language", "x-majordomo", "x-msmail-priority", "x-priority", "x-url");
    }

    private static List<Path> messages(Path corpus) throws IOException {
        try (Stream<Path> files = Files.walk(corpus)) {
            return files.filter(file -> file.toString().endsWith(".msg")).collect(Collectors.toList());
        }
    }

    private static List<String> header(Path message) {
        try {
            String text = new String(Files.readAllBytes(message), StandardCharsets.ISO_8859_1);
            return List.of(text.split("\r?\n\r?\n", 2)[0].split("\r?\n"));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
