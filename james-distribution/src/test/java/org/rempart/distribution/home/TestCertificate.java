/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.home;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A self-signed certificate with its key. */
public final class TestCertificate {
    private final byte[] certificate;
    private final byte[] key;

    private TestCertificate(byte[] certificate, byte[] key) {
        this.certificate = certificate;
        this.key = key;
    }

    public static TestCertificate of(String host) throws Exception {
        Instant now = Instant.now();
        return of(host, "EC", now.minus(1, ChronoUnit.DAYS), now.plus(365, ChronoUnit.DAYS));
    }

    public static TestCertificate of(String host, String algorithm, Instant from, Instant until) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(algorithm.equals("EC") ? 256 : 2048);
        KeyPair pair = generator.generateKeyPair();
        X500Name name = new X500Name("CN=" + host);
        X509CertificateHolder holder = new JcaX509v3CertificateBuilder(
                        name, BigInteger.ONE, Date.from(from), Date.from(until), name, pair.getPublic())
                .build(new JcaContentSignerBuilder(algorithm.equals("EC") ? "SHA256withECDSA" : "SHA256withRSA")
                        .build(pair.getPrivate()));
        return new TestCertificate(holder.getEncoded(), pair.getPrivate().getEncoded());
    }

    public void write(Home home) throws IOException {
        writeCertificate(home);
        writeKey(home);
    }

    public void writeCertificate(Home home) throws IOException {
        write(home.conf("tls/certificate.pem"), "CERTIFICATE", certificate);
    }

    public void writeKey(Home home) throws IOException {
        write(home.conf("tls/private-key.pem"), "PRIVATE KEY", key);
    }

    private static void write(Path file, String type, byte[] der) throws IOException {
        StringWriter pem = new StringWriter();
        pem.write("-----BEGIN " + type + "-----\n");
        pem.write(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der));
        pem.write("\n-----END " + type + "-----\n");
        Files.createDirectories(file.getParent());
        Files.writeString(file, pem.toString());
    }
}
