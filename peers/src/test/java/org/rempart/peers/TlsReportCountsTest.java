/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.testsupport.Loopback;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.SignedZones;
import org.rempart.testsupport.SignedZones.Fault;
import org.rempart.testsupport.SignedZones.Signing;
import org.rempart.testsupport.SmtpPeer;

/** What the delivery counts for reports about TLS (RFC 8460), as it lies on the disk when the server has stopped. */
class TlsReportCountsTest {
    private static final List<String> DOMAINS = List.of("good", "other", "plain", "none", "bogus");

    @TempDir
    private Path folder;

    @Test
    void sessionsAreCountedByPolicyAndFailure() throws Exception {
        ServerCertificate certificate = new Authorities().selfSigned(List.of("whatever.test"));
        String key = HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256")
                        .digest(certificate.certificate().getPublicKey().getEncoded()));
        Loopback loopback = Loopback.of(DOMAINS.size());
        List<SmtpPeer> peers = new ArrayList<>();
        try (SignedZones dns = SignedZones.start().zone("test.", Signing.NSEC)) {
            for (String domain : DOMAINS) {
                InetSocketAddress address = loopback.next();
                SmtpPeer.Builder peer = SmtpPeer.named("mx." + domain + ".test");
                peers.add((domain.equals("plain") ? peer : peer.offering(certificate)).start(address));
                dns.add(domain + ".test. MX 10 mx." + domain + ".test.")
                        .add("mx." + domain + ".test. A " + address.getAddress().getHostAddress());
                if (!domain.equals("none")) {
                    dns.add("_" + loopback.port() + "._tcp.mx." + domain + ".test. TLSA 3 1 1 "
                            + (domain.equals("other") ? "ab".repeat(32) : key));
                }
            }
            dns.fault("bogus.test.", "MX", Fault.FORGED);
            Files.writeString(
                    Files.createDirectories(folder.resolve("conf")).resolve("root.txt"),
                    dns.anchor(),
                    StandardCharsets.US_ASCII);
            try (Outbound outbound = Outbound.start(
                    dns.address(),
                    folder,
                    loopback.port(),
                    "<tls><outbound mtaSts=\"off\" dnssec=\"validate\" rootAnchors=\"conf/root.txt\""
                            + " reports=\"tls@ours.example\"/></tls>",
                    Map.of("delayTime", "1h", "maxRetries", "5"))) {
                for (String domain : DOMAINS) {
                    outbound.send("secret", "bob@" + domain + ".test");
                }
                Awaitility.await()
                        .atMost(Duration.ofSeconds(60))
                        .until(() -> peers.stream()
                                                .mapToInt(peer -> peer.mails().size())
                                                .sum()
                                        + outbound.deferred().size()
                                == DOMAINS.size());
            }
        } finally {
            for (SmtpPeer peer : peers) {
                peer.close();
            }
        }
        List<Path> files;
        try (Stream<Path> listed = Files.list(folder.resolve("var/tls-reports/outgoing"))) {
            files = listed.toList();
        }
        assertThat(files).hasSize(1);
        assertThat(files.get(0).getFileName().toString()).matches("\\d{4}-\\d\\d-\\d\\d\\.json");
        String counts = Files.readString(files.get(0));
        assertThat(counts)
                .containsPattern(entry("good", "tlsa", 1, 0))
                .containsPattern(entry("other", "tlsa", 0, 1) + "[^]]*\"certificate-not-trusted\"")
                .containsPattern(entry("plain", "tlsa", 0, 1) + "[^]]*\"starttls-not-supported\"")
                .containsPattern(entry("bogus", "tlsa", 0, 1) + "[^]]*\"dnssec-invalid\"")
                .containsPattern(entry("none", "no-policy-found", 1, 0));
    }

    private static String entry(String domain, String type, int successes, int failed) {
        return "\"domain\":\"" + domain + "\\.test\",\"type\":\"" + type + "\"[^}]*\"successes\":" + successes
                + ",\"failed\":" + failed;
    }
}
