/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.rempart.peers.TlsLevelsTest.Outcome.CLEAR;
import static org.rempart.peers.TlsLevelsTest.Outcome.LATER;
import static org.rempart.peers.TlsLevelsTest.Outcome.TLS;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.testsupport.DnsServer;
import org.rempart.testsupport.Loopback;
import org.rempart.testsupport.Phase;
import org.rempart.testsupport.Postfix;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.SmtpPeer;
import org.rempart.testsupport.TakenMail;
import org.rempart.testsupport.Tools;

/**
 * What becomes of a mail at each TLS level at each kind of peer. The mails of the whole table are sent at once, over one
 * delivery; each line of the table then looks for its mail.
 */
class TlsLevelsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /** In the order of the table's columns. */
    private static final List<String> LEVELS =
            List.of("none", "opportunistic", "encrypt", "verify", "secure", "fingerprint");

    /** What becomes of a mail. */
    enum Outcome {
        /** It comes once, under TLS. */
        TLS,
        /** It comes once, in clear text. */
        CLEAR,
        /** It doesn't come, waits for another try, and its reason is known. */
        LATER
    }

    @TempDir
    private static Path folder;

    private static final Map<String, SmtpPeer> PEERS = new LinkedHashMap<>();
    private static Trail trail;

    private static DnsServer dns;
    private static Outbound outbound;
    private static Postfix postfix;

    /** Peer, and what becomes of a mail at each level. */
    static Stream<Arguments> table() {
        return Stream.of(
                //   peer                                  none   opport. encrypt verify secure finger.
                line("good certificate", /*             */ CLEAR, TLS, /**/ TLS, /**/ TLS, /**/ TLS, /**/ TLS),
                line("self-signed", /*                  */ CLEAR, TLS, /**/ TLS, /**/ LATER, LATER, TLS),
                line("expired", /*                      */ CLEAR, TLS, /**/ TLS, /**/ LATER, LATER, LATER),
                line("wrong name", /*                   */ CLEAR, TLS, /**/ TLS, /**/ LATER, LATER, LATER),
                line("other domain", /*                 */ CLEAR, TLS, /**/ TLS, /**/ TLS, /**/ LATER, LATER),
                line("unknown authority", /*            */ CLEAR, TLS, /**/ TLS, /**/ LATER, LATER, LATER),
                line("SHA-1", /*                        */ CLEAR, TLS, /**/ TLS, /**/ LATER, LATER, LATER),
                line("STARTTLS stripped", /*            */ CLEAR, CLEAR, LATER, LATER, LATER, LATER),
                line("STARTTLS refused for now", /*     */ CLEAR, CLEAR, LATER, LATER, LATER, LATER),
                line("STARTTLS refused", /*             */ CLEAR, CLEAR, LATER, LATER, LATER, LATER),
                line("STARTTLS taken, then dropped", /* */ CLEAR, CLEAR, LATER, LATER, LATER, LATER),
                line("reply injected", /*               */ CLEAR, LATER, LATER, LATER, LATER, LATER),
                line("TLS 1.0 only", /*                 */ CLEAR, CLEAR, LATER, LATER, LATER, LATER));
    }

    /** The same for Postfix; at a certificate of its own that the trusted authority has signed. */
    static Stream<Arguments> postfixTable() {
        return Stream.of(
                line("postfix", /*                      */ CLEAR, TLS, /**/ TLS, /**/ TLS, /**/ TLS, /**/ LATER),
                line("postfix without TLS", /*          */ CLEAR, CLEAR, LATER, LATER, LATER, LATER),
                line("postfix, TLS 1.0 only", /*        */ CLEAR, CLEAR, LATER, LATER, LATER, LATER));
    }

    private static Arguments line(String peer, Outcome... outcomes) {
        return Arguments.of(peer, List.of(outcomes));
    }

    private static String domain(String peer, String level) {
        return label(peer) + "." + level + ".example";
    }

    private static String label(String peer) {
        return peer.replaceAll("[^A-Za-z0-9]+", "-").toLowerCase(java.util.Locale.ROOT);
    }

    private static String mx(String peer) {
        return "mx." + label(peer) + ".test";
    }

    private static String recipient(String peer, String level) {
        return "bob@" + domain(peer, level);
    }

    private static String secret(String peer, String level) {
        return "secret words for " + label(peer) + " at " + level + ".";
    }

    /** The names of an honest certificate: the MX host's, and for the level secure the domain's. */
    private static List<String> names(String peer) {
        return List.of(mx(peer), domain(peer, "secure"));
    }

    @BeforeAll
    static void send() throws Exception {
        trail = new Trail();

        Authorities authorities = new Authorities();
        Loopback loopback = Loopback.of(20);
        dns = DnsServer.start(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        ServerCertificate good = authorities.good(names("good certificate"));
        ServerCertificate selfSigned = authorities.selfSigned(names("self-signed"));
        peer(loopback, "good certificate", peer -> peer.offering(good));
        peer(loopback, "self-signed", peer -> peer.offering(selfSigned));
        ServerCertificate expired = authorities.expired(names("expired"));
        peer(loopback, "expired", peer -> peer.offering(expired));
        ServerCertificate wrong = authorities.good(List.of("mx.somebody.test"));
        peer(loopback, "wrong name", peer -> peer.offering(wrong));
        ServerCertificate other = authorities.good(List.of(mx("other domain")));
        peer(loopback, "other domain", peer -> peer.offering(other));
        ServerCertificate unknown = authorities.ofUnknown(names("unknown authority"));
        peer(loopback, "unknown authority", peer -> peer.offering(unknown));
        ServerCertificate weak = authorities.weak(names("SHA-1"));
        peer(loopback, "SHA-1", peer -> peer.offering(weak));
        // All of these could show a certificate that would do.
        ServerCertificate honest = authorities.good(Stream.of(
                        "STARTTLS refused for now",
                        "STARTTLS refused",
                        "STARTTLS taken, then dropped",
                        "reply injected",
                        "TLS 1.0 only",
                        "postfix",
                        "postfix, TLS 1.0 only")
                .flatMap(name -> names(name).stream())
                .toList());
        peer(loopback, "STARTTLS stripped", peer -> peer);
        peer(
                loopback,
                "STARTTLS refused for now",
                peer -> peer.offering(honest).at(Phase.STARTTLS).says("454 4.7.0 TLS not available"));
        peer(
                loopback,
                "STARTTLS refused",
                peer -> peer.offering(honest).at(Phase.STARTTLS).says("554 5.7.0 No"));
        peer(
                loopback,
                "STARTTLS taken, then dropped",
                peer -> peer.offering(honest).at(Phase.STARTTLS).saysAndCloses("220 2.0.0 Go ahead"));
        peer(
                loopback,
                "reply injected",
                peer -> peer.offering(honest).at(Phase.STARTTLS).injects("250-evil.test\r\n250 SIZE 1\r\n"));
        peer(
                loopback,
                "TLS 1.0 only",
                peer -> peer.offering(honest).at(Phase.STARTTLS).speaksOldTls());
        if (Postfix.missing().isEmpty()) {
            startPostfix(loopback, honest);
        }

        authorities.writePem(Files.createDirectories(folder.resolve("conf")).resolve("authorities.pem"));
        outbound = Outbound.start(
                dns,
                folder,
                loopback.port(),
                "<tls><outbound default=\"opportunistic\">"
                        + "<to domain=\"*.none.example\" level=\"none\" reason=\"a test\"/>"
                        + "<to domain=\"*.encrypt.example\" level=\"encrypt\"/>"
                        + "<to domain=\"*.verify.example\" level=\"verify\" trust=\"file://conf/authorities.pem\"/>"
                        + "<to domain=\"*.secure.example\" level=\"secure\" trust=\"file://conf/authorities.pem\"/>"
                        + "<to domain=\"*.fingerprint.example\" level=\"fingerprint\" fingerprints=\"sha256:"
                        + good.fingerprint() + ", sha256:" + selfSigned.fingerprint() + "\"/>"
                        + "</outbound></tls>",
                Map.of("delayTime", "1h", "maxRetries", "5"));
        for (Arguments line : Stream.concat(table(), postfixTable()).toList()) {
            String peer = (String) line.get()[0];
            for (String level : LEVELS) {
                dns.mx(domain(peer, level), 10, mx(peer));
                outbound.send(secret(peer, level), recipient(peer, level));
            }
        }
    }

    private static void peer(Loopback loopback, String name, UnaryOperator<SmtpPeer.Builder> kind) throws IOException {
        InetSocketAddress address = loopback.next();
        PEERS.put(name, kind.apply(SmtpPeer.named(mx(name))).start(address));
        dns.address(mx(name), address.getAddress().getHostAddress());
    }

    private static void startPostfix(Loopback loopback, ServerCertificate certificate) throws Exception {
        // Postfix gives up root's rights, and must reach its folder all the same.
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
        Path home = folder.resolve("postfix");
        Files.createDirectories(home);
        Path pem = home.resolve("certificate.pem");
        Path key = home.resolve("key.pem");
        certificate.writePem(pem, key);
        Map<String, String> tls = Map.of(
                "smtpd_tls_security_level",
                "may",
                "smtpd_tls_received_header",
                "yes",
                "smtpd_tls_cert_file",
                pem.toString(),
                "smtpd_tls_key_file",
                key.toString());
        Map<String, String> oldTls = new LinkedHashMap<>(tls);
        oldTls.put("smtpd_tls_protocols", ">=TLSv1, <=TLSv1");
        Map<InetSocketAddress, Map<String, String>> listeners = new LinkedHashMap<>();
        Map<String, String> addresses = new LinkedHashMap<>();
        for (Map.Entry<String, Map<String, String>> kind : Map.of(
                        "postfix",
                        tls,
                        "postfix without TLS",
                        Map.<String, String>of(),
                        "postfix, TLS 1.0 only",
                        oldTls)
                .entrySet()) {
            InetSocketAddress address = loopback.next();
            listeners.put(address, kind.getValue());
            dns.address(mx(kind.getKey()), address.getAddress().getHostAddress());
            for (String level : LEVELS) {
                addresses.put(recipient(kind.getKey(), level), domain(kind.getKey(), level));
            }
        }
        postfix = Postfix.start(
                home,
                listeners,
                Postfix.delivering(
                        home, addresses.values().stream().distinct().collect(Collectors.joining(", ")), addresses));
    }

    @AfterAll
    static void stop() throws IOException {
        if (outbound != null) {
            outbound.close();
        }
        for (SmtpPeer peer : PEERS.values()) {
            peer.close();
        }
        PEERS.clear();
        if (postfix != null) {
            postfix.close();
        }
        if (dns != null) {
            dns.close();
        }
        trail.close();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("table")
    void outcome(String name, List<Outcome> outcomes) {
        SmtpPeer peer = PEERS.get(name);
        for (int i = 0; i < LEVELS.size(); i++) {
            String level = LEVELS.get(i);
            String recipient = recipient(name, level);
            Outcome outcome = outcomes.get(i);
            await(name, level, () -> !mails(peer, recipient).isEmpty());
            if (outcome == Outcome.LATER) {
                assertThat(mails(peer, recipient)).as(level).isEmpty();
            } else {
                assertThat(mails(peer, recipient))
                        .as(
                                "%s (waits because of %s)",
                                level, outbound.deferred().get(recipient))
                        .singleElement()
                        .satisfies(mail -> {
                            assertThat(mail.underTls()).as("under TLS").isEqualTo(outcome == TLS);
                            assertThat(mail.message()).contains(secret(name, level));
                            if (outcome == TLS) {
                                assertThat(mail.serverName()).as("server name").isEqualTo(mx(name));
                                assertThat(mail.protocol()).isEqualTo("TLSv1.3");
                            }
                        });
            }
            assertKnown(name, level, outcome);
            if (outcome != CLEAR) {
                assertThat(peer.clearTexts())
                        .as("%s: what was in clear text", level)
                        .allSatisfy(text -> assertThat(text).doesNotContain(recipient, secret(name, level)));
            }
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("postfixTable")
    void outcomeAtPostfix(String name, List<Outcome> outcomes) throws IOException {
        Tools.require(postfix != null, Postfix.missing().orElse("Postfix did not start"));
        for (int i = 0; i < LEVELS.size(); i++) {
            String level = LEVELS.get(i);
            Outcome outcome = outcomes.get(i);
            await(name, level, () -> !atPostfix(name, level).isEmpty());
            if (outcome == Outcome.LATER) {
                assertThat(atPostfix(name, level)).as(level).isEmpty();
            } else {
                assertThat(atPostfix(name, level))
                        .as(level)
                        .singleElement()
                        .satisfies(mail -> assertThat(mail.contains("(using TLSv1.3 with cipher"))
                                .as("under TLS")
                                .isEqualTo(outcome == TLS));
            }
            assertKnown(name, level, outcome);
        }
    }

    /** A policy that asks for more than a peer has is no reason to fall back to less. */
    @Test
    void nothingBounces() {
        assertThat(outbound.bounced()).isEmpty();
    }

    private static void await(String name, String level, java.util.concurrent.Callable<Boolean> arrived) {
        Awaitility.await(name + " at " + level)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> arrived.call() || outbound.deferred().containsKey(recipient(name, level)));
    }

    private static List<TakenMail> mails(SmtpPeer peer, String recipient) {
        return peer.mails().stream()
                .filter(mail -> mail.recipients().contains(recipient))
                .toList();
    }

    private static List<String> atPostfix(String name, String level) {
        try {
            return postfix.taken().stream()
                    .filter(mail -> mail.contains(secret(name, level)))
                    .toList();
        } catch (IOException failure) {
            throw new java.io.UncheckedIOException(failure);
        }
    }

    /** The queue and the audit trail know what became of it, and why. */
    private static void assertKnown(String name, String level, Outcome outcome) {
        String recipient = recipient(name, level);
        Optional<String> reason = Optional.ofNullable(outbound.deferred().get(recipient));
        assertThat(reason.isPresent()).as("%s: waits (%s)", level, reason).isEqualTo(outcome == Outcome.LATER);
        String last = trail.last(domain(name, level));
        switch (outcome) {
            case TLS -> assertThat(last).contains("\"tlsVersion\":\"TLSv1.");
            case CLEAR -> assertThat(last).matches(".*\"clearText\":\".+\".*");
            case LATER -> assertThat(last).matches(".*\"failure\":\".+\".*");
        }
    }
}
