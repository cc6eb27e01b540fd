/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import org.apache.hc.client5.http.psl.DomainType;
import org.apache.hc.client5.http.psl.PublicSuffixMatcher;
import org.apache.hc.client5.http.psl.PublicSuffixMatcherLoader;

/**
 * The names that a certificate is for (RFC 6125, section 6.4). Not by {@code httpclient5}'s verifier, though by its list of
 * public suffixes: that one takes {@code *.co.uk}, a star within a label, and a common name beside names that can't be read.
 */
final class CertificateNames {
    private static final PublicSuffixMatcher SUFFIXES = PublicSuffixMatcherLoader.getDefault();
    private static final String SUBJECT_ALT_NAME = "2.5.29.17";
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;

    private CertificateNames() {}

    /**
     * Its DNS names: the subjectAltNames; where there is none of that kind, the subject's common name (section 6.4.4),
     * unless names count only as subjectAltNames, or are there and can't be read. A wildcard for everything below a public
     * suffix ({@code *.co.uk}) is nobody's, and no name.
     */
    static List<String> dnsIds(X509Certificate certificate, boolean subjectAltNamesOnly) {
        List<String> names;
        try {
            names = subjectAltNames(certificate, DNS_NAME);
            if (names.isEmpty() && !subjectAltNamesOnly) {
                names = commonNames(certificate);
            }
        } catch (CertificateParsingException unreadable) {
            return List.of();
        }
        return names.stream().filter(name -> !isForEverybody(name)).collect(Collectors.toList());
    }

    private static boolean isForEverybody(String name) {
        if (!name.startsWith("*.")) {
            return false;
        }
        String parent = name.substring(2);
        // Without a type of its own, so that a name whose end nobody has listed is no suffix.
        return parent.indexOf('.') < 0 || (SUFFIXES.matches(parent) && SUFFIXES.matches(parent, DomainType.ICANN));
    }

    /** Its addresses, as text. */
    static List<String> addresses(X509Certificate certificate) {
        try {
            return subjectAltNames(certificate, IP_ADDRESS);
        } catch (CertificateParsingException unreadable) {
            return List.of();
        }
    }

    private static List<String> subjectAltNames(X509Certificate certificate, int kind)
            throws CertificateParsingException {
        List<String> names = new ArrayList<>();
        Collection<List<?>> all = certificate.getSubjectAlternativeNames();
        if (all == null && certificate.getExtensionValue(SUBJECT_ALT_NAME) != null) {
            throw new CertificateParsingException("subjectAltNames that are none");
        }
        if (all != null) {
            for (List<?> name : all) {
                if (name.get(0).equals(kind)) {
                    names.add((String) name.get(1));
                }
            }
        }
        return names;
    }

    private static List<String> commonNames(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            for (Rdn part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                if (part.getType().equalsIgnoreCase("CN") && part.getValue() instanceof String) {
                    names.add((String) part.getValue());
                }
            }
        } catch (InvalidNameException unreadable) {
            return List.of();
        }
        return names;
    }
}
