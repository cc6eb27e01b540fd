/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.mailet.delivery.tls.CertificateVerdict.Kind;
import org.rempart.policy.tls.TlsLevel;
import org.rempart.testsupport.CertificateAuthority;

/** What a chain proves to whom TLSA records are given (RFC 7671). */
class DaneCertificateTest {
    private static final String MX = "mx.partner.example";
    private static final CertificateAuthority AUTHORITY = CertificateAuthority.create("Authority");
    private static final CertificateAuthority OTHER = CertificateAuthority.create("Other Authority");

    private static Tlsa tlsa(int usage, int selector, int matching, X509Certificate certificate) throws Exception {
        byte[] whole = selector == 0
                ? certificate.getEncoded()
                : certificate.getPublicKey().getEncoded();
        return new Tlsa(
                usage,
                selector,
                matching,
                matching == 0
                        ? whole
                        : MessageDigest.getInstance(matching == 1 ? "SHA-256" : "SHA-512")
                                .digest(whole));
    }

    private static CertificateVerdict verdict(List<Tlsa> records, X509Certificate... chain) {
        DaneFinding finding = DaneFinding.of("_25._tcp." + MX, MX, records);
        assertThat(finding.kind()).isEqualTo(DaneFinding.Kind.BINDING);
        TlsRequirement requirement = finding.requirement(List.of("TLSv1.3"));
        assertThat(requirement.level()).isEqualTo(TlsLevel.DANE);
        return new CertificateCheck(requirement).check(chain, "ECDHE_ECDSA", MX, null);
    }

    private static X509Certificate issued(String name) {
        return AUTHORITY.request(name).issue().certificate();
    }

    @ParameterizedTest
    @CsvSource({"0,0", "0,1", "0,2", "1,0", "1,1", "1,2"})
    void theHostsOwnCertificateOrKey(int selector, int matching) throws Exception {
        X509Certificate own =
                AUTHORITY.request("mx.whatever.example").selfSigned().certificate();
        assertThat(verdict(List.of(tlsa(3, selector, matching, own)), own).kind())
                .isEqualTo(Kind.DANE);
        X509Certificate other = issued(MX);
        assertThat(verdict(List.of(tlsa(3, selector, matching, own)), other, AUTHORITY.certificate())
                        .kind())
                .isEqualTo(Kind.NOT_DANE);
        // A record of the host's is none of an authority's.
        assertThat(verdict(
                                List.of(tlsa(3, selector, matching, AUTHORITY.certificate())),
                                other,
                                AUTHORITY.certificate())
                        .kind())
                .isEqualTo(Kind.NOT_DANE);
    }

    @ParameterizedTest
    @CsvSource({"0,0", "0,1", "0,2", "1,0", "1,1", "1,2"})
    void anAuthorityOfTheHosts(int selector, int matching) throws Exception {
        List<Tlsa> record = List.of(tlsa(2, selector, matching, AUTHORITY.certificate()));
        assertThat(verdict(record, issued(MX), AUTHORITY.certificate()).kind()).isEqualTo(Kind.DANE);
        assertThat(verdict(record, issued("mx.other.example"), AUTHORITY.certificate())
                        .kind())
                .isEqualTo(Kind.WRONG_NAME);
        // What is whole in the DNS need not be sent.
        assertThat(verdict(record, issued(MX)).kind()).isEqualTo(matching == 0 ? Kind.DANE : Kind.NOT_DANE);
        // Sending the authority's certificate makes nothing its own.
        X509Certificate foreign = OTHER.request(MX).issue().certificate();
        assertThat(verdict(record, foreign, AUTHORITY.certificate()).isProof()).isFalse();
        assertThat(verdict(record, foreign, OTHER.certificate(), AUTHORITY.certificate())
                        .isProof())
                .isFalse();
        // It vouches for no certificate that it is itself.
        assertThat(verdict(record, AUTHORITY.certificate()).isProof()).isFalse();
    }

    @Test
    void anAuthoritysCertificatesHaveTheirDatesAndAlgorithms() throws Exception {
        List<Tlsa> record = List.of(tlsa(2, 0, 1, AUTHORITY.certificate()));
        Instant now = Instant.now();
        X509Certificate expired = AUTHORITY
                .request(MX)
                .valid(now.minus(Duration.ofDays(9)), now.minus(Duration.ofDays(2)))
                .issue()
                .certificate();
        assertThat(verdict(record, expired, AUTHORITY.certificate()).kind()).isEqualTo(Kind.EXPIRED);
        X509Certificate weak =
                AUTHORITY.request(MX).signedWith("SHA1withECDSA").issue().certificate();
        assertThat(verdict(record, weak, AUTHORITY.certificate()).kind()).isEqualTo(Kind.WEAK);
        // The host's own has none that count.
        assertThat(verdict(List.of(tlsa(3, 1, 1, expired)), expired).kind()).isEqualTo(Kind.DANE);
    }

    @Test
    void anAuthorityBehindAnother() throws Exception {
        X509Certificate own = issued(MX);
        X509Certificate cross = OTHER.vouchFor(AUTHORITY, "SHA256withECDSA");
        assertThat(verdict(List.of(tlsa(2, 0, 1, OTHER.certificate())), own, cross, OTHER.certificate())
                        .kind())
                .isEqualTo(Kind.DANE);
        assertThat(verdict(List.of(tlsa(2, 0, 1, cross)), own, cross).kind()).isEqualTo(Kind.DANE);
    }

    @Test
    void oneRecordOfSeveralIsEnough() throws Exception {
        X509Certificate before = issued(MX);
        X509Certificate after = issued(MX);
        List<Tlsa> rollover = List.of(tlsa(3, 1, 1, before), tlsa(3, 1, 1, after));
        assertThat(verdict(rollover, before).isProof()).isTrue();
        assertThat(verdict(rollover, after).isProof()).isTrue();
        List<Tlsa> mixed = List.of(tlsa(3, 1, 1, before), tlsa(2, 1, 1, AUTHORITY.certificate()));
        assertThat(verdict(mixed, after, AUTHORITY.certificate()).isProof()).isTrue();
    }

    @Test
    void ofDigestsTheStrongestCounts() throws Exception {
        X509Certificate weaklyNamed = issued(MX);
        X509Certificate stronglyNamed = issued(MX);
        List<Tlsa> both = List.of(tlsa(3, 1, 1, weaklyNamed), tlsa(3, 1, 2, stronglyNamed));
        assertThat(verdict(both, weaklyNamed).isProof()).isFalse();
        assertThat(verdict(both, stronglyNamed).isProof()).isTrue();
        // Of another selector it says nothing, and a broken one neither.
        List<Tlsa> apart = List.of(tlsa(3, 0, 1, weaklyNamed), tlsa(3, 1, 2, stronglyNamed));
        assertThat(verdict(apart, weaklyNamed).isProof()).isTrue();
        List<Tlsa> broken = List.of(tlsa(3, 1, 1, weaklyNamed), new Tlsa(3, 1, 2, new byte[63]));
        assertThat(verdict(broken, weaklyNamed).isProof()).isTrue();
    }

    @Test
    void recordsOfNoUse() {
        List<Tlsa> none = Stream.of(
                        new Tlsa(0, 0, 1, new byte[32]),
                        new Tlsa(1, 1, 1, new byte[32]),
                        new Tlsa(4, 1, 1, new byte[32]),
                        new Tlsa(255, 1, 1, new byte[32]),
                        new Tlsa(3, 2, 1, new byte[32]),
                        new Tlsa(3, 1, 3, new byte[32]),
                        new Tlsa(3, 1, 1, new byte[31]),
                        new Tlsa(3, 1, 2, new byte[32]),
                        new Tlsa(3, 1, 1, new byte[0]),
                        new Tlsa(2, 0, 0, new byte[40]),
                        new Tlsa(2, 1, 0, new byte[40]),
                        new Tlsa(3, 7, 0, new byte[40]))
                .collect(Collectors.toList());
        assertThat(Tlsa.usable(none)).isEmpty();
        DaneFinding finding = DaneFinding.of("_25._tcp." + MX, MX, none);
        assertThat(finding.kind()).isEqualTo(DaneFinding.Kind.TLS_ONLY);
        assertThat(finding.requirement(List.of("TLSv1.3")).level()).isEqualTo(TlsLevel.ENCRYPT);
    }
}
