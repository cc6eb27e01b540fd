/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.james.core.Domain;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.rempart.message.dns.DnsJavaSecureDns;
import org.rempart.message.dns.SecureDns;
import org.rempart.policy.Rule;
import org.rempart.policy.tls.Dnssec;
import org.rempart.policy.tls.OutboundTls;
import org.rempart.policy.tls.TlsLevel;
import org.rempart.testsupport.DnsServer;
import org.rempart.testsupport.SignedZones;
import org.rempart.testsupport.SignedZones.Fault;
import org.rempart.testsupport.SignedZones.Signing;
import org.rempart.testsupport.Unbound;

/** What the DNS says of a host by TLSA records, in each state that it can be in. */
class DaneTest {
    private static final String KEY = "3 1 1 " + "ab".repeat(32);
    private static final List<String> PROTOCOLS = List.of("TLSv1.3");

    /** Who validates. */
    enum Validator {
        OURS,
        A_RESOLVER,
        UNBOUND
    }

    @TempDir
    private Path folder;

    private SignedZones zones;
    private final List<String> wrong = new ArrayList<>();

    @BeforeEach
    void serve() throws IOException {
        zones = SignedZones.start();
    }

    @AfterEach
    void stop() throws IOException {
        zones.close();
    }

    private SecureDns validate(InetSocketAddress... servers) throws IOException {
        return DnsJavaSecureDns.of(Dnssec.VALIDATE, Optional.of(anchor()), List.of(servers));
    }

    private ByteArrayInputStream anchor() {
        return new ByteArrayInputStream(zones.anchor().getBytes(StandardCharsets.US_ASCII));
    }

    private static SecureDns trust(InetSocketAddress server) throws IOException {
        return DnsJavaSecureDns.of(Dnssec.RESOLVER, Optional.empty(), List.of(server));
    }

    /** A domain with one MX host, in a zone of its own for each. */
    private void domain(String name, Signing domain, String host, Signing hostSigning) {
        zones.zone(name + ".", domain).add(name + ". MX 10 " + host + ".");
        zones.zone(host + ".", hostSigning).add(host + ". A 192.0.2.1");
    }

    private void tlsa(String host, String data) {
        zones.add("_25._tcp." + host + ". TLSA " + data);
    }

    private void expect(Dane dane, String domain, String host, String expected) {
        String found;
        try {
            DaneFinding finding = dane.find(Domain.of(domain), host);
            found = finding.kind()
                    + (finding.isRouteProven() ? "" : ", unproven route")
                    + (finding.kind() == DaneFinding.Kind.BINDING
                            ? ", " + finding.base() + ", "
                                    + finding.requirement(PROTOCOLS).names()
                            : "");
        } catch (TlsPolicyUnavailableException unavailable) {
            found = "WAITS";
            assertThat(unavailable).hasMessageStartingWith("DANE: ");
        }
        if (!found.equals(expected)) {
            wrong.add(domain + " at " + host + ": expected " + expected + ", found " + found);
        }
    }

    @ParameterizedTest
    @EnumSource
    void eachStateOfTheDnsByNsec(Validator validator) throws Exception {
        eachState(validator, Signing.NSEC);
    }

    @ParameterizedTest
    @EnumSource
    void eachStateOfTheDnsByNsec3(Validator validator) throws Exception {
        eachState(validator, Signing.NSEC3);
    }

    private void eachState(Validator validator, Signing signed) throws Exception {
        zones.zone("test.", signed);
        domain("good.test", signed, "mx.good.test", signed);
        tlsa("mx.good.test", KEY);
        domain("none.test", signed, "mx.none.test", signed);
        domain("plain.test", Signing.DELEGATED_UNSIGNED, "mx.plain.test", Signing.DELEGATED_UNSIGNED);
        tlsa("mx.plain.test", KEY);
        domain("hosted.test", Signing.DELEGATED_UNSIGNED, "mx.provider.test", signed);
        tlsa("mx.provider.test", KEY);
        domain("weak.test", signed, "mx.weak.test", Signing.DELEGATED_UNSIGNED);
        tlsa("mx.weak.test", KEY);
        domain("odd.test", signed, "mx.odd.test", signed);
        tlsa("mx.odd.test", "1 0 1 " + "cd".repeat(32));
        tlsa("mx.odd.test", "3 1 1 " + "cd".repeat(20));
        // The host is the domain itself.
        zones.zone("self.test.", signed).add("self.test. A 192.0.2.3");
        tlsa("self.test", KEY);
        // Aliases.
        domain("alias.test", signed, "mx.alias.test", signed);
        zones.remove("mx.alias.test.", "A").add("mx.alias.test. CNAME mx.good.test.");
        zones.zone("aliases.test.", signed)
                .add("aliases.test. MX 10 toplain.aliases.test.")
                .add("aliases.test. MX 20 tonone.aliases.test.")
                .add("aliases.test. MX 30 tlsa.aliases.test.")
                .add("aliases.test. MX 40 long.aliases.test.")
                .add("toplain.aliases.test. CNAME mx.plain.test.")
                .add("tonone.aliases.test. CNAME mx.none.test.")
                .add("tlsa.aliases.test. A 192.0.2.4")
                .add("_25._tcp.tlsa.aliases.test. CNAME keys.aliases.test.")
                .add("keys.aliases.test. TLSA " + KEY)
                .add("long.aliases.test. CNAME long0.aliases.test.");
        for (int i = 0; i < 11; i++) {
            zones.add("long" + i + ".aliases.test. CNAME long" + (i + 1) + ".aliases.test.");
        }
        tlsa("toplain.aliases.test", KEY);
        tlsa("tonone.aliases.test", KEY);
        zones.zone("sub.test.", Signing.DELEGATED_UNSIGNED).add("mx.sub.test. CNAME mx.good.test.");
        zones.add("frail.test. MX 20 mx.sub.test.");
        zones.add("moved.test. CNAME good.test.");
        // What goes wrong.
        domain("expired.test", signed, "mx.expired.test", signed);
        tlsa("mx.expired.test", KEY);
        zones.fault("_25._tcp.mx.expired.test.", "TLSA", Fault.EXPIRED);
        domain("forged.test", signed, "mx.forged.test", signed);
        zones.fault("forged.test.", "MX", Fault.FORGED);
        domain("early.test", signed, "mx.early.test", signed);
        zones.fault("mx.early.test.", "A", Fault.FUTURE);
        domain("stripped.test", signed, "mx.stripped.test", signed);
        tlsa("mx.stripped.test", KEY);
        zones.fault("_25._tcp.mx.stripped.test.", "TLSA", Fault.MISSING);
        domain("denied.test", signed, "mx.denied.test", signed);
        zones.fault("_25._tcp.mx.denied.test.", "TLSA", Fault.MISSING);
        domain("lied.test", signed, "mx.lied.test", signed);
        zones.fault("_25._tcp.mx.lied.test.", "TLSA", Fault.FORGED);
        domain("broken.test", signed, "mx.broken.test", signed);
        zones.fault("_25._tcp.mx.broken.test.", "TLSA", Fault.SERVFAIL);
        domain("wrongkey.test", Signing.WRONG_KEY, "mx.wrongkey.test", signed);

        Unbound unbound = null;
        SecureDns dns;
        switch (validator) {
            case OURS:
                dns = validate(zones.address());
                break;
            case A_RESOLVER:
                dns = trust(zones.claimValidation().address());
                break;
            default:
                Unbound.require();
                unbound = Unbound.start(folder, zones);
                dns = trust(unbound.address());
        }
        try {
            Dane dane = new Dane(dns, 25);
            expect(dane, "good.test", "mx.good.test", "BINDING, mx.good.test, [mx.good.test, good.test]");
            expect(dane, "none.test", "mx.none.test", "NONE");
            expect(dane, "plain.test", "mx.plain.test", "NONE, unproven route");
            expect(
                    dane,
                    "hosted.test",
                    "mx.provider.test",
                    "BINDING, unproven route, mx.provider.test, [mx.provider.test]");
            expect(dane, "weak.test", "mx.weak.test", "NONE");
            expect(dane, "odd.test", "mx.odd.test", "TLS_ONLY");
            expect(dane, "self.test", "self.test", "BINDING, self.test, [self.test, self.test]");
            expect(dane, "alias.test", "mx.alias.test", "BINDING, mx.good.test, [mx.good.test, alias.test]");
            expect(
                    dane,
                    "aliases.test",
                    "toplain.aliases.test",
                    "BINDING, toplain.aliases.test, [toplain.aliases.test, aliases.test]");
            expect(
                    dane,
                    "aliases.test",
                    "tonone.aliases.test",
                    "BINDING, tonone.aliases.test, [tonone.aliases.test, aliases.test]");
            expect(
                    dane,
                    "aliases.test",
                    "tlsa.aliases.test",
                    "BINDING, tlsa.aliases.test, [tlsa.aliases.test, aliases.test]");
            expect(dane, "aliases.test", "long.aliases.test", "WAITS");
            expect(dane, "frail.test", "mx.sub.test", "NONE");
            expect(dane, "moved.test", "mx.good.test", "BINDING, mx.good.test, [mx.good.test, moved.test, good.test]");
            expect(dane, "good.test", "mx.evil.test", "WAITS");
            for (String faulty :
                    List.of("expired", "forged", "early", "stripped", "denied", "lied", "broken", "wrongkey")) {
                expect(dane, faulty + ".test", "mx." + faulty + ".test", "WAITS");
            }
            expect(dane, "192.0.2.1", "192.0.2.1", "NONE");
        } finally {
            if (unbound != null) {
                unbound.close();
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void aResolverThatDoesNotValidateIsNotTrusted() throws Exception {
        zones.zone("test.", Signing.NSEC);
        domain("good.test", Signing.NSEC, "mx.good.test", Signing.NSEC);
        Dane dane = new Dane(trust(zones.address()), 25);
        assertThatThrownBy(() -> dane.find(Domain.of("good.test"), "mx.good.test"))
                .isInstanceOf(TlsPolicyUnavailableException.class)
                .hasMessageContaining("does not validate");
    }

    @Test
    void aResolverThatStripsSignaturesLetsMailWait() throws Exception {
        try (DnsServer plain = DnsServer.start(java.net.InetAddress.getLoopbackAddress())) {
            plain.mx("good.test", 10, "mx.good.test").address("mx.good.test", "192.0.2.1");
            Dane dane = new Dane(validate(plain.address()), 25);
            assertThatThrownBy(() -> dane.find(Domain.of("good.test"), "mx.good.test"))
                    .isInstanceOf(TlsPolicyUnavailableException.class)
                    .hasMessageContaining("DNSSEC");
        }
    }

    @Test
    void whatIsKnownIsNotAskedAgain() throws Exception {
        zones.zone("test.", Signing.NSEC).add("good.test. MX 10 mx.good.test.").add("mx.good.test. A 192.0.2.1");
        tlsa("mx.good.test", KEY);
        zones.add("other.test. MX 10 mx.good.test.");
        Dane dane = new Dane(validate(zones.address()), 25);
        dane.find(Domain.of("good.test"), "mx.good.test");
        int asked = zones.questions().size();
        dane.find(Domain.of("good.test"), "mx.good.test");
        assertThat(zones.questions()).hasSize(asked);
        dane.find(Domain.of("other.test"), "mx.good.test");
        assertThat(zones.questions().subList(asked, zones.questions().size())).containsExactly("other.test. MX");
        // The root's keys, those of test, and the five questions.
        assertThat(asked).isLessThan(12);
    }

    @Test
    void aFailureIsRememberedForAMoment() throws Exception {
        zones.zone("test.", Signing.NSEC).add("bad.test. MX 10 mx.bad.test.").add("mx.bad.test. A 192.0.2.1");
        zones.fault("bad.test.", "MX", Fault.SERVFAIL);
        Dane dane = new Dane(validate(zones.address()), 25);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> dane.find(Domain.of("bad.test"), "mx.bad.test"))
                    .isInstanceOf(TlsPolicyUnavailableException.class)
                    .hasMessageContaining("bad.test");
            if (i == 0) {
                zones.fault("bad.test.", "MX", Fault.SILENCE);
            }
        }
    }

    @Test
    void theRootsKeysThatComeAlongAreRead() throws Exception {
        assertThat(DnsJavaSecureDns.of(Dnssec.VALIDATE, Optional.empty(), List.of(zones.address())))
                .isNotNull();
        for (String bad : List.of("", "no zone\n", "example. IN DS 1 8 2 00\n")) {
            assertThatThrownBy(() -> DnsJavaSecureDns.of(
                            Dnssec.VALIDATE,
                            Optional.of(new ByteArrayInputStream(bad.getBytes(StandardCharsets.US_ASCII))),
                            List.of(zones.address())))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("the keys of the DNS's root can't be read")
                    .hasMessageContaining(". IN DS 20326");
        }
    }

    @Test
    void whatARuleComesTo() {
        Tlsa good = new Tlsa(3, 1, 1, new byte[32]);
        DaneFinding binding = DaneFinding.of("_25._tcp.mx.test", "mx.test", List.of(good));
        DaneFinding useless = DaneFinding.of("_25._tcp.mx.test", "mx.test", List.of(new Tlsa(1, 1, 1, new byte[32])));
        DaneFinding none = DaneFinding.none("nothing there");

        assertThat(binding.resolve(rule(TlsLevel.DANE)).level()).isEqualTo(TlsLevel.DANE);
        assertThat(useless.resolve(rule(TlsLevel.DANE)).level()).isEqualTo(TlsLevel.ENCRYPT);
        assertThat(none.resolve(rule(TlsLevel.DANE)).level()).isEqualTo(TlsLevel.OPPORTUNISTIC);
        assertThat(binding.overUnprovenRoute("unsigned")
                        .resolve(rule(TlsLevel.DANE))
                        .level())
                .isEqualTo(TlsLevel.DANE);

        assertThat(binding.resolve(rule(TlsLevel.DANE_ONLY)).refusal("mx.test")).isEmpty();
        for (DaneFinding weak : List.of(useless, none, binding.overUnprovenRoute("the MX records are not signed"))) {
            TlsRequirement requirement = weak.resolve(rule(TlsLevel.DANE_ONLY));
            assertThat(requirement.refusal("mx.test"))
                    .hasValueSatisfying(why -> assertThat(why).contains("dane-only"));
            assertThat(requirement.allowsClearText()).isFalse();
        }
    }

    private static TlsRequirement rule(TlsLevel level) {
        return TlsRequirement.ofRule(
                OutboundTls.of(level),
                Rule.byDefault("a rule"),
                "policy",
                Domain.of("test"),
                PROTOCOLS,
                Optional.empty());
    }
}
