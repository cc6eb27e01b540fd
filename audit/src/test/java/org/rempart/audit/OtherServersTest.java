/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.audit.peer.OtherServers;
import org.rempart.audit.peer.OtherServers.Running;
import org.rempart.audit.peer.Run;
import org.rempart.audit.sink.Sink;
import org.rempart.audit.sink.SmtpSink;

/** What is found in servers that others made: all that is wrong with them, and nothing else. */
class OtherServersTest {
    @TempDir
    Path home;

    /** That these checks have these verdicts, and all others pass. */
    static void assertProblems(List<Finding> findings, Map<String, Verdict> expected) {
        Map<String, Verdict> problems = new TreeMap<>(Run.problems(findings));
        assertThat(problems)
                .as(
                        "%s",
                        findings.stream()
                                .filter(finding ->
                                        finding.verdict() != Verdict.PASS && finding.verdict() != Verdict.NOT_ASKED)
                                .map(finding -> "\n" + finding.verdict() + " " + finding.key() + ": "
                                        + finding.summary() + " "
                                        + finding.evidence().stream().limit(2).toList())
                                .toList())
                .isEqualTo(new TreeMap<>(expected));
    }

    private static Run audit(Running server) throws Exception {
        return Run.of(server.ports())
                .from("127.0.0.2")
                .as(OtherServers.ACCOUNT, OtherServers.PASSWORD)
                .other("bob@example.com")
                .trusting(server.root());
    }

    private static Sink sink(Running server) throws Exception {
        return SmtpSink.start(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.sink()));
    }

    @Test
    void exim() throws Exception {
        try (Running server = OtherServers.exim(home, "", "", "");
                Sink sink = sink(server)) {
            assertProblems(
                    audit(server).sink(sink).findings(),
                    Map.ofEntries(
                            Map.entry("auth.on-mx", Verdict.WARN),
                            Map.entry("auth.brake", Verdict.NOT_TESTABLE),
                            Map.entry("identity.envelope", Verdict.FAIL),
                            Map.entry("identity.from", Verdict.FAIL),
                            Map.entry("identity.from-disguised", Verdict.FAIL),
                            Map.entry("header.addresses", Verdict.FAIL),
                            Map.entry("header.products", Verdict.FAIL),
                            Map.entry("header.client", Verdict.FAIL),
                            Map.entry("leak.product", Verdict.FAIL),
                            Map.entry("tls.old-version", Verdict.FAIL),
                            Map.entry("tls.fading-suite", Verdict.WARN),
                            Map.entry("tls.order", Verdict.WARN),
                            Map.entry("tls.signature-hash", Verdict.WARN),
                            Map.entry("smuggling.outbound", Verdict.WARN),
                            Map.entry("smuggling.command-lines", Verdict.WARN)));
        }
    }

    /** What is given to paste for its main section and its access lists. */
    @Test
    void eximMended() throws Exception {
        String main = pasted("leak.product") + pasted("tls.old-version");
        String sender = pasted("identity.envelope");
        String message = pasted("identity.from-disguised");
        try (Running server = OtherServers.exim(home, main, sender, message)) {
            assertProblems(
                    audit(server).findings(),
                    Map.of(
                            "auth.on-mx", Verdict.WARN,
                            "auth.brake", Verdict.NOT_TESTABLE,
                            "smuggling.command-lines", Verdict.WARN));
        }
    }

    /** Exim's fix of a check, without the lines that say where it goes. */
    private static String pasted(String check) {
        return Catalogue.packaged()
                .get(check)
                .fixes()
                .get("Exim")
                .lines()
                .filter(line -> !line.endsWith(":"))
                .collect(Collectors.joining("\n", "", "\n"));
    }

    @Test
    void openSmtpd() throws Exception {
        try (Running server = OtherServers.openSmtpd(home)) {
            assertProblems(
                    audit(server).findings(),
                    Map.ofEntries(
                            Map.entry("starttls.offered", Verdict.FAIL),
                            Map.entry("leak.product", Verdict.FAIL),
                            Map.entry("smuggling.inbound", Verdict.FAIL),
                            Map.entry("smuggling.command-lines", Verdict.WARN),
                            Map.entry("certificate.trust", Verdict.NOT_TESTABLE),
                            Map.entry("certificate.name", Verdict.NOT_TESTABLE),
                            Map.entry("certificate.dates", Verdict.NOT_TESTABLE),
                            Map.entry("certificate.key", Verdict.NOT_TESTABLE),
                            Map.entry("certificate.signature", Verdict.NOT_TESTABLE),
                            Map.entry("tls.old-version", Verdict.NOT_TESTABLE),
                            Map.entry("tls.newest-version", Verdict.NOT_TESTABLE),
                            Map.entry("tls.weak-suite", Verdict.NOT_TESTABLE)));
        }
    }

    @Test
    void haraka() throws Exception {
        try (Running server = OtherServers.haraka(home)) {
            assertProblems(
                    audit(server).findings(),
                    Map.ofEntries(
                            Map.entry("auth.clear-offered", Verdict.FAIL),
                            Map.entry("auth.clear-taken", Verdict.FAIL),
                            Map.entry("auth.required", Verdict.FAIL),
                            Map.entry("identity.envelope", Verdict.FAIL),
                            Map.entry("identity.from", Verdict.FAIL),
                            Map.entry("identity.from-disguised", Verdict.FAIL),
                            Map.entry("leak.product", Verdict.FAIL),
                            Map.entry("relay.accepted", Verdict.WARN),
                            Map.entry("relay.unknown-recipient", Verdict.WARN),
                            Map.entry("auth.on-mx", Verdict.WARN),
                            Map.entry("smuggling.command-lines", Verdict.WARN),
                            Map.entry("tls.fading-suite", Verdict.WARN)));
        }
    }

    @Test
    void dovecot() throws Exception {
        try (Running server = OtherServers.dovecot(home, "")) {
            assertProblems(
                    audit(server).findings(),
                    Map.of(
                            "leak.product", Verdict.FAIL,
                            "tls.fading-suite", Verdict.WARN,
                            "tls.order", Verdict.WARN));
        }
    }
}
