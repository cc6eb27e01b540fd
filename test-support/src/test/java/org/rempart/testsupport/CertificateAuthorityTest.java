/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SignatureException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateAuthorityTest {
    private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");
    private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

    @Test
    void issuesWhatAValidatorAccepts() throws Exception {
        CertificateAuthority authority = CertificateAuthority.create("Test", CLOCK);
        X509Certificate server =
                authority.issue(List.of("mail.example.com", "localhost")).certificate();

        PKIXParameters trust = new PKIXParameters(Set.of(new TrustAnchor(authority.certificate(), null)));
        trust.setRevocationEnabled(false);
        trust.setDate(Date.from(NOW));
        CertPathValidator.getInstance("PKIX")
                .validate(CertificateFactory.getInstance("X.509").generateCertPath(List.of(server)), trust);
    }

    @Test
    void namesHostsAndAddresses() throws Exception {
        X509Certificate server = CertificateAuthority.create("Test", CLOCK)
                .issue(List.of("mail.example.com", "localhost", "127.0.0.1"))
                .certificate();
        Collection<List<?>> names = server.getSubjectAlternativeNames();
        // 2 is a DNS name, 7 an address (RFC 5280, section 4.2.1.6)
        assertThat(names)
                .<List<?>>map(List::copyOf)
                .containsExactlyInAnyOrder(
                        List.of(2, "mail.example.com"), List.of(2, "localhost"), List.of(7, "127.0.0.1"));
        assertThat(server.getSubjectX500Principal().getName()).isEqualTo("CN=mail.example.com");
    }

    @Test
    void isValidForAMonth() throws Exception {
        X509Certificate server = CertificateAuthority.create("Test", CLOCK)
                .issue(List.of("localhost"))
                .certificate();
        assertThat(server.getNotBefore().toInstant()).isEqualTo(NOW.minus(Duration.ofHours(1)));
        assertThat(server.getNotAfter().toInstant()).isEqualTo(NOW.plus(Duration.ofDays(30)));
    }

    @Test
    void onlyTheAuthorityIsAnAuthority() throws Exception {
        CertificateAuthority authority = CertificateAuthority.create("Test", CLOCK);
        assertThat(authority.certificate().getBasicConstraints()).isZero();
        X509Certificate server = authority.issue(List.of("localhost")).certificate();
        assertThat(server.getBasicConstraints()).isEqualTo(-1);
        assertThat(server.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
    }

    @Test
    void twoAuthoritiesDoNotVouchForEachOther() throws Exception {
        X509Certificate server = CertificateAuthority.create("Test", CLOCK)
                .issue(List.of("localhost"))
                .certificate();
        CertificateAuthority other = CertificateAuthority.create("Test", CLOCK);
        assertThatThrownBy(() -> server.verify(other.certificate().getPublicKey()))
                .isInstanceOf(SignatureException.class);
    }

    @Test
    void vouchesForItselfWhenAskedTo() throws Exception {
        X509Certificate server = CertificateRequest.of("localhost").selfSigned().certificate();
        server.verify(server.getPublicKey());
        assertThat(server.getIssuerX500Principal()).isEqualTo(server.getSubjectX500Principal());
        assertThat(server.getBasicConstraints()).isEqualTo(-1);
    }

    @Test
    void signsAsItIsTold() throws Exception {
        CertificateAuthority authority = CertificateAuthority.create("Test", CLOCK);
        X509Certificate server =
                authority.request("localhost").signedWith("SHA1withRSA").issue().certificate();
        assertThat(server.getSigAlgName()).isEqualTo("SHA1withRSA");
        server.verify(authority.certificate().getPublicKey());
    }

    @Test
    void writesPemThatOthersRead(@TempDir Path folder) throws Exception {
        ServerCertificate server = CertificateAuthority.create("Test", CLOCK).issue(List.of("localhost"));
        Path certificate = folder.resolve("certificate.pem");
        Path key = folder.resolve("key.pem");
        server.writePem(certificate, key);
        server.writePem(certificate, key);

        try (var in = Files.newInputStream(certificate)) {
            assertThat(CertificateFactory.getInstance("X.509").generateCertificate(in))
                    .isEqualTo(server.certificate());
        }
        assertThat(Files.readString(key))
                .startsWith("-----BEGIN PRIVATE KEY-----\n")
                .endsWith("-----END PRIVATE KEY-----\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
                .isEqualTo("rw-------");
    }

    @Test
    void needsAName() throws Exception {
        CertificateAuthority authority = CertificateAuthority.create("Test", CLOCK);
        assertThatThrownBy(() -> authority.issue(List.of())).isInstanceOf(IllegalArgumentException.class);
    }
}
