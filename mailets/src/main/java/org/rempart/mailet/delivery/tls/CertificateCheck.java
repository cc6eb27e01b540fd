/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.rempart.mailet.delivery.tls.CertificateVerdict.Kind;
import org.rempart.policy.tls.Fingerprint;
import org.rempart.policy.tls.PeerName;
import org.rempart.policy.tls.TlsLevel;

/** Finds out what a peer's certificate proves for a requirement. */
final class CertificateCheck {
    private static final int NAMES_SHOWN = 10;

    /** The extended key usage of servers (RFC 5280, section 4.2.1.12). */
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";

    private final TlsRequirement requirement;
    /** Null where TLSA records take their place. */
    private final X509ExtendedTrustManager authorities;

    CertificateCheck(TlsRequirement requirement) {
        this.requirement = requirement;
        this.authorities = requirement.level().isDane() ? null : authorities(requirement.anchors());
    }

    private static X509ExtendedTrustManager authorities(Optional<TrustAnchors> anchors) {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(anchors.isPresent() ? keyStore(anchors.get()) : null);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509ExtendedTrustManager) {
                    return (X509ExtendedTrustManager) manager;
                }
            }
            throw new IllegalStateException("this JVM checks no certificates");
        } catch (GeneralSecurityException | IOException unusable) {
            throw new IllegalStateException("the trusted authorities can't be used", unusable);
        }
    }

    private static KeyStore keyStore(TrustAnchors anchors) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int number = 0;
        for (X509Certificate certificate : anchors.certificates()) {
            store.setCertificateEntry(Integer.toString(number++), certificate);
        }
        return store;
    }

    /**
     * What the chain proves.
     *
     * @param mxHost normalised
     * @param socket the socket in its handshake, whose algorithm constraints count; null after it
     */
    CertificateVerdict check(X509Certificate[] chain, String authType, String mxHost, Socket socket) {
        List<X509Certificate> sent = List.of(chain);
        if (requirement.level() == TlsLevel.FINGERPRINT) {
            return pinned(sent);
        }
        if (requirement.level().isDane()) {
            return dane(sent, mxHost);
        }
        return distrusted(chain, authType, socket).orElseGet(() -> named(sent, mxHost));
    }

    private CertificateVerdict pinned(List<X509Certificate> chain) {
        X509Certificate own = chain.get(0);
        for (Fingerprint fingerprint : requirement.fingerprints()) {
            if (fingerprint.matches(own)) {
                return new CertificateVerdict(Kind.PINNED, fingerprint.toString(), chain);
            }
        }
        return new CertificateVerdict(
                Kind.NOT_PINNED,
                "its certificate is " + Fingerprint.ofCertificate(own) + " with the key " + Fingerprint.ofKey(own),
                chain);
    }

    /** RFC 7671, sections 5.1 and 5.2. */
    private CertificateVerdict dane(List<X509Certificate> chain, String mxHost) {
        X509Certificate own = chain.get(0);
        Set<TrustAnchor> anchors = new HashSet<>();
        for (Tlsa record : requirement.tlsa()) {
            if (record.isOfHost()) {
                if (record.matches(own)) {
                    return new CertificateVerdict(Kind.DANE, "the TLSA record " + record + " names it", chain);
                }
            } else {
                anchors.addAll(anchors(record, chain));
            }
        }
        if (anchors.isEmpty()) {
            return new CertificateVerdict(
                    Kind.NOT_DANE,
                    "its certificate is " + Fingerprint.ofCertificate(own) + " with the key " + Fingerprint.ofKey(own)
                            + ", and of the TLSA records none names it or one that issued it: " + requirement.tlsa(),
                    chain);
        }
        try {
            findPath(chain, anchors);
        } catch (GeneralSecurityException none) {
            return distrusted(chain, none);
        }
        CertificateVerdict named = named(chain, mxHost);
        return named.isProof() ? new CertificateVerdict(Kind.DANE, named.detail(), chain) : named;
    }

    /** The authorities that a record names. */
    private static Set<TrustAnchor> anchors(Tlsa record, List<X509Certificate> chain) {
        Set<TrustAnchor> anchors = new HashSet<>();
        record.certificate().ifPresent(whole -> anchors.add(new TrustAnchor(whole, null)));
        record.key()
                .ifPresent(key ->
                        anchors.add(new TrustAnchor(chain.get(chain.size() - 1).getIssuerX500Principal(), key, null)));
        for (X509Certificate issuer : chain.subList(1, chain.size())) {
            if (record.matches(issuer)) {
                anchors.add(new TrustAnchor(issuer, null));
            }
        }
        return anchors;
    }

    /**
     * Finds a way from the first of the certificates to one of the anchors, without SHA-1 and MD5.
     *
     * @throws GeneralSecurityException when there is none
     */
    private static void findPath(List<X509Certificate> chain, Set<TrustAnchor> anchors)
            throws GeneralSecurityException {
        X509Certificate own = chain.get(0);
        if (isWeaklySigned(own)) {
            throw new CertPathValidatorException(
                    "it is signed with " + own.getSigAlgName(), null, null, -1, BasicReason.ALGORITHM_CONSTRAINED);
        }
        // Said in advance, since who looks for a way passes it over without a word.
        own.checkValidity();
        X509CertSelector target = new X509CertSelector();
        target.setCertificate(own);
        try {
            target.setExtendedKeyUsage(Set.of(SERVER_AUTH));
        } catch (IOException impossible) {
            throw new IllegalStateException("it is an object identifier", impossible);
        }
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
        parameters.setRevocationEnabled(false);
        parameters.addCertStore(CertStore.getInstance(
                "Collection",
                new CollectionCertStoreParameters(
                        chain.stream().filter(sent -> !isWeaklySigned(sent)).collect(Collectors.toList()))));
        CertPathBuilder.getInstance("PKIX").build(parameters);
    }

    private Optional<CertificateVerdict> distrusted(X509Certificate[] chain, String authType, Socket socket) {
        List<X509Certificate> sent = List.of(chain);
        try {
            if (socket == null) {
                authorities.checkServerTrusted(chain, authType);
            } else {
                authorities.checkServerTrusted(chain, authType, socket);
            }
        } catch (CertificateException fault) {
            return Optional.of(distrusted(sent, fault));
        }
        return weaklySigned(sent);
    }

    /**
     * The JDK lets SHA-1 pass below authorities that are not its own; collisions of it are known all the same. What counts is
     * whether there is a path without it, not whether the peer has sent a certificate that nobody needs.
     */
    private Optional<CertificateVerdict> weaklySigned(List<X509Certificate> chain) {
        Optional<X509Certificate> weak =
                chain.stream().filter(CertificateCheck::isWeaklySigned).findFirst();
        if (weak.isEmpty() || hasStrongPath(chain)) {
            return Optional.empty();
        }
        return Optional.of(new CertificateVerdict(
                Kind.WEAK,
                "the certificate of " + subject(weak.get()) + " is signed with "
                        + weak.get().getSigAlgName(),
                chain));
    }

    private static boolean isWeaklySigned(X509Certificate certificate) {
        String algorithm = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        return !isSelfIssued(certificate) && (algorithm.startsWith("SHA1") || algorithm.startsWith("MD"));
    }

    private boolean hasStrongPath(List<X509Certificate> chain) {
        X509Certificate own = chain.get(0);
        Set<TrustAnchor> anchors = new HashSet<>();
        for (X509Certificate trusted : authorities.getAcceptedIssuers()) {
            if (trusted.equals(own)) {
                return true;
            }
            anchors.add(new TrustAnchor(trusted, null));
        }
        try {
            findPath(chain, anchors);
            return true;
        } catch (GeneralSecurityException none) {
            return false;
        }
    }

    private static CertificateVerdict distrusted(List<X509Certificate> chain, GeneralSecurityException fault) {
        X509Certificate own = chain.get(0);
        for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateExpiredException || isReason(cause, BasicReason.EXPIRED)) {
                return new CertificateVerdict(Kind.EXPIRED, "expired at " + firstEnd(chain), chain);
            }
            if (cause instanceof CertificateNotYetValidException || isReason(cause, BasicReason.NOT_YET_VALID)) {
                return new CertificateVerdict(
                        Kind.NOT_YET_VALID,
                        "valid only from " + own.getNotBefore().toInstant(),
                        chain);
            }
            if (isReason(cause, BasicReason.ALGORITHM_CONSTRAINED)) {
                return new CertificateVerdict(Kind.WEAK, String.valueOf(cause.getMessage()), chain);
            }
        }
        if (chain.size() == 1 && isSelfIssued(own)) {
            return new CertificateVerdict(Kind.SELF_SIGNED, subject(own) + " vouches for itself", chain);
        }
        return new CertificateVerdict(
                Kind.UNTRUSTED,
                "issued by " + issuer(chain.get(chain.size() - 1))
                        + ", whom none of the trusted authorities vouches for (" + fault.getMessage() + ")",
                chain);
    }

    private static boolean isReason(Throwable cause, BasicReason reason) {
        return cause instanceof CertPathValidatorException
                && ((CertPathValidatorException) cause).getReason() == reason;
    }

    private static String firstEnd(List<X509Certificate> chain) {
        return chain.stream()
                .map(certificate -> certificate.getNotAfter().toInstant())
                .min(Comparator.naturalOrder())
                .orElseThrow()
                .toString();
    }

    private CertificateVerdict named(List<X509Certificate> chain, String mxHost) {
        X509Certificate own = chain.get(0);
        if (requirement.names().isEmpty() && HostNames.isAddress(mxHost)) {
            List<String> addresses = CertificateNames.addresses(own);
            return addresses.stream().anyMatch(address -> isSame(address, mxHost))
                    ? trusted(chain, addresses)
                    : wrongName(chain, addresses, mxHost);
        }
        List<PeerName> wanted = requirement.names().isEmpty() ? List.of(PeerName.exactly(mxHost)) : requirement.names();
        List<String> names = CertificateNames.dnsIds(own, requirement.dnsIdOnly());
        return names.stream().anyMatch(name -> wanted.stream().anyMatch(wish -> wish.matches(name)))
                ? trusted(chain, names)
                : wrongName(
                        chain, names, wanted.stream().map(PeerName::toString).collect(Collectors.joining(" or ")));
    }

    private static CertificateVerdict trusted(List<X509Certificate> chain, List<String> names) {
        return new CertificateVerdict(
                Kind.TRUSTED, "for " + list(names) + ", issued by " + issuer(chain.get(0)), chain);
    }

    private static CertificateVerdict wrongName(List<X509Certificate> chain, List<String> names, String wanted) {
        return new CertificateVerdict(
                Kind.WRONG_NAME, "for " + (names.isEmpty() ? "no name" : list(names)) + ", not for " + wanted, chain);
    }

    private static String list(List<String> names) {
        return names.stream().limit(NAMES_SHOWN).collect(Collectors.joining(", "))
                + (names.size() > NAMES_SHOWN ? ", …" : "");
    }

    private static boolean isSame(String address, String literal) {
        try {
            // Both are numbers: no name is looked up.
            return HostNames.isAddress(address)
                    && InetAddress.getByName(address).equals(InetAddress.getByName(literal));
        } catch (IOException noAddress) {
            return false;
        }
    }

    private static boolean isSelfIssued(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
    }

    private static String subject(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().getName();
    }

    private static String issuer(X509Certificate certificate) {
        return certificate.getIssuerX500Principal().getName();
    }
}
