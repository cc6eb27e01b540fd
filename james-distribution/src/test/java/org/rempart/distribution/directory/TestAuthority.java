/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Date;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority that signs the certificates of directory servers. */
final class TestAuthority {
    private final AtomicLong serial = new AtomicLong(1);
    private final KeyPair keys;
    private final X500Name name;
    private final Path certificate;

    /** Makes one, with its certificate in a file of this name. */
    TestAuthority(Path folder, String called) throws Exception {
        keys = newKeys();
        name = new X500Name("CN=" + called);
        certificate = folder.resolve(called + ".pem");
        JcaX509v3CertificateBuilder own = builder(name, keys);
        own.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
        write(certificate, "CERTIFICATE", own.build(signer()).getEncoded());
    }

    /** Its certificate, PEM. */
    Path certificate() {
        return certificate;
    }

    /** Writes {@code certificate.pem} and {@code key.pem} for a host. */
    void issue(Path folder, String host) throws Exception {
        KeyPair pair = newKeys();
        JcaX509v3CertificateBuilder builder = builder(new X500Name("CN=" + host), pair);
        builder.addExtension(
                Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName(GeneralName.dNSName, host)));
        write(
                folder.resolve("certificate.pem"),
                "CERTIFICATE",
                builder.build(signer()).getEncoded());
        write(folder.resolve("key.pem"), "PRIVATE KEY", pair.getPrivate().getEncoded());
    }

    private JcaX509v3CertificateBuilder builder(X500Name subject, KeyPair pair) {
        Instant now = Instant.now();
        return new JcaX509v3CertificateBuilder(
                name,
                BigInteger.valueOf(serial.getAndIncrement()),
                Date.from(now.minus(1, ChronoUnit.DAYS)),
                Date.from(now.plus(30, ChronoUnit.DAYS)),
                subject,
                pair.getPublic());
    }

    private org.bouncycastle.operator.ContentSigner signer() throws Exception {
        return new JcaContentSignerBuilder("SHA256withRSA").build(keys.getPrivate());
    }

    private static KeyPair newKeys() throws Exception {
        // GnuTLS, which Debian's slapd has, does not read the JDK's form of an elliptic curve key.
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        return generator.generateKeyPair();
    }

    private static void write(Path file, String type, byte[] der) throws IOException {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        Files.writeString(
                file,
                "-----BEGIN " + type + "-----\n" + base64 + "\n-----END " + type + "-----\n",
                StandardCharsets.US_ASCII);
    }
}
