/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.CertificateRequest;
import org.rempart.testsupport.JvmTrust;
import org.rempart.testsupport.KeyKind;
import org.rempart.testsupport.ServerCertificate;

/** The authority that the tests' policies trust, its past self, and one that nobody trusts. */
final class Authorities {
    private final CertificateAuthority trusted;
    private final CertificateAuthority past;
    private final CertificateAuthority unknown;

    Authorities() throws GeneralSecurityException {
        trusted = CertificateAuthority.create("Trusted", Clock.systemUTC());
        past = CertificateAuthority.create("Trusted last year", Clock.offset(Clock.systemUTC(), Duration.ofDays(-365)));
        unknown = CertificateAuthority.create("Unknown", Clock.systemUTC());
    }

    /** Writes what is trusted, as a policy's {@code trust} names it. */
    void writePem(Path file) throws Exception {
        Path one = Files.createTempFile("authority", ".pem");
        StringBuilder all = new StringBuilder();
        for (CertificateAuthority authority : List.of(trusted, past)) {
            authority.writePem(one);
            all.append(Files.readString(one, StandardCharsets.US_ASCII));
        }
        Files.delete(one);
        Files.writeString(file, all, StandardCharsets.US_ASCII);
    }

    /** Has the JVM trust them, until that is closed. */
    JvmTrust trustedByTheJvm(Path folder) throws Exception {
        Path pem = folder.resolve("authorities.pem");
        writePem(pem);
        return JvmTrust.of(pem);
    }

    ServerCertificate good(List<String> names) throws GeneralSecurityException {
        return trusted.issue(names);
    }

    ServerCertificate expired(List<String> names) throws GeneralSecurityException {
        return past.issue(names);
    }

    ServerCertificate ofUnknown(List<String> names) throws GeneralSecurityException {
        return unknown.issue(names);
    }

    ServerCertificate weak(List<String> names) throws GeneralSecurityException {
        return trusted.request(names.toArray(new String[0]))
                .signedWith("SHA1withRSA")
                .issue();
    }

    ServerCertificate selfSigned(List<String> names) throws GeneralSecurityException {
        return CertificateRequest.of(names.toArray(new String[0]))
                .keys(KeyKind.RSA)
                .selfSigned();
    }
}
