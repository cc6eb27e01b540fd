/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.james.core.Domain;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.mailet.delivery.tls.CertificateVerdict.Kind;
import org.rempart.policy.Rule;
import org.rempart.policy.tls.OutboundTls;
import org.rempart.policy.tls.TlsLevel;
import org.rempart.testsupport.CertificateAuthority;

/** What a chain proves, whatever else the peer has sent with it. */
class CertificateCheckTest {
    private static final String MX = "mx.partner.example";
    private static final CertificateAuthority AUTHORITY = CertificateAuthority.create("Authority");
    private static final CertificateAuthority OLD = CertificateAuthority.create("Old Authority");

    private static Kind verdict(String mx, CertificateAuthority trusted, X509Certificate... chain) {
        TlsRequirement requirement = TlsRequirement.ofRule(
                OutboundTls.of(TlsLevel.VERIFY),
                Rule.byDefault("test"),
                "policy",
                Domain.of("partner.example"),
                List.of("TLSv1.3"),
                Optional.of(TrustAnchors.of("test", Set.of(trusted.certificate()))));
        return new CertificateCheck(requirement)
                .check(chain, "ECDHE_ECDSA", mx, null)
                .kind();
    }

    @Test
    void anOldCertificateThatNobodyNeedsDoesNoHarm() {
        X509Certificate own = AUTHORITY.request(MX).issue().certificate();
        X509Certificate cross = OLD.vouchFor(AUTHORITY, "SHA1withECDSA");
        assertThat(verdict(MX, AUTHORITY, own, cross)).isEqualTo(Kind.TRUSTED);
        assertThat(verdict(MX, AUTHORITY, own, AUTHORITY.certificate(), cross)).isEqualTo(Kind.TRUSTED);
    }

    @Test
    void anOldCertificateThatIsNeededIsTooWeak() {
        X509Certificate own = AUTHORITY.request(MX).issue().certificate();
        assertThat(verdict(MX, OLD, own, OLD.vouchFor(AUTHORITY, "SHA1withECDSA")))
                .isEqualTo(Kind.WEAK);
        assertThat(verdict(MX, OLD, own, OLD.vouchFor(AUTHORITY, "SHA256withECDSA")))
                .isEqualTo(Kind.TRUSTED);
        assertThat(verdict(
                        MX,
                        OLD,
                        own,
                        OLD.vouchFor(AUTHORITY, "SHA1withECDSA"),
                        OLD.vouchFor(AUTHORITY, "SHA256withECDSA")))
                .isEqualTo(Kind.TRUSTED);
        X509Certificate weak =
                AUTHORITY.request(MX).signedWith("SHA1withECDSA").issue().certificate();
        assertThat(verdict(MX, AUTHORITY, weak)).isEqualTo(Kind.WEAK);
    }

    @Test
    void namesThatCannotBeReadAreNoReasonToBelieveTheCommonName() {
        X509Certificate own =
                AUTHORITY.request().commonName(MX).unreadableNames().issue().certificate();
        assertThat(verdict(MX, AUTHORITY, own)).isNotEqualTo(Kind.TRUSTED);
        X509Certificate older = AUTHORITY.request().commonName(MX).issue().certificate();
        assertThat(verdict(MX, AUTHORITY, older)).isEqualTo(Kind.TRUSTED);
    }

    @ParameterizedTest
    @CsvSource({
        "*.co.uk, partner.co.uk, WRONG_NAME",
        "*.partner.co.uk, mx.partner.co.uk, TRUSTED",
        "*.github.io, mx.github.io, TRUSTED",
        "*.company.corp, mx.company.corp, TRUSTED",
        "m*.company.corp, mx.company.corp, WRONG_NAME",
        "*.com, partner.com, WRONG_NAME",
        "*.example, partner.example, WRONG_NAME",
        "*.k12.ca.us, partner.k12.ca.us, WRONG_NAME",
        "*.partner.example, mx.partner.example, TRUSTED",
    })
    void aWildcardForEverybodyProvesNothing(String name, String mx, Kind kind) {
        X509Certificate own = AUTHORITY.request(name).issue().certificate();
        assertThat(verdict(mx, AUTHORITY, own)).isEqualTo(kind);
    }
}
