/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.home;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.rempart.testsupport.CertificateRequest;
import org.rempart.testsupport.KeyKind;
import org.rempart.testsupport.ServerCertificate;

/** A self-signed certificate with its key, where the server looks for them. */
public final class TestCertificate {
    private final ServerCertificate certificate;

    private TestCertificate(ServerCertificate certificate) {
        this.certificate = certificate;
    }

    public static TestCertificate of(String host) throws GeneralSecurityException {
        Instant now = Instant.now();
        return of(host, "EC", now.minus(1, ChronoUnit.DAYS), now.plus(365, ChronoUnit.DAYS));
    }

    public static TestCertificate of(String host, String algorithm, Instant from, Instant until)
            throws GeneralSecurityException {
        return new TestCertificate(CertificateRequest.of(host)
                .keys(KeyKind.valueOf(algorithm))
                .valid(from, until)
                .selfSigned());
    }

    public void write(Home home) throws IOException, GeneralSecurityException {
        writeCertificate(home);
        writeKey(home);
    }

    public void writeCertificate(Home home) throws IOException, GeneralSecurityException {
        certificate.writeCertificate(inFolder(home.conf("tls/certificate.pem")));
    }

    public void writeKey(Home home) throws IOException {
        certificate.writeKey(inFolder(home.conf("tls/private-key.pem")));
    }

    private static Path inFolder(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        return file;
    }
}
