/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.distribution.home.CertificateFiles;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.TestCertificate;

class IdentityTest {
    private static final Instant NOW = Instant.parse("2030-06-15T12:00:00Z");

    @TempDir
    Path folder;

    private Home home;
    private Identity identity;

    @BeforeEach
    void home() {
        home = new Home(folder);
        identity = new Identity(
                home,
                Clock.fixed(NOW, ZoneOffset.UTC),
                new CertificateFiles(home.conf("tls/certificate.pem"), home.conf("tls/private-key.pem")));
    }

    private static TestCertificate lasting(Duration left) throws Exception {
        return TestCertificate.of("mail.example.com", "EC", NOW.minus(Duration.ofDays(30)), NOW.plus(left));
    }

    @ParameterizedTest
    @ValueSource(strings = {"EC", "RSA"})
    void aCertificateWithItsKeyIsFine(String algorithm) throws Exception {
        TestCertificate.of("mail.example.com", algorithm, NOW.minusSeconds(60), NOW.plus(Duration.ofDays(90)))
                .write(home);

        assertThat(identity.check()).isEmpty();
    }

    @Test
    void aMissingCertificateIsNamedWithWhatBelongsThere() throws Exception {
        lasting(Duration.ofDays(90)).writeKey(home);

        assertThatThrownBy(identity::check)
                .isInstanceOf(FaultException.class)
                .hasMessage("conf/tls/certificate.pem is missing; put the certificate of this host, followed by its"
                        + " intermediate certificates there, in PEM form");
    }

    @Test
    void aMissingKeyIsNamed() throws Exception {
        lasting(Duration.ofDays(90)).writeCertificate(home);

        assertThatThrownBy(identity::check)
                .isInstanceOf(FaultException.class)
                .hasMessageStartingWith("conf/tls/private-key.pem is missing");
    }

    @Test
    void anotherCertificatesKeyIsNotTaken() throws Exception {
        lasting(Duration.ofDays(90)).writeCertificate(home);
        lasting(Duration.ofDays(90)).writeKey(home);

        assertThatThrownBy(identity::check)
                .isInstanceOf(FaultException.class)
                .hasMessageStartingWith("conf/tls/private-key.pem is not the key of conf/tls/certificate.pem");
    }

    @Test
    void aKeyOfAnotherKindIsNotTaken() throws Exception {
        lasting(Duration.ofDays(90)).writeCertificate(home);
        TestCertificate.of("mail.example.com", "RSA", NOW, NOW.plusSeconds(60)).writeKey(home);

        assertThatThrownBy(identity::check)
                .isInstanceOf(FaultException.class)
                .hasMessageStartingWith("conf/tls/private-key.pem holds no EC key such as the certificate has");
    }

    @Test
    void anExpiredCertificateStopsTheStart() throws Exception {
        lasting(Duration.ofSeconds(-1)).write(home);

        assertThatThrownBy(identity::check)
                .isInstanceOf(FaultException.class)
                .hasMessage("conf/tls/certificate.pem has expired on 2030-06-15T11:59:59Z; renew it");
    }

    @Test
    void aCertificateOfTheFutureStopsTheStart() throws Exception {
        TestCertificate.of("mail.example.com", "EC", NOW.plusSeconds(60), NOW.plus(Duration.ofDays(90)))
                .write(home);

        assertThatThrownBy(identity::check)
                .isInstanceOf(FaultException.class)
                .hasMessageContaining("is not valid before 2030-06-15T12:01:00Z; check this machine's clock");
    }

    @Test
    void aCertificateThatExpiresSoonIsAWarning() throws Exception {
        lasting(Duration.ofDays(3)).write(home);

        assertThat(identity.check())
                .containsExactly("conf/tls/certificate.pem expires on 2030-06-18T12:00:00Z; renew it");
    }

    @Test
    void anEncryptedKeyIsToldHowToConvert() throws Exception {
        lasting(Duration.ofDays(90)).write(home);
        Files.writeString(
                home.conf("tls/private-key.pem"),
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n");

        assertThatThrownBy(identity::check)
                .isInstanceOf(FaultException.class)
                .hasMessageContaining("openssl pkcs8 -topk8 -nocrypt");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no PEM at all\n", "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"})
    void whatIsNoCertificateIsToldSo(String text) throws Exception {
        lasting(Duration.ofDays(90)).write(home);
        Files.writeString(home.conf("tls/certificate.pem"), text);

        assertThatThrownBy(identity::check)
                .isInstanceOf(FaultException.class)
                .hasMessageStartingWith("conf/tls/certificate.pem holds no certificate")
                .hasMessageEndingWith("it begins with -----BEGIN CERTIFICATE-----");
    }
}
