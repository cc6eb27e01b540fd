/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A throw-away certificate authority: its key lives in memory and is gone with the object, so nobody can issue in its
 * name later. Certificates are valid for 30 days, from an hour ago (clocks differ).
 */
public final class CertificateAuthority {
    private static final Duration VALIDITY = Duration.ofDays(30);
    private static final Duration CLOCK_SKEW = Duration.ofHours(1);
    private static final int KEY_BITS = 2048;
    private static final String SIGNATURE = "SHA256withRSA";

    private final SecureRandom random = new SecureRandom();
    private final Instant now;
    private final X500Name name;
    private final KeyPair keys;
    private final X509Certificate certificate;

    private CertificateAuthority(String commonName, Instant now) throws GeneralSecurityException {
        this.now = now;
        this.name = name(commonName);
        this.keys = newKeys();
        try {
            X509v3CertificateBuilder builder = builder(name, keys);
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            this.certificate = sign(builder, SIGNATURE);
        } catch (CertIOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    /**
     * Makes an authority with a key of its own.
     *
     * @param commonName its name in the certificates
     * @throws GeneralSecurityException if this Java runtime lacks RSA or SHA-256
     */
    public static CertificateAuthority create(String commonName, Clock clock) throws GeneralSecurityException {
        return new CertificateAuthority(commonName, clock.instant());
    }

    /** The authority's own certificate, to be trusted. */
    public X509Certificate certificate() {
        return certificate;
    }

    /**
     * Issues a certificate for a server.
     *
     * @param hosts host names, and IPv4 addresses in dotted form; all of them become subject alternative names, the first
     *     one also the common name
     * @throws IllegalArgumentException if there is none
     */
    public ServerCertificate issue(List<String> hosts) throws GeneralSecurityException {
        return issue(hosts, SIGNATURE);
    }

    /**
     * Issues a certificate that is signed in another way than with SHA-256, for tests of who takes it.
     *
     * @param signature as JCA names it, for example {@code SHA1withRSA}
     */
    public ServerCertificate issue(List<String> hosts, String signature) throws GeneralSecurityException {
        KeyPair serverKeys = newKeys();
        return new ServerCertificate(serverKeys.getPrivate(), sign(serverBuilder(hosts, serverKeys), signature));
    }

    /**
     * A certificate of a server that vouches for itself.
     *
     * @param hosts as with {@link #issue(List)}
     */
    public static ServerCertificate selfSigned(List<String> hosts, Clock clock) throws GeneralSecurityException {
        CertificateAuthority self = new CertificateAuthority(hosts.get(0), clock.instant());
        return new ServerCertificate(
                self.keys.getPrivate(), self.sign(self.serverBuilder(hosts, self.keys), SIGNATURE));
    }

    private X509v3CertificateBuilder serverBuilder(List<String> hosts, KeyPair serverKeys)
            throws GeneralSecurityException {
        if (hosts.isEmpty()) {
            throw new IllegalArgumentException("A server certificate needs at least one host name.");
        }
        GeneralName[] names = hosts.stream()
                .map(host ->
                        new GeneralName(host.matches("[0-9.]+") ? GeneralName.iPAddress : GeneralName.dNSName, host))
                .toArray(GeneralName[]::new);
        try {
            X509v3CertificateBuilder builder = builder(name(hosts.get(0)), serverKeys);
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(
                    Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment));
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
            builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
            return builder;
        } catch (CertIOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    /** Writes the authority's certificate as PEM. */
    public void writePem(Path file) throws IOException, GeneralSecurityException {
        Files.writeString(file, pem("CERTIFICATE", certificate.getEncoded()), StandardCharsets.US_ASCII);
    }

    /**
     * A server's key and certificate.
     *
     * @param key its private key
     * @param certificate signed by the authority
     */
    public record ServerCertificate(PrivateKey key, X509Certificate certificate) {
        /**
         * Writes both as PEM, the key in PKCS#8 and readable by its owner only.
         *
         * @throws IOException if a file can't be written; a file that is there is replaced
         */
        public void writePem(Path certificateFile, Path keyFile) throws IOException, GeneralSecurityException {
            Files.writeString(certificateFile, pem("CERTIFICATE", certificate.getEncoded()), StandardCharsets.US_ASCII);
            PrivateFiles.write(keyFile, pem("PRIVATE KEY", key.getEncoded()));
        }
    }

    private X509v3CertificateBuilder builder(X500Name subject, KeyPair subjectKeys)
            throws GeneralSecurityException, CertIOException {
        JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
        X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                name,
                new BigInteger(120, random).setBit(119),
                Date.from(now.minus(CLOCK_SKEW)),
                Date.from(now.plus(VALIDITY)),
                subject,
                subjectKeys.getPublic());
        builder.addExtension(
                Extension.subjectKeyIdentifier, false, identifiers.createSubjectKeyIdentifier(subjectKeys.getPublic()));
        builder.addExtension(
                Extension.authorityKeyIdentifier, false, identifiers.createAuthorityKeyIdentifier(keys.getPublic()));
        return builder;
    }

    private X509Certificate sign(X509v3CertificateBuilder builder, String signature) throws GeneralSecurityException {
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder(signature).build(keys.getPrivate())));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }

    private KeyPair newKeys() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(KEY_BITS, random);
        return generator.generateKeyPair();
    }

    private static X500Name name(String commonName) {
        return new X500NameBuilder().addRDN(BCStyle.CN, commonName).build();
    }

    private static String pem(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                + "\n-----END " + label + "-----\n";
    }
}
