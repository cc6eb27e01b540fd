/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.rempart.distribution.home.CertificateFiles;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;

/**
 * The certificate: whether it names the host (RFC 6125, section 6.4), how long it is good for, and whether its chain is in
 * order (RFC 8446, section 4.4.2). Whether the key fits is part of the configuration's check.
 */
final class CertificateCheck implements Check {
    private static final Duration SOON = Duration.ofDays(14);
    private static final int DNS_NAME = 2;
    private static final int SMALLEST_RSA_KEY = 2048;

    @Override
    public String name() {
        return "certificate";
    }

    @Override
    public List<Finding> look(Patient patient) throws FaultException {
        List<Finding> findings = new ArrayList<>();
        List<CertificateFiles> all = CertificateFiles.of(patient.home());
        for (CertificateFiles files : all) {
            String which = all.size() == 1 ? "" : patient.home().name(files.certificate()) + ": ";
            for (Finding finding : look(patient, chain(patient.home(), files.certificate()))) {
                findings.add(new Finding(finding.level(), which + finding.what(), finding.advice()));
            }
        }
        return findings;
    }

    private static List<Finding> look(Patient patient, List<X509Certificate> chain) throws FaultException {
        List<Finding> findings = new ArrayList<>();
        findings.add(time(chain.get(0), patient.clock().instant()));
        for (String host : MailSettings.of(patient.home()).publicNames()) {
            findings.add(covers(chain.get(0), host));
        }
        findings.add(order(chain));
        if (chain.get(0).getPublicKey() instanceof RSAPublicKey key
                && key.getModulus().bitLength() < SMALLEST_RSA_KEY) {
            findings.add(Finding.fault(
                    "its RSA key has " + key.getModulus().bitLength() + " bits",
                    "make a new key of " + SMALLEST_RSA_KEY + " bits or more, and have it certified"));
        }
        return findings;
    }

    static List<X509Certificate> chain(Home home, Path file) throws FaultException {
        try (InputStream in = Files.newInputStream(file)) {
            List<X509Certificate> chain = new ArrayList<>();
            for (Certificate certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                chain.add((X509Certificate) certificate);
            }
            if (chain.isEmpty()) {
                throw new FaultException(home.name(file) + " holds no certificate");
            }
            return chain;
        } catch (IOException | CertificateException unread) {
            throw new FaultException(home.name(file) + " can't be read (" + unread.getMessage() + ")");
        }
    }

    private static Finding time(X509Certificate certificate, Instant now) {
        Instant end = certificate.getNotAfter().toInstant();
        if (now.isBefore(certificate.getNotBefore().toInstant())) {
            return Finding.fault(
                    "it is not valid before " + certificate.getNotBefore().toInstant(), "check this machine's clock");
        }
        if (now.isAfter(end)) {
            return Finding.fault("it has expired on " + end, "renew it, then: bin/rempart reload");
        }
        long days = Duration.between(now, end).toDays();
        String left = "it is valid until " + end + ", for " + days + " days";
        return Duration.between(now, end).compareTo(SOON) < 0
                ? Finding.warning(left, "renew it, then: bin/rempart reload")
                : Finding.ok(left);
    }

    private static Finding covers(X509Certificate certificate, String host) {
        List<String> names = names(certificate);
        if (names(certificate, host)) {
            return Finding.ok("it names " + host);
        }
        return Finding.fault(
                "it does not name " + host + ", which conf/smtpserver.xml calls this host, but "
                        + (names.isEmpty() ? "no host at all" : String.join(", ", names)),
                "get one with the DNS name " + host + ", or correct <helloName>");
    }

    /** Whether it is for a host. */
    static boolean names(X509Certificate certificate, String host) {
        return names(certificate).stream().anyMatch(name -> matches(name, host));
    }

    private static boolean matches(String pattern, String host) {
        if (!pattern.startsWith("*.")) {
            return pattern.equals(host);
        }
        int dot = host.indexOf('.');
        return dot > 0 && host.substring(dot).equals(pattern.substring(1));
    }

    /** Its subject alternative names; the common name counts no more (RFC 6125, section 6.4.4). */
    private static List<String> names(X509Certificate certificate) {
        try {
            Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
            List<String> names = new ArrayList<>();
            if (alternatives != null) {
                for (List<?> alternative : alternatives) {
                    if (alternative.get(0).equals(DNS_NAME)) {
                        names.add(String.valueOf(alternative.get(1)).toLowerCase(Locale.ROOT));
                    }
                }
            }
            return names;
        } catch (CertificateParsingException broken) {
            return List.of();
        }
    }

    private static Finding order(List<X509Certificate> chain) {
        for (int i = 0; i + 1 < chain.size(); i++) {
            if (!signed(chain.get(i), chain.get(i + 1))) {
                return Finding.fault(
                        "certificate number " + (i + 2) + " of its chain has not signed number " + (i + 1),
                        "put this host's certificate first, then each one that signed the one before it");
            }
        }
        X509Certificate last = chain.get(chain.size() - 1);
        boolean selfSigned = last.getSubjectX500Principal().equals(last.getIssuerX500Principal());
        if (chain.size() == 1 && selfSigned) {
            return Finding.warning(
                    "it is signed by itself: clients will not trust it", "get one from a certificate authority");
        }
        if (chain.size() == 1) {
            return Finding.warning(
                    "it stands alone, signed by " + last.getIssuerX500Principal(),
                    "append the intermediate certificates, unless every client has that one itself");
        }
        return Finding.ok("its chain of " + chain.size() + " certificates is in order");
    }

    private static boolean signed(X509Certificate certificate, X509Certificate signer) {
        try {
            certificate.verify(signer.getPublicKey());
            return certificate.getIssuerX500Principal().equals(signer.getSubjectX500Principal());
        } catch (GeneralSecurityException not) {
            return false;
        }
    }
}
