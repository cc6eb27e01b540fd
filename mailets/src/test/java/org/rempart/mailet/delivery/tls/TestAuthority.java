/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A throw-away certificate authority. */
final class TestAuthority {
    private static final AtomicLong SERIAL = new AtomicLong(System.nanoTime());
    private static final char[] PASSWORD = "changeit".toCharArray();

    private final KeyPair keys = keyPair();
    private final X500Name name;
    private final X509Certificate certificate;

    TestAuthority(String commonName) {
        this.name = new X500Name("CN=" + commonName);
        this.certificate = new Request("").sign(name, keys.getPrivate(), name, keys, true);
    }

    X509Certificate certificate() {
        return certificate;
    }

    TrustAnchors anchors() {
        return TrustAnchors.of("test-ca.pem", Set.of(certificate));
    }

    /** A certificate that this authority will issue for a name. */
    Request request(String dnsName) {
        return new Request(dnsName);
    }

    private static KeyPair keyPair() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(256);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** What a certificate is to say. */
    final class Request {
        private final List<GeneralName> subjectAltNames = new ArrayList<>();
        private String commonName = "test";
        private Instant from = Instant.now().minus(Duration.ofDays(1));
        private Instant until = Instant.now().plus(Duration.ofDays(1));
        private String algorithm = "SHA256withECDSA";
        private KeyPair subjectKeys = keyPair();

        private Request(String dnsName) {
            if (!dnsName.isEmpty()) {
                dnsName(dnsName);
            }
        }

        Request dnsName(String dnsName) {
            subjectAltNames.add(new GeneralName(GeneralName.dNSName, dnsName));
            return this;
        }

        Request address(String address) {
            subjectAltNames.add(new GeneralName(GeneralName.iPAddress, address));
            return this;
        }

        Request commonName(String value) {
            commonName = value;
            return this;
        }

        Request valid(Instant first, Instant last) {
            from = first;
            until = last;
            return this;
        }

        Request signedWith(String value) {
            algorithm = value;
            return this;
        }

        Request keys(KeyPair value) {
            subjectKeys = value;
            return this;
        }

        Identity issue() {
            X509Certificate issued =
                    sign(new X500Name("CN=" + commonName), keys.getPrivate(), name, subjectKeys, false);
            return new Identity(subjectKeys, List.of(issued, certificate));
        }

        Identity selfSigned() {
            X500Name self = new X500Name("CN=" + commonName);
            return new Identity(subjectKeys, List.of(sign(self, subjectKeys.getPrivate(), self, subjectKeys, false)));
        }

        private X509Certificate sign(
                X500Name subject, PrivateKey issuerKey, X500Name issuer, KeyPair of, boolean authority) {
            try {
                JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                        issuer,
                        BigInteger.valueOf(SERIAL.incrementAndGet()),
                        Date.from(from),
                        Date.from(until),
                        subject,
                        of.getPublic());
                if (authority) {
                    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
                }
                if (!subjectAltNames.isEmpty()) {
                    builder.addExtension(
                            Extension.subjectAlternativeName,
                            false,
                            new GeneralNames(subjectAltNames.toArray(new GeneralName[0])));
                }
                return new JcaX509CertificateConverter()
                        .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm).build(issuerKey)));
            } catch (IOException | GeneralSecurityException | OperatorCreationException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }

    /** A key, and the certificates that vouch for it. */
    static final class Identity {
        private final KeyPair keys;
        private final List<X509Certificate> chain;

        Identity(KeyPair keys, List<X509Certificate> chain) {
            this.keys = keys;
            this.chain = chain;
        }

        KeyPair keys() {
            return keys;
        }

        X509Certificate certificate() {
            return chain.get(0);
        }

        /** The server side of TLS as this identity. */
        SSLContext server() {
            try {
                KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
                store.load(null, null);
                store.setKeyEntry("key", keys.getPrivate(), PASSWORD, chain.toArray(new X509Certificate[0]));
                KeyManagerFactory managers = KeyManagerFactory.getInstance("SunX509");
                managers.init(store, PASSWORD);
                SSLContext context = SSLContext.getInstance("TLS");
                context.init(managers.getKeyManagers(), null, null);
                return context;
            } catch (GeneralSecurityException | IOException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }
}
