/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.tls;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PublicKey;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertStore;
import java.security.cert.CertificateParsingException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.security.interfaces.DSAPublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** What there is to say of a certificate chain. The JDK's list of weak algorithms has no part in it: see {@link Jsse}. */
public final class Chain {
    private Chain() {}

    /** The anchors that this Java trusts, and the user's. */
    public static Set<TrustAnchor> anchors(Collection<X509Certificate> more) throws GeneralSecurityException {
        Set<TrustAnchor> anchors = new HashSet<>();
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager x509) {
                for (X509Certificate certificate : x509.getAcceptedIssuers()) {
                    anchors.add(new TrustAnchor(certificate, null));
                }
            }
        }
        more.forEach(certificate -> anchors.add(new TrustAnchor(certificate, null)));
        return anchors;
    }

    /**
     * Why a chain leads to no trusted anchor; empty if it does.
     *
     * @param chain the server's, its own certificate first
     * @param at the time for which it has to hold: what is expired is another finding
     */
    public static Optional<String> untrusted(List<X509Certificate> chain, Set<TrustAnchor> anchors, Instant at) {
        try {
            X509CertSelector target = new X509CertSelector();
            target.setCertificate(chain.get(0));
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(chain)));
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(at));
            CertPathBuilder.getInstance("PKIX").build(parameters);
            return Optional.empty();
        } catch (CertPathBuilderException e) {
            X509Certificate last = chain.get(chain.size() - 1);
            boolean self = last.getSubjectX500Principal().equals(last.getIssuerX500Principal());
            return Optional.of(
                    (chain.size() == 1 && self)
                            ? "it is signed by itself"
                            : self
                                    ? "its root, " + last.getSubjectX500Principal() + ", is not trusted here"
                                    : "no trusted issuer " + last.getIssuerX500Principal()
                                            + " is known; an intermediate certificate may be missing");
        } catch (GeneralSecurityException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** The names and addresses that a certificate is for (RFC 9525: the subject's common name is none). */
    public static List<String> names(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives != null) {
                for (List<?> alternative : alternatives) {
                    int kind = (Integer) alternative.get(0);
                    if (kind == 2 || kind == 7) {
                        names.add(String.valueOf(alternative.get(1)).toLowerCase(Locale.ROOT));
                    }
                }
            }
        } catch (CertificateParsingException e) {
            // None that can be read.
        }
        return names;
    }

    /** Whether a certificate is for this host (RFC 9525, section 6.3). */
    public static boolean isFor(X509Certificate certificate, String host) {
        String wanted = host.toLowerCase(Locale.ROOT);
        boolean address = !Jsse.isName(wanted) && (wanted.contains(":") || wanted.matches("[0-9.]+"));
        for (String name : names(certificate)) {
            if (address ? sameAddress(name, wanted) : matches(name, wanted)) {
                return true;
            }
        }
        return false;
    }

    private static boolean sameAddress(String one, String other) {
        try {
            boolean literal = one.contains(":") || one.matches("[0-9.]+");
            return literal && InetAddress.getByName(one).equals(InetAddress.getByName(other));
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private static boolean matches(String pattern, String host) {
        if (!pattern.startsWith("*.")) {
            return pattern.equals(host);
        }
        int dot = host.indexOf('.');
        return dot > 0 && pattern.indexOf('.', 2) > 0 && pattern.substring(1).equals(host.substring(dot));
    }

    /** What a key is, in words. */
    public static String key(PublicKey key) {
        return key.getAlgorithm() + bits(key).map(bits -> " " + bits).orElse("");
    }

    /** Whether a key gives less than 112 bits of security. */
    public static boolean weakKey(PublicKey key) {
        int bits = bits(key).orElse(Integer.MAX_VALUE);
        return (key instanceof RSAPublicKey || key instanceof DSAPublicKey) ? bits < 2048 : bits < 224;
    }

    /** Whether it is an RSA key that is to be given up (BSI TR-02102-2: 3000 bits from 2024 on). */
    public static boolean fadingKey(PublicKey key) {
        return key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() < 3000;
    }

    private static Optional<Integer> bits(PublicKey key) {
        if (key instanceof RSAPublicKey rsa) {
            return Optional.of(rsa.getModulus().bitLength());
        }
        if (key instanceof ECPublicKey ec) {
            return Optional.of(ec.getParams().getCurve().getField().getFieldSize());
        }
        if (key instanceof DSAPublicKey dsa) {
            return Optional.of(dsa.getParams().getP().bitLength());
        }
        return key instanceof EdECPublicKey ? Optional.of(256) : Optional.empty();
    }

    /** Whether a certificate is signed with a hash that collisions are found for. */
    public static boolean weakSignature(X509Certificate certificate) {
        String name = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        return name.contains("MD2") || name.contains("MD5") || name.contains("SHA1") || name.contains("SHA-1");
    }
}
