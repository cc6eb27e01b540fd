/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.dns;

import java.io.IOException;
import java.security.MessageDigest;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.rempart.audit.Findings;
import org.rempart.audit.Plan;
import org.rempart.audit.Verdict;
import org.rempart.audit.dns.Dns.Answer;
import org.rempart.audit.dns.Dns.Status;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Dialogue;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Service;
import org.rempart.audit.net.Wire;
import org.rempart.audit.tls.Jsse;
import org.xbill.DNS.Record;
import org.xbill.DNS.TLSARecord;
import org.xbill.DNS.Type;

/** DANE for the MX of a domain (RFC 7672): records, and whether they fit the certificate. */
final class DaneRecords {
    static final String CHECK = "dns.dane";

    private final Dns dns;

    DaneRecords(Dns dns) {
        this.dns = dns;
    }

    /** Looks at the records of each MX, and at the certificates that those of the plan show. */
    void look(Plan plan, Budget budget, String domain, boolean secure, List<String> hosts, Findings findings)
            throws IOException {
        for (String host : hosts) {
            Answer answer = dns.look("_25._tcp." + host, Type.TLSA);
            List<TLSARecord> records = answer.records().stream()
                    .filter(TLSARecord.class::isInstance)
                    .map(TLSARecord.class::cast)
                    .toList();
            List<String> said = records.stream().map(Record::rdataToString).toList();
            if (answer.status() == Status.FAILED) {
                findings.fail(
                        CHECK,
                        host,
                        "the look-up fails, and senders that check DANE keep their mail: " + answer.reason(),
                        List.of());
            } else if (records.isEmpty()) {
                findings.warn(CHECK, host, "there is no TLSA record", List.of());
            } else if (!answer.secure() || !secure) {
                findings.warn(
                        CHECK,
                        host,
                        "there are TLSA records, and DNSSEC does not prove them: they count for nothing",
                        said);
            } else {
                Optional<Listener> mx = plan.listeners().stream()
                        .filter(listener -> listener.service() == Service.SMTP
                                && DnsProbe.bare(plan.host()).equals(host))
                        .findFirst();
                if (mx.isEmpty()) {
                    findings.notTestable(
                            CHECK, host, "another host than the audited one: its certificate is not looked at");
                } else {
                    fit(host, records, said, mx.get(), budget, findings);
                }
            }
        }
        if (hosts.isEmpty()) {
            findings.notTestable(CHECK, domain, "there is no MX");
        }
    }

    private static void fit(
            String host,
            List<TLSARecord> records,
            List<String> said,
            Listener listener,
            Budget budget,
            Findings findings)
            throws IOException {
        List<X509Certificate> chain = new ArrayList<>();
        try (Wire wire = Dialogue.secure(listener, budget, Jsse.everything())) {
            for (java.security.cert.Certificate certificate :
                    wire.tls().orElseThrow().getSession().getPeerCertificates()) {
                chain.add((X509Certificate) certificate);
            }
        }
        List<TLSARecord> usable = records.stream()
                .filter(record -> record.getCertificateUsage() == 2 || record.getCertificateUsage() == 3)
                .toList();
        boolean fits = usable.stream().anyMatch(record -> fits(record, chain));
        long others = usable.stream().filter(record -> !fits(record, chain)).count();
        if (usable.isEmpty()) {
            findings.fail(
                    CHECK, host, "no record has usage 2 or 3, and others count for nothing in mail (RFC 7672)", said);
        } else if (!fits) {
            findings.fail(CHECK, host, "no record fits the certificate: senders that check DANE keep their mail", said);
        } else {
            findings.add(
                    CHECK,
                    host,
                    Verdict.PASS,
                    others > 0
                            ? "a record fits, and another one stands ready for the next key"
                            : "a record fits; publish the next key's record before you change it",
                    said);
        }
    }

    static boolean fits(TLSARecord record, List<X509Certificate> chain) {
        List<X509Certificate> candidates = record.getCertificateUsage() == 3
                ? chain.subList(0, Math.min(1, chain.size()))
                : chain.subList(Math.min(1, chain.size()), chain.size());
        for (X509Certificate certificate : candidates) {
            try {
                byte[] data =
                        record.getSelector() == 1 ? certificate.getPublicKey().getEncoded() : certificate.getEncoded();
                byte[] wanted =
                        switch (record.getMatchingType()) {
                            case 0 -> data;
                            case 1 -> MessageDigest.getInstance("SHA-256").digest(data);
                            case 2 -> MessageDigest.getInstance("SHA-512").digest(data);
                            default -> new byte[0];
                        };
                if (MessageDigest.isEqual(wanted, record.getCertificateAssociationData())) {
                    return true;
                }
            } catch (CertificateEncodingException | java.security.NoSuchAlgorithmException e) {
                return false;
            }
        }
        return false;
    }
}
