/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.testsupport.Loopback;
import org.rempart.testsupport.SignedZones;
import org.rempart.testsupport.SignedZones.Signing;
import org.rempart.testsupport.SmtpPeer;

/** A sender who wants his mail to arrive rather than to be kept secret (RFC 8689, section 5), at a host without TLS. */
class TlsRequiredNoTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "honour|TLS-Required: No|true",
                "honour|tls-required:  no|true",
                "ignore|TLS-Required: No|false",
                "honour|TLS-Required: Yes|false",
                "honour|TLS-Required: No, please|false",
                "honour|X-TLS-Required: No|false",
                "honour|TLS-Required: No;TLS-Required: No|false",
            })
    void mailGoesAsItsSenderAndThePolicyWant(String policy, String fields, boolean goes) throws Exception {
        Loopback loopback = Loopback.of(1);
        try (SignedZones dns = SignedZones.start().zone("test.", Signing.NSEC);
                SmtpPeer peer = SmtpPeer.named("mx.there.test").start(loopback.next())) {
            dns.add("there.test. MX 10 mx.there.test.")
                    .add("mx.there.test. A " + peer.address().getAddress().getHostAddress())
                    .add("_" + loopback.port() + "._tcp.mx.there.test. TLSA 3 1 1 " + "ab".repeat(32))
                    .add("ruled.test. MX 10 mx.there.test.");
            Files.writeString(
                    Files.createDirectories(folder.resolve("conf")).resolve("root.txt"),
                    dns.anchor(),
                    StandardCharsets.US_ASCII);
            try (Outbound outbound = Outbound.start(
                    dns.address(),
                    folder,
                    loopback.port(),
                    "<tls><outbound mtaSts=\"off\" dnssec=\"validate\" rootAnchors=\"conf/root.txt\" tlsRequiredNo=\""
                            + policy + "\"><to domain=\"ruled.test\" level=\"encrypt\"/></outbound></tls>",
                    Map.of("delayTime", "1h", "maxRetries", "5"))) {
                String header = fields.replace(";", "\r\n") + "\r\n";
                outbound.sendWith(header, "one", "bob@there.test");
                // The administrator's own rule holds.
                outbound.sendWith(header, "two", "bob@ruled.test");
                Awaitility.await()
                        .atMost(Duration.ofSeconds(60))
                        .until(() -> peer.mails().size() + outbound.deferred().size() == 2);
                assertThat(outbound.deferred()).containsKey("bob@ruled.test");
                assertThat(peer.mails().stream()
                                .flatMap(mail -> mail.recipients().stream())
                                .toList())
                        .isEqualTo(goes ? List.of("bob@there.test") : List.of());
            }
        }
    }
}
