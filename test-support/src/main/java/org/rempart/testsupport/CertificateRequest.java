/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
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

/** What a certificate is to say: by itself, that of a sound server. */
public final class CertificateRequest {
    private static final Duration VALIDITY = Duration.ofDays(30);
    private static final Duration CLOCK_SKEW = Duration.ofHours(1);
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final ASN1ObjectIdentifier TLS_FEATURE = new ASN1ObjectIdentifier("1.3.6.1.5.5.7.1.24");
    private static final int STATUS_REQUEST = 5;

    private final List<String> hosts;
    private final CertificateAuthority issuer;
    private final boolean forAuthority;
    private String commonName;
    private Instant from;
    private Instant until;
    private KeyKind kind;
    private KeyPair keys;
    private String signature;
    private boolean unreadableNames;
    private String responder;

    CertificateRequest(List<String> hosts, CertificateAuthority issuer, KeyKind kind, Clock clock) {
        this(hosts, issuer, hosts.isEmpty() ? "test" : hosts.get(0), kind, clock.instant(), false);
    }

    private CertificateRequest(
            List<String> hosts,
            CertificateAuthority issuer,
            String commonName,
            KeyKind kind,
            Instant now,
            boolean forAuthority) {
        this.hosts = hosts;
        this.issuer = issuer;
        this.commonName = commonName;
        this.kind = kind;
        this.from = now.minus(CLOCK_SKEW);
        this.until = now.plus(VALIDITY);
        this.forAuthority = forAuthority;
    }

    static CertificateRequest ofAuthority(String commonName, Clock clock) {
        return new CertificateRequest(List.of(), null, commonName, KeyKind.RSA, clock.instant(), true);
    }

    /**
     * A certificate of a server that vouches for itself, with a key on an elliptic curve.
     *
     * @param hosts as with {@link CertificateAuthority#request}
     */
    public static CertificateRequest of(String... hosts) {
        return new CertificateRequest(List.of(hosts), null, KeyKind.EC, Clock.systemUTC());
    }

    public CertificateRequest commonName(String value) {
        commonName = value;
        return this;
    }

    public CertificateRequest valid(Instant first, Instant last) {
        from = first;
        until = last;
        return this;
    }

    /** With new keys of this kind. */
    public CertificateRequest keys(KeyKind value) {
        kind = value;
        return this;
    }

    /** With these keys, instead of new ones. */
    public CertificateRequest keys(KeyPair value) {
        keys = value;
        return this;
    }

    /**
     * Signed in another way than with SHA-256, for tests of who takes it.
     *
     * @param value as JCA names it, for example {@code SHA1withRSA}
     */
    public CertificateRequest signedWith(String value) {
        signature = value;
        return this;
    }

    /** With subject alternative names that nobody can read. */
    public CertificateRequest unreadableNames() {
        unreadableNames = true;
        return this;
    }

    /**
     * Names the authority's OCSP responder, and asks for its answer in each handshake ("must-staple", RFC 7633).
     *
     * @param url as {@link OcspResponder#url} has it
     */
    public CertificateRequest mustStaple(String url) {
        responder = url;
        return this;
    }

    /** Has the authority sign. */
    public ServerCertificate issue() {
        try {
            return issued();
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    ServerCertificate issued() throws GeneralSecurityException {
        KeyPair subject = subject();
        return new ServerCertificate(
                subject, List.of(sign(subject, issuer.name(), issuer.keys()), issuer.certificate()));
    }

    X509Certificate signedBy(CertificateAuthority authority) {
        try {
            return sign(subject(), authority.name(), authority.keys());
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Signs with its own key. */
    public ServerCertificate selfSigned() {
        try {
            KeyPair subject = subject();
            return new ServerCertificate(subject, List.of(sign(subject, name(commonName), subject)));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private KeyPair subject() throws GeneralSecurityException {
        return keys == null ? kind.newKeys() : keys;
    }

    static X500Name name(String commonName) {
        return new X500NameBuilder().addRDN(BCStyle.CN, commonName).build();
    }

    private X509Certificate sign(KeyPair subject, X500Name signer, KeyPair signerKeys) throws GeneralSecurityException {
        PrivateKey with = signerKeys.getPrivate();
        try {
            X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    signer,
                    new BigInteger(120, RANDOM).setBit(119),
                    Date.from(from),
                    Date.from(until),
                    name(commonName),
                    subject.getPublic());
            extend(builder, subject, signerKeys);
            String how =
                    signature == null ? KeyKind.valueOf(with.getAlgorithm()).signature() : signature;
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder(how).build(with)));
        } catch (CertIOException | OperatorCreationException failure) {
            throw new GeneralSecurityException(failure);
        }
    }

    private void extend(X509v3CertificateBuilder builder, KeyPair subject, KeyPair signer)
            throws CertIOException, GeneralSecurityException {
        JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
        builder.addExtension(
                Extension.subjectKeyIdentifier, false, identifiers.createSubjectKeyIdentifier(subject.getPublic()));
        builder.addExtension(
                Extension.authorityKeyIdentifier, false, identifiers.createAuthorityKeyIdentifier(signer.getPublic()));
        if (forAuthority) {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            return;
        }
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
        builder.addExtension(
                Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment));
        builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
        if (responder != null) {
            builder.addExtension(
                    Extension.authorityInfoAccess,
                    false,
                    new AuthorityInformationAccess(
                            AccessDescription.id_ad_ocsp,
                            new GeneralName(GeneralName.uniformResourceIdentifier, responder)));
            builder.addExtension(TLS_FEATURE, false, new DERSequence(new ASN1Integer(STATUS_REQUEST)));
        }
        if (unreadableNames) {
            builder.addExtension(Extension.subjectAlternativeName, false, new byte[] {0x30, 3, 2, 1});
        }
        if (!hosts.isEmpty()) {
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(hosts.stream()
                            .map(host -> new GeneralName(
                                    host.matches("[0-9.]+|.*:.*") ? GeneralName.iPAddress : GeneralName.dNSName, host))
                            .toArray(GeneralName[]::new)));
        }
    }
}
