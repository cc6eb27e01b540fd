/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;

/**
 * A throw-away certificate authority: its key lives in memory and is gone with the object, so nobody can issue in its
 * name later. Certificates are valid for 30 days, from an hour ago (clocks differ), unless a test asks for another time.
 */
public final class CertificateAuthority {
    private final Clock clock;
    private final KeyKind kind;
    private final String commonName;
    private final X500Name name;
    private final KeyPair keys;
    private final X509Certificate certificate;

    private CertificateAuthority(String commonName, KeyKind kind, Clock clock) throws GeneralSecurityException {
        this.clock = clock;
        this.kind = kind;
        this.commonName = commonName;
        this.name = CertificateRequest.name(commonName);
        this.keys = kind.newKeys();
        this.certificate = CertificateRequest.ofAuthority(commonName, clock)
                .keys(keys)
                .selfSigned()
                .certificate();
    }

    /**
     * Makes an authority with an RSA key of its own, which every program reads.
     *
     * @param commonName its name in the certificates
     * @throws GeneralSecurityException if this Java runtime lacks RSA or SHA-256
     */
    public static CertificateAuthority create(String commonName, Clock clock) throws GeneralSecurityException {
        return new CertificateAuthority(commonName, KeyKind.RSA, clock);
    }

    /**
     * Makes an authority with a key on an elliptic curve, which takes no time, for peers in Java.
     *
     * @param commonName its name in the certificates
     */
    public static CertificateAuthority create(String commonName) {
        try {
            return new CertificateAuthority(commonName, KeyKind.EC, Clock.systemUTC());
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The authority's own certificate, to be trusted. */
    public X509Certificate certificate() {
        return certificate;
    }

    /**
     * A certificate that this authority will issue.
     *
     * @param hosts host names, and addresses; all of them become subject alternative names, the first
     *     one also the common name
     */
    public CertificateRequest request(String... hosts) {
        return new CertificateRequest(List.of(hosts), this, kind, clock);
    }

    /**
     * Issues a certificate for a server.
     *
     * @param hosts as with {@link #request}
     * @throws IllegalArgumentException if there is none
     */
    public ServerCertificate issue(List<String> hosts) throws GeneralSecurityException {
        if (hosts.isEmpty()) {
            throw new IllegalArgumentException("A server certificate needs at least one host name.");
        }
        return request(hosts.toArray(new String[0])).issued();
    }

    /**
     * Issues a certificate for another authority, as old roots did for their successors.
     *
     * @param signature as JCA names it, for example {@code SHA1withECDSA}
     */
    public X509Certificate vouchFor(CertificateAuthority other, String signature) {
        return CertificateRequest.ofAuthority(other.commonName, clock)
                .keys(other.keys)
                .signedWith(signature)
                .signedBy(this);
    }

    /** Writes the authority's certificate as PEM. */
    public void writePem(Path file) throws IOException, GeneralSecurityException {
        Pem.write(file, "CERTIFICATE", certificate.getEncoded());
    }

    X500Name name() {
        return name;
    }

    KeyPair keys() {
        return keys;
    }
}
