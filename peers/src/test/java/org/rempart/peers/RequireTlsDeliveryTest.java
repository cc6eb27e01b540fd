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
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.testsupport.JvmTrust;
import org.rempart.testsupport.Loopback;
import org.rempart.testsupport.Phase;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.SignedZones;
import org.rempart.testsupport.SignedZones.Fault;
import org.rempart.testsupport.SignedZones.Signing;
import org.rempart.testsupport.SmtpPeer;

/**
 * What becomes of mail that requires TLS all the way (REQUIRETLS, RFC 8689, section 4.2.1), for each state of the DNS and each
 * kind of peer. The authority of the test is what this JVM trusts meanwhile.
 */
class RequireTlsDeliveryTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final String GOES = "";
    private static final String WAITS = "4";
    private static final String[] OFFERED = {"PIPELINING", "8BITMIME", "CHUNKING", "SIZE 100000000", "REQUIRETLS"};

    @TempDir
    private static Path folder;

    private static final Map<String, SmtpPeer> PEERS = new LinkedHashMap<>();
    private static JvmTrust trust;
    private static SignedZones dns;
    private static Loopback loopback;
    private static Outbound outbound;

    /** The domain's name without {@code .test}; the beginning of what its sender is told, nothing where it arrives. */
    static Stream<Arguments> table() {
        return Stream.of(
                Arguments.of("key", GOES),
                Arguments.of("good", GOES),
                Arguments.of("itself", GOES),
                Arguments.of("unknown-authority", "550 5.7.30 "),
                Arguments.of("wrong-name", "550 5.7.30 "),
                Arguments.of("expired", "550 5.7.30 "),
                Arguments.of("not-offered", "550 5.7.30 "),
                Arguments.of("not-offered-with-key", "550 5.7.30 "),
                Arguments.of("no-starttls", "550 5.7.10 "),
                Arguments.of("unsigned-mx", "550 5.7.30 "),
                Arguments.of("ruled-secure", GOES),
                Arguments.of("ruled-verify", "550 5.7.30 "),
                // What the rule allows others is too little for this mail.
                Arguments.of("ruled-none", GOES),
                Arguments.of("ruled-none-not-offered", "550 5.7.30 "),
                Arguments.of("bogus", WAITS),
                Arguments.of("unreachable", WAITS),
                Arguments.of("breaks-off", WAITS),
                Arguments.of("no-tls-now", WAITS),
                Arguments.of("second-offers", GOES),
                Arguments.of("first-unreachable", WAITS));
    }

    private static String mx(String name) {
        return "mx." + name + ".test";
    }

    private static void host(String name, Optional<ServerCertificate> certificate, String... offered) throws Exception {
        SmtpPeer.Builder builder = SmtpPeer.named(mx(name)).extensions(offered);
        peer(name, certificate.map(builder::offering).orElse(builder));
    }

    private static void peer(String name, SmtpPeer.Builder builder) throws Exception {
        InetSocketAddress address = loopback.next();
        PEERS.put(name, builder.start(address));
        dns.add(mx(name) + ". A " + address.getAddress().getHostAddress());
        dns.add(name + ".test. MX 10 " + mx(name) + ".");
    }

    private static void key(String name, ServerCertificate certificate) throws Exception {
        byte[] key = certificate.certificate().getPublicKey().getEncoded();
        dns.add("_" + loopback.port() + "._tcp." + mx(name) + ". TLSA 3 1 1 "
                + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(key)));
    }

    @BeforeAll
    static void send() throws Exception {
        loopback = Loopback.of(30);
        dns = SignedZones.start().zone("test.", Signing.NSEC);
        Authorities authorities = new Authorities();
        trust = authorities.trustedByTheJvm(folder);
        ServerCertificate self = authorities.selfSigned(List.of("whatever.test"));

        host("key", Optional.of(self), OFFERED);
        key("key", self);
        host("good", Optional.of(authorities.good(List.of(mx("good")))), OFFERED);
        // The domain's own name needs no proof that it is the domain's.
        InetSocketAddress itself = loopback.next();
        PEERS.put(
                "itself",
                SmtpPeer.named("itself.test")
                        .extensions(OFFERED)
                        .offering(authorities.good(List.of("itself.test")))
                        .start(itself));
        dns.zone("itself.test.", Signing.DELEGATED_UNSIGNED)
                .add("itself.test. A " + itself.getAddress().getHostAddress());
        host("unknown-authority", Optional.of(authorities.ofUnknown(List.of(mx("unknown-authority")))), OFFERED);
        host("wrong-name", Optional.of(authorities.good(List.of("somebody.test"))), OFFERED);
        host("expired", Optional.of(authorities.expired(List.of(mx("expired")))), OFFERED);
        host("not-offered", Optional.of(authorities.good(List.of(mx("not-offered")))), "PIPELINING", "8BITMIME");
        host("not-offered-with-key", Optional.of(self), "PIPELINING", "8BITMIME", "CHUNKING");
        key("not-offered-with-key", self);
        host("no-starttls", Optional.empty(), OFFERED);
        for (String name : List.of("unsigned-mx", "ruled-secure", "ruled-verify")) {
            dns.zone(name + ".test.", Signing.DELEGATED_UNSIGNED);
            host(name, Optional.of(authorities.good(List.of(mx(name)))), OFFERED);
        }
        host("ruled-none", Optional.of(authorities.good(List.of(mx("ruled-none")))), OFFERED);
        host("ruled-none-not-offered", Optional.of(authorities.good(List.of(mx("ruled-none-not-offered")))), "DSN");
        host("bogus", Optional.of(self), OFFERED);
        dns.fault("bogus.test.", "MX", Fault.FORGED);
        host("unreachable", Optional.of(self), OFFERED);
        PEERS.get("unreachable").close();
        peer(
                "breaks-off",
                SmtpPeer.named(mx("breaks-off"))
                        .extensions(OFFERED)
                        .offering(authorities.good(List.of(mx("breaks-off"))))
                        .at(Phase.STARTTLS)
                        .saysAndCloses("220 2.0.0 Go ahead"));
        peer(
                "no-tls-now",
                SmtpPeer.named(mx("no-tls-now"))
                        .extensions(OFFERED)
                        .offering(authorities.good(List.of(mx("no-tls-now"))))
                        .at(Phase.STARTTLS)
                        .says("454 4.7.0 TLS not available due to temporary reason"));
        dns.add("second-offers.test. MX 10 " + mx("not-offered") + ".")
                .add("second-offers.test. MX 20 " + mx("good") + ".")
                .add("first-unreachable.test. MX 10 " + mx("unreachable") + ".")
                .add("first-unreachable.test. MX 20 " + mx("not-offered") + ".");

        Files.writeString(
                Files.createDirectories(folder.resolve("conf")).resolve("root.txt"),
                dns.anchor(),
                StandardCharsets.US_ASCII);
        outbound = start(
                "<to domain=\"ruled-secure.test\" level=\"secure\" match=\"mx.ruled-secure.test\"/>"
                        + "<to domain=\"ruled-verify.test\" level=\"verify\"/>"
                        + "<to domain=\"ruled-none.test\" level=\"none\" reason=\"r\"/>"
                        + "<to domain=\"ruled-none-not-offered.test\" level=\"none\" reason=\"r\"/>",
                Map.of());
        for (Arguments line : table().toList()) {
            outbound.sendRequiringTls("", "secret", recipient((String) line.get()[0]));
        }
    }

    private static Outbound start(String rules, Map<String, String> more) throws Exception {
        Map<String, String> parameters = new LinkedHashMap<>(Map.of("delayTime", "1h", "maxRetries", "5"));
        parameters.putAll(more);
        return Outbound.start(
                dns.address(),
                folder,
                loopback.port(),
                "<tls><outbound mtaSts=\"off\" dnssec=\"validate\" rootAnchors=\"conf/root.txt\" tlsRequiredNo=\"honour\">"
                        + rules + "</outbound></tls>",
                parameters);
    }

    private static String recipient(String name) {
        return "bob@" + name + ".test";
    }

    @AfterAll
    static void stop() throws Exception {
        if (outbound != null) {
            outbound.close();
        }
        for (SmtpPeer peer : PEERS.values()) {
            peer.close();
        }
        PEERS.clear();
        if (dns != null) {
            dns.close();
        }
        if (trust != null) {
            trust.close();
        }
    }

    private static boolean hasArrived(String recipient) {
        return PEERS.values().stream()
                .flatMap(peer -> peer.mails().stream())
                .anyMatch(mail -> mail.recipients().contains(recipient) && mail.underTls());
    }

    /** What its sender is told, or why it waits; nothing when it has arrived. */
    private static String fate(Outbound outbound, String recipient) {
        return Awaitility.await(recipient)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(
                        () -> {
                            if (hasArrived(recipient)) {
                                return Optional.of(GOES);
                            }
                            Optional<String> told = outbound.bounced().stream()
                                    .filter(bounced -> bounced.recipients().contains(recipient))
                                    .map(Outbound.Bounced::reason)
                                    .findFirst();
                            return told.or(() ->
                                    Optional.ofNullable(outbound.deferred().get(recipient)));
                        },
                        Optional::isPresent)
                .orElseThrow();
    }

    private static boolean isNamed(SmtpPeer peer, String recipient) {
        return peer.commands().stream().anyMatch(command -> command.contains(recipient));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("table")
    void fate(String name, String told) {
        String recipient = recipient(name);
        String fate = fate(outbound, recipient);
        if (told.equals(GOES)) {
            assertThat(fate).isEqualTo(GOES);
            return;
        }
        assertThat(fate).startsWith(told);
        assertThat(PEERS.values()).as("who heard of it").noneMatch(peer -> isNamed(peer, recipient));
    }

    @Test
    void thePeerIsAskedToPromiseTheSame() {
        fate(outbound, recipient("key"));
        assertThat(PEERS.get("key").commands())
                .filteredOn(command -> command.startsWith("MAIL"))
                .isNotEmpty()
                .allMatch(command -> command.endsWith(" REQUIRETLS"));
    }

    /** RFC 8689, section 4.1: the parameter wins over the field. */
    @Test
    void theFieldThatWantsLessDoesNotCount() throws Exception {
        for (String name : List.of("no-starttls", "good")) {
            outbound.sendRequiringTls("TLS-Required: No\r\n", "secret", "carol@" + name + ".test");
        }
        assertThat(fate(outbound, "carol@no-starttls.test")).startsWith("550 5.7.10 ");
        assertThat(fate(outbound, "carol@good.test")).isEqualTo(GOES);
    }

    @Test
    void otherMailGoesOnAsBefore() throws Exception {
        outbound.send("not secret", "dave@not-offered.test", "dave@good.test");
        assertThat(fate(outbound, "dave@not-offered.test")).isEqualTo(GOES);
        assertThat(fate(outbound, "dave@good.test")).isEqualTo(GOES);
        assertThat(PEERS.get("good").commands())
                .filteredOn(command -> command.startsWith("MAIL") && !command.contains("REQUIRETLS"))
                .isNotEmpty();
    }

    /** RFC 8689, section 5. */
    @Test
    void theReportRequiresTlsToo() throws Exception {
        fate(outbound, recipient("not-offered"));
        assertThat(outbound.reports()).anyMatch(report -> report.contains("Status: 5.7.30"));
        assertThat(outbound.ownMailRequiringTls()).isNotEmpty().containsOnly(true);
    }

    @Test
    void aGatewayHasToProveItselfAndOfferTheSame() throws Exception {
        for (String name : List.of("good", "not-offered", "unknown-authority")) {
            try (Outbound gateway = start("", Map.of("gateway", mx(name) + ":" + loopback.port()))) {
                String recipient = "erin@by-" + name + ".test";
                gateway.sendRequiringTls("", "secret", recipient);
                assertThat(fate(gateway, recipient))
                        .as(name)
                        .startsWith(name.equals("good") ? GOES : "550 5.7.30 ")
                        .matches(fate -> !name.equals("good") || fate.isEmpty());
            }
        }
    }
}
