/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.rempart.peers.Destinations.Fate.CLEAR;
import static org.rempart.peers.Destinations.Fate.LATER;
import static org.rempart.peers.Destinations.Fate.TLS;
import static org.rempart.peers.Destinations.label;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.peers.Destinations.Fate;
import org.rempart.testsupport.DnsServer;
import org.rempart.testsupport.Phase;
import org.rempart.testsupport.Postfix;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.SmtpPeer;
import org.rempart.testsupport.Tools;

/**
 * What becomes of a mail at each TLS level at each kind of peer. The mails of the whole table are sent at once, over one
 * delivery; each line of the table then looks for its mail.
 */
class TlsLevelsTest {
    /** In the order of the table's columns. */
    private static final List<String> LEVELS =
            List.of("none", "opportunistic", "encrypt", "verify", "secure", "fingerprint");

    @TempDir
    private static Path folder;

    private static Destinations destinations;
    private static DnsServer dns;
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

    private static Arguments line(String peer, Fate... fates) {
        return Arguments.of(peer, List.of(fates));
    }

    private static String domain(String peer, String level) {
        return label(peer) + "." + level + ".example";
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
        Authorities authorities = new Authorities();
        destinations = new Destinations(20);
        dns = DnsServer.start(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        ServerCertificate good = authorities.good(names("good certificate"));
        ServerCertificate selfSigned = authorities.selfSigned(names("self-signed"));
        peer("good certificate", peer -> peer.offering(good));
        peer("self-signed", peer -> peer.offering(selfSigned));
        ServerCertificate expired = authorities.expired(names("expired"));
        peer("expired", peer -> peer.offering(expired));
        ServerCertificate wrong = authorities.good(List.of("mx.somebody.test"));
        peer("wrong name", peer -> peer.offering(wrong));
        ServerCertificate other = authorities.good(List.of(mx("other domain")));
        peer("other domain", peer -> peer.offering(other));
        ServerCertificate unknown = authorities.ofUnknown(names("unknown authority"));
        peer("unknown authority", peer -> peer.offering(unknown));
        ServerCertificate weak = authorities.weak(names("SHA-1"));
        peer("SHA-1", peer -> peer.offering(weak));
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
        peer("STARTTLS stripped", peer -> peer);
        peer(
                "STARTTLS refused for now",
                peer -> peer.offering(honest).at(Phase.STARTTLS).says("454 4.7.0 TLS not available"));
        peer(
                "STARTTLS refused",
                peer -> peer.offering(honest).at(Phase.STARTTLS).says("554 5.7.0 No"));
        peer(
                "STARTTLS taken, then dropped",
                peer -> peer.offering(honest).at(Phase.STARTTLS).saysAndCloses("220 2.0.0 Go ahead"));
        peer(
                "reply injected",
                peer -> peer.offering(honest).at(Phase.STARTTLS).injects("250-evil.test\r\n250 SIZE 1\r\n"));
        peer("TLS 1.0 only", peer -> peer.offering(honest).at(Phase.STARTTLS).speaksOldTls());
        if (Postfix.missing().isEmpty()) {
            startPostfix(honest);
        }

        authorities.writePem(Files.createDirectories(folder.resolve("conf")).resolve("authorities.pem"));
        destinations.deliver(
                dns.address(),
                folder,
                "<tls><outbound default=\"opportunistic\">"
                        + "<to domain=\"*.none.example\" level=\"none\" reason=\"a test\"/>"
                        + "<to domain=\"*.encrypt.example\" level=\"encrypt\"/>"
                        + "<to domain=\"*.verify.example\" level=\"verify\" trust=\"file://conf/authorities.pem\"/>"
                        + "<to domain=\"*.secure.example\" level=\"secure\" trust=\"file://conf/authorities.pem\"/>"
                        + "<to domain=\"*.fingerprint.example\" level=\"fingerprint\" fingerprints=\"sha256:"
                        + good.fingerprint() + ", sha256:" + selfSigned.fingerprint() + "\"/>"
                        + "</outbound></tls>");
        for (Arguments line : Stream.concat(table(), postfixTable()).toList()) {
            String peer = (String) line.get()[0];
            for (String level : LEVELS) {
                dns.mx(domain(peer, level), 10, mx(peer));
                destinations.send(secret(peer, level), recipient(peer, level));
            }
        }
    }

    private static void peer(String name, UnaryOperator<SmtpPeer.Builder> kind) throws IOException {
        dns.address(mx(name), destinations.start(name, kind.apply(SmtpPeer.named(mx(name)))));
    }

    private static void startPostfix(ServerCertificate certificate) throws Exception {
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
            InetSocketAddress address = destinations.next();
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
        if (destinations != null) {
            destinations.close();
        }
        if (postfix != null) {
            postfix.close();
        }
        if (dns != null) {
            dns.close();
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("table")
    void outcome(String name, List<Fate> fates) {
        for (int i = 0; i < LEVELS.size(); i++) {
            String level = LEVELS.get(i);
            Fate fate = fates.get(i);
            destinations.assertFate(name, recipient(name, level), fate);
            assertThat(destinations.mails(name, recipient(name, level))).allSatisfy(mail -> {
                assertThat(mail.message()).contains(secret(name, level));
                if (fate == TLS) {
                    assertThat(mail.serverName()).as("server name").isEqualTo(mx(name));
                    assertThat(mail.protocol()).isEqualTo("TLSv1.3");
                }
            });
            if (fate != CLEAR) {
                assertThat(destinations.peer(name).clearTexts())
                        .allSatisfy(text -> assertThat(text).doesNotContain(secret(name, level)));
            }
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("postfixTable")
    void outcomeAtPostfix(String name, List<Fate> fates) throws IOException {
        Tools.require(postfix != null, Postfix.missing().orElse("Postfix did not start"));
        for (int i = 0; i < LEVELS.size(); i++) {
            String level = LEVELS.get(i);
            Fate fate = fates.get(i);
            destinations.await(
                    recipient(name, level), () -> !atPostfix(name, level).isEmpty());
            if (fate == LATER) {
                assertThat(atPostfix(name, level)).as(level).isEmpty();
            } else {
                assertThat(atPostfix(name, level))
                        .as(level)
                        .singleElement()
                        .satisfies(mail -> assertThat(mail.contains("(using TLSv1.3 with cipher"))
                                .as("under TLS")
                                .isEqualTo(fate == TLS));
            }
            destinations.assertKnown(recipient(name, level), fate);
        }
    }

    @Test
    void nothingBounces() {
        destinations.assertNothingBounced();
    }

    private static List<String> atPostfix(String name, String level) throws IOException {
        return postfix.taken().stream()
                .filter(mail -> mail.contains(secret(name, level)))
                .toList();
    }
}
