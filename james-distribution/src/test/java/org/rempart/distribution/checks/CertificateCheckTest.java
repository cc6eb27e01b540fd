/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.checks.Finding.Level;
import org.rempart.distribution.home.TestHome;

class CertificateCheckTest {
    private static final Instant NOW = Instant.parse("2026-11-25T00:00:00Z");

    @TempDir
    Path folder;

    private TestHome home;
    private final KeyPair root = key();
    private final KeyPair intermediate = key();
    private final KeyPair host = key();

    private static KeyPair key() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(256);
            return generator.generateKeyPair();
        } catch (java.security.NoSuchAlgorithmException absent) {
            throw new IllegalStateException(absent);
        }
    }

    @BeforeEach
    void home() throws Exception {
        home = TestHome.in(folder);
    }

    private static X509Certificate certificate(
            String subject, KeyPair key, String issuer, KeyPair signer, int days, String... names) throws Exception {
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                new X500Name("CN=" + issuer),
                BigInteger.ONE,
                Date.from(NOW.minus(30, ChronoUnit.DAYS)),
                Date.from(NOW.plus(days, ChronoUnit.DAYS)),
                new X500Name("CN=" + subject),
                key.getPublic());
        if (names.length > 0) {
            GeneralName[] general = new GeneralName[names.length];
            for (int i = 0; i < names.length; i++) {
                general[i] = new GeneralName(GeneralName.dNSName, names[i]);
            }
            builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(general));
        }
        return new JcaX509CertificateConverter()
                .getCertificate(
                        builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer.getPrivate())));
    }

    private X509Certificate ofHost(int days, String... names) throws Exception {
        return certificate("mail.example.com", host, "intermediate", intermediate, days, names);
    }

    private X509Certificate ofIntermediate() throws Exception {
        return certificate("intermediate", intermediate, "root", root, 1000);
    }

    private X509Certificate ofRoot() throws Exception {
        return certificate("root", root, "root", root, 1000);
    }

    private List<Finding> look(X509Certificate... chain) throws Exception {
        StringBuilder pem = new StringBuilder();
        for (X509Certificate certificate : chain) {
            pem.append("-----BEGIN CERTIFICATE-----\n")
                    .append(Base64.getMimeEncoder().encodeToString(certificate.getEncoded()))
                    .append("\n-----END CERTIFICATE-----\n");
        }
        Files.writeString(home.home().conf("tls/certificate.pem"), pem, StandardCharsets.US_ASCII);
        return new CertificateCheck()
                .look(new Patient(home.home(), Clock.fixed(NOW, ZoneOffset.UTC), Optional.empty(), path -> {
                    throw new IOException("the server does not run");
                }));
    }

    private static List<String> told(List<Finding> findings, Level level) {
        List<String> told = new ArrayList<>();
        for (Finding finding : findings) {
            if (finding.level() == level) {
                told.add(finding.what());
            }
        }
        return told;
    }

    @Test
    void aCertificateInOrderIsGood() throws Exception {
        assertThat(look(ofHost(90, "mail.example.com"), ofIntermediate()))
                .hasSize(3)
                .allSatisfy(finding -> assertThat(finding.level()).isEqualTo(Level.OK));
        assertThat(look(ofHost(90, "*.example.com"), ofIntermediate(), ofRoot()))
                .allSatisfy(finding -> assertThat(finding.level()).isEqualTo(Level.OK));
    }

    @Test
    void theNameMustBeAmongTheAlternativeNames() throws Exception {
        assertThat(told(look(ofHost(90), ofIntermediate()), Level.FAULT))
                .singleElement()
                .asString()
                .contains("does not name mail.example.com", "no host at all");
        for (String other : List.of("www.example.com", "*.mail.example.com", "*.com", "example.com")) {
            assertThat(told(look(ofHost(90, other), ofIntermediate()), Level.FAULT))
                    .as(other)
                    .singleElement()
                    .asString()
                    .contains(other);
        }
    }

    @Test
    void daysAreCounted() throws Exception {
        assertThat(told(look(ofHost(13, "mail.example.com"), ofIntermediate()), Level.WARNING))
                .singleElement()
                .asString()
                .contains("for 13 days");
        assertThat(told(look(ofHost(-1, "mail.example.com"), ofIntermediate()), Level.FAULT))
                .singleElement()
                .asString()
                .contains("expired");
    }

    @Test
    void theOrderOfTheChainMatters() throws Exception {
        assertThat(told(look(ofHost(90, "mail.example.com"), ofRoot(), ofIntermediate()), Level.FAULT))
                .singleElement()
                .asString()
                .contains("number 2", "has not signed number 1");
    }

    @Test
    void aChainWithoutItsIntermediatesIsAWarning() throws Exception {
        assertThat(told(look(ofHost(90, "mail.example.com")), Level.WARNING))
                .singleElement()
                .asString()
                .contains("stands alone");
        X509Certificate own = certificate("mail.example.com", host, "mail.example.com", host, 90, "mail.example.com");
        assertThat(told(look(own), Level.WARNING)).singleElement().asString().contains("signed by itself");
    }
}
