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
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.peers.Destinations.Fate;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.Postfix;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.ServerProcess;
import org.rempart.testsupport.SignedZones;
import org.rempart.testsupport.SignedZones.Fault;
import org.rempart.testsupport.SignedZones.Signing;
import org.rempart.testsupport.SmtpPeer;
import org.rempart.testsupport.Tools;
import org.rempart.testsupport.Unbound;

/**
 * What becomes of a mail at each level where TLSA records count, for each state of the DNS and kind of peer (RFC 7672). The
 * mails of the whole table are sent at once.
 */
class DaneLevelsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /** In the order of the table's columns; the first by the default, the others by a rule. */
    private static final List<String> LEVELS = List.of("opportunistic", "dane", "dane-only");

    @TempDir
    private static Path folder;

    private static Destinations destinations;
    private static SignedZones dns;

    static Stream<Arguments> table() {
        return Stream.of(
                //   state of the DNS, and peer                        opport. dane   dane-only
                line("its key", /*                                  */ TLS, /**/ TLS, /**/ TLS),
                line("its certificate, expired", /*                 */ TLS, /**/ TLS, /**/ TLS),
                line("old key and new key", /*                      */ TLS, /**/ TLS, /**/ TLS),
                line("its authority", /*                            */ TLS, /**/ TLS, /**/ TLS),
                line("its authority, for the domain", /*            */ TLS, /**/ TLS, /**/ TLS),
                line("its authority, for another", /*               */ LATER, LATER, LATER),
                line("another key", /*                              */ LATER, LATER, LATER),
                line("a key, and no STARTTLS", /*                   */ LATER, LATER, LATER),
                line("records of no use", /*                        */ TLS, /**/ TLS, /**/ LATER),
                line("records of no use, and no STARTTLS", /*       */ LATER, LATER, LATER),
                line("no record", /*                                */ TLS, /**/ TLS, /**/ LATER),
                line("no record, and no STARTTLS", /*               */ CLEAR, CLEAR, LATER),
                line("unsigned, with another key", /*               */ TLS, /**/ TLS, /**/ LATER),
                line("unsigned domain at a signed host", /*         */ TLS, /**/ TLS, /**/ LATER),
                line("unsigned domain at another key", /*           */ LATER, LATER, LATER),
                line("an alias with a key", /*                      */ TLS, /**/ TLS, /**/ TLS),
                line("bogus records", /*                            */ LATER, LATER, LATER),
                line("bogus MX", /*                                 */ LATER, LATER, LATER),
                line("bogus denial", /*                             */ LATER, LATER, LATER),
                line("no answer for records", /*                    */ LATER, LATER, LATER));
    }

    private static Arguments line(String state, Fate... fates) {
        return Arguments.of(state, List.of(fates));
    }

    private static String mx(String state) {
        return "mx." + label(state) + ".test";
    }

    private static String domain(String state, String level) {
        return label(state) + "." + level + ".test";
    }

    private static String recipient(String state, String level) {
        return "bob@" + domain(state, level);
    }

    private static String digest(X509Certificate certificate, boolean key) throws Exception {
        byte[] whole = key ? certificate.getPublicKey().getEncoded() : certificate.getEncoded();
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(whole));
    }

    private static String owner(String state) {
        return "_" + destinations.port() + "._tcp." + mx(state) + ".";
    }

    /** A peer, the address of its name, and its records. */
    private static void state(String state, Optional<ServerCertificate> certificate, String... tlsa)
            throws IOException {
        SmtpPeer.Builder builder = SmtpPeer.named(mx(state));
        dns.add(mx(state) + ". A "
                + destinations.start(state, certificate.map(builder::offering).orElse(builder)));
        for (String record : tlsa) {
            dns.add(owner(state) + " TLSA " + record);
        }
        for (String level : LEVELS) {
            dns.add(domain(state, level) + ". MX 10 " + mx(state) + ".");
        }
    }

    private static void unsignedHost(String state) {
        dns.zone(mx(state) + ".", Signing.DELEGATED_UNSIGNED);
    }

    private static void unsignedDomain(String state) {
        for (String level : LEVELS) {
            dns.zone(domain(state, level) + ".", Signing.DELEGATED_UNSIGNED);
        }
    }

    @BeforeAll
    static void send() throws Exception {
        destinations = new Destinations(30);
        dns = SignedZones.start().zone("test.", Signing.NSEC3);
        Authorities authorities = new Authorities();
        CertificateAuthority authority = CertificateAuthority.create("Their own");
        ServerCertificate self = authorities.selfSigned(List.of("whatever.test"));
        String key = "3 1 1 " + digest(self.certificate(), true);
        String otherKey = "3 1 1 " + "ab".repeat(32);
        String useless = "1 1 1 " + digest(self.certificate(), true);
        String theirs = "2 1 1 " + digest(authority.certificate(), true);

        state("its key", Optional.of(self), key);
        ServerCertificate expired = authorities.expired(List.of("whatever.test"));
        state("its certificate, expired", Optional.of(expired), "3 0 1 " + digest(expired.certificate(), false));
        state("old key and new key", Optional.of(self), otherKey, key);
        state("its authority", Optional.of(authority.issue(List.of(mx("its authority")))), theirs);
        state(
                "its authority, for the domain",
                Optional.of(authority.issue(LEVELS.stream()
                        .map(level -> domain("its authority, for the domain", level))
                        .toList())),
                theirs);
        state("its authority, for another", Optional.of(authority.issue(List.of("mx.somebody.test"))), theirs);
        state("another key", Optional.of(self), otherKey);
        state("a key, and no STARTTLS", Optional.empty(), key);
        state("records of no use", Optional.of(self), useless);
        state("records of no use, and no STARTTLS", Optional.empty(), useless);
        state("no record", Optional.of(self));
        state("no record, and no STARTTLS", Optional.empty());
        unsignedHost("unsigned, with another key");
        state("unsigned, with another key", Optional.of(self), otherKey);
        unsignedDomain("unsigned domain at a signed host");
        state("unsigned domain at a signed host", Optional.of(self), key);
        unsignedDomain("unsigned domain at another key");
        state("unsigned domain at another key", Optional.of(self), otherKey);
        state("an alias with a key", Optional.of(self));
        String address =
                destinations.peer("an alias with a key").address().getAddress().getHostAddress();
        dns.remove(mx("an alias with a key") + ".", "A")
                .add(mx("an alias with a key") + ". CNAME real.test.")
                .add("real.test. A " + address)
                .add("_" + destinations.port() + "._tcp.real.test. TLSA " + key);
        state("bogus records", Optional.of(self), key);
        dns.fault(owner("bogus records"), "TLSA", Fault.EXPIRED);
        state("bogus MX", Optional.of(self), key);
        for (String level : LEVELS) {
            dns.fault(domain("bogus MX", level) + ".", "MX", Fault.FORGED);
        }
        state("bogus denial", Optional.of(self));
        dns.fault(owner("bogus denial"), "TLSA", Fault.FORGED);
        state("no answer for records", Optional.of(self), key);
        dns.fault(owner("no answer for records"), "TLSA", Fault.SERVFAIL);
        // The first host of this domain can't be known, the second one can.
        dns.add("two.dane.test. MX 10 " + mx("bogus records") + ".").add("two.dane.test. MX 20 " + mx("its key") + ".");

        Files.writeString(
                Files.createDirectories(folder.resolve("conf")).resolve("root.txt"),
                dns.anchor(),
                StandardCharsets.US_ASCII);
        destinations.deliver(
                dns.address(),
                folder,
                "<tls><outbound mtaSts=\"off\" dnssec=\"validate\" rootAnchors=\"conf/root.txt\">"
                        + "<to domain=\"*.dane.test\" level=\"dane\"/>"
                        + "<to domain=\"*.dane-only.test\" level=\"dane-only\"/>"
                        + "</outbound></tls>");
        for (Arguments line : table().toList()) {
            for (String level : LEVELS) {
                destinations.send("secret", recipient((String) line.get()[0], level));
            }
        }
        destinations.send("secret", "bob@two.dane.test");
    }

    @AfterAll
    static void stop() throws IOException {
        if (destinations != null) {
            destinations.close();
        }
        if (dns != null) {
            dns.close();
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("table")
    void outcome(String state, List<Fate> fates) {
        for (int i = 0; i < LEVELS.size(); i++) {
            destinations.assertFate(state, recipient(state, LEVELS.get(i)), fates.get(i));
        }
    }

    @Test
    void theTrailSaysWhichRecordsHold() {
        destinations.await("its key", recipient("its key", "opportunistic"));
        assertThat(destinations.last(recipient("its key", "opportunistic")))
                .contains("\"level\":\"dane\"", "\"tlsSource\":\"dane\"", "_tcp.mx.its-key.test: 3 1 1 ")
                .contains("\"certificate\":\"dane: the TLSA record 3 1 1 ");
        destinations.await("no record", recipient("no record", "opportunistic"));
        assertThat(destinations.last(recipient("no record", "opportunistic")))
                .contains("\"level\":\"opportunistic\"", "\"dane\":\"no signed TLSA record at _");
        destinations.await("bogus MX", recipient("bogus MX", "opportunistic"));
        assertThat(destinations.waitsBecause(recipient("bogus MX", "opportunistic")))
                .startsWith("451 4.7.5 DANE: the DNS does not answer for bogus-mx.opportunistic.test (DNSSEC: ");
        destinations.await("no record", recipient("no record", "dane-only"));
        assertThat(destinations.waitsBecause(recipient("no record", "dane-only")))
                .startsWith(
                        "454 4.7.5 its level is dane-only, and DANE proves nothing here: no signed TLSA record at _");
    }

    /** RFC 7672, section 8.1: the name that the records stand at. */
    @Test
    void thePeerIsToldTheNameThatTheRecordsStandAt() {
        String recipient = recipient("an alias with a key", "dane");
        destinations.await("an alias with a key", recipient);
        assertThat(destinations.mails("an alias with a key", recipient))
                .singleElement()
                .satisfies(mail -> assertThat(mail.serverName()).isEqualTo("real.test"));
    }

    @Test
    void anotherHostIsTriedWhereOneCannotBeKnown() {
        destinations.await("its key", "bob@two.dane.test");
        assertThat(destinations.mails("its key", "bob@two.dane.test")).hasSize(1);
        assertThat(destinations.mails("bogus records", "bob@two.dane.test")).isEmpty();
    }

    /** A second opinion: Postfix, over a validating resolver, at the same peers. It takes no records behind unsigned MX. */
    @Test
    void postfixProvesTheSame(@TempDir Path own) throws Exception {
        Unbound.require();
        Tools.require(Postfix.missing().isEmpty(), Postfix.missing().orElse(""));
        Files.writeString(own.resolve("main.cf"), "myhostname = mail.ours.test\n");
        Files.writeString(own.resolve("resolv.conf"), "nameserver 127.0.53.53\n");
        try (Unbound unbound = Unbound.start(own, dns, new InetSocketAddress("127.0.53.53", 53))) {
            for (Arguments line : table().toList()) {
                String state = (String) line.get()[0];
                boolean proven = ((List<?>) line.get()[1]).get(LEVELS.indexOf("dane-only")) == TLS;
                String said = ServerProcess.run(
                        PATIENCE,
                        own,
                        List.of(
                                "unshare",
                                "-m",
                                "sh",
                                "-c",
                                "mount --bind resolv.conf /etc/resolv.conf && MAIL_CONFIG=$PWD posttls-finger -c -l"
                                        + " dane -L summary " + domain(state, "dane-only") + ":" + destinations.port()
                                        + " 2>&1 || true"));
                assertThat(said.contains(": Verified TLS connection established to "))
                        .as("%s at %s: %s", state, unbound.address(), said)
                        .isEqualTo(proven);
            }
        }
    }

    @Test
    void nothingBounces() {
        destinations.assertNothingBounced();
    }
}
