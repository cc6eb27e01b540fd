/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Service;
import org.rempart.audit.peer.OtherServers;
import org.rempart.audit.peer.OtherServers.Running;
import org.rempart.audit.peer.Run;
import org.rempart.audit.tls.Suite;
import org.rempart.audit.tls.TlsScan;
import org.rempart.audit.tls.Version;
import org.rempart.testsupport.ServerProcess;
import org.rempart.testsupport.Tools;

/** The same servers by sslscan, testssl.sh and nmap. What differs is in docs/audit.md. */
class OtherToolsTest {
    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final Pattern CIPHER =
            Pattern.compile("<cipher status=\"\\w+\" sslversion=\"([^\"]+)\".*? id=\"0x([0-9A-F]{4})\"");
    private static final Pattern PROTOCOL =
            Pattern.compile("\"(SSLv2|SSLv3|TLS1(?:_\\d)?)\"[^}]*?\"finding\" *: *\"([^\"]*)\"");

    /** By default Exim takes twenty at a time, and sslscan gives up where it hears so. */
    private static final String MANY = "smtp_accept_max = 200";

    @TempDir
    Path home;

    /** Versions with their suites, as {@code TLSv1.2 C030}. */
    private static Set<String> ours(Service service, int port) throws IOException {
        TlsScan scan = TlsScan.of(
                new Listener(service, "localhost", InetAddress.getLoopbackAddress(), port),
                new Budget(PATIENCE, Duration.ofSeconds(6), 2500, 8, Optional.empty(), System::nanoTime));
        Set<String> pairs = new TreeSet<>();
        for (Version version : scan.versions()) {
            for (Suite suite : scan.suites(version)) {
                pairs.add((version == Version.TLS10 ? "TLSv1.0" : version.label())
                        + String.format(" %04X", suite.number()));
            }
        }
        return pairs;
    }

    private Set<String> sslscan(int port, String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("sslscan", "--xml=-"));
        command.addAll(List.of(options));
        command.add("127.0.0.1:" + port);
        Matcher cipher = CIPHER.matcher(ServerProcess.run(PATIENCE, home, command));
        Set<String> pairs = new TreeSet<>();
        while (cipher.find()) {
            pairs.add(cipher.group(1) + " " + cipher.group(2));
        }
        return pairs;
    }

    @Test
    void sslscanAndTestsslSeeTheSameVersionsAndSuitesOfExim() throws Exception {
        Tools.requireProgram("sslscan");
        Tools.requireProgram("testssl");
        try (Running server = OtherServers.exim(home, MANY, "", "")) {
            int port = server.ports().get(Service.SMTP);
            Set<String> ours = ours(Service.SMTP, port);
            assertThat(ours).hasSizeGreaterThan(20).isEqualTo(sslscan(port, "--starttls-smtp"));

            Path json = home.resolve("testssl.json");
            ServerProcess.run(
                    PATIENCE,
                    home,
                    List.of(
                            "sh",
                            "-c",
                            "testssl --quiet --color 0 --warnings off -t smtp -p --jsonfile " + json + " 127.0.0.1:"
                                    + port + " || true"));
            Matcher protocol = PROTOCOL.matcher(Files.readString(json).replaceAll("\\s+", " "));
            Set<String> offered = new TreeSet<>();
            while (protocol.find()) {
                if (!protocol.group(2).startsWith("not offered")) {
                    offered.add(protocol.group(1));
                }
            }
            assertThat(offered).containsExactly("TLS1", "TLS1_1", "TLS1_2", "TLS1_3");
            assertThat(ours)
                    .extracting(pair -> pair.split(" ", 2)[0])
                    .contains("TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3");
        }
    }

    /** Dovecot 2.3 closes the connection when it has chosen DHE without parameters, and sslscan takes that for the end. */
    @Test
    void sslscanMissesTls12OfDovecot() throws Exception {
        Tools.requireProgram("sslscan");
        try (Running server = OtherServers.dovecot(home, "")) {
            int port = server.ports().get(Service.IMAPS);
            Set<String> ours = ours(Service.IMAPS, port);
            assertThat(ours).contains("TLSv1.2 C02F", "TLSv1.2 C030", "TLSv1.3 1301");
            assertThat(sslscan(port))
                    .isNotEmpty()
                    .allMatch(pair -> pair.startsWith("TLSv1.3 "))
                    .isSubsetOf(ours);
        }
    }

    /** nmap asks sixteen recipients from one sender, from the address that Exim trusts: it can't come from another. */
    @Test
    void nmapCallsEximARelayThatIsNone() throws Exception {
        Tools.requireProgram("nmap");
        try (Running server = OtherServers.exim(home, MANY, "", "")) {
            int port = server.ports().get(Service.SMTP);
            assertThat(ServerProcess.run(
                            PATIENCE,
                            home,
                            List.of("nmap", "-Pn", "-p", "" + port, "--script", "+smtp-open-relay", "127.0.0.1")))
                    .contains("Server is an open relay");
            assertThat(Run.of(server.ports()).from("127.0.0.2").withoutTls().findings())
                    .filteredOn(finding -> finding.check().id().equals("relay.accepted"))
                    .isNotEmpty()
                    .allMatch(finding -> finding.verdict() == Verdict.PASS);
        }
    }
}
