/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.rempart.audit.Findings;
import org.rempart.audit.ListenerProbe;
import org.rempart.audit.Plan;
import org.rempart.audit.Verdict;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Listener;
import org.rempart.audit.tls.Chain;

/** The certificate of each listener: trust, name, dates, key, signature. */
final class CertificateProbe extends ListenerProbe {
    private static final String TRUST = "certificate.trust";
    private static final String NAME = "certificate.name";
    private static final String DATES = "certificate.dates";
    private static final String KEY = "certificate.key";
    private static final String SIGNATURE = "certificate.signature";
    private static final Duration SOON = Duration.ofDays(14);

    private final Clock clock;

    CertificateProbe(Clock clock) {
        this.clock = clock;
    }

    @Override
    public String name() {
        return "certificates";
    }

    @Override
    public Set<String> checks() {
        return Set.of(TRUST, NAME, DATES, KEY, SIGNATURE);
    }

    @Override
    protected boolean concerns(Listener listener) {
        return true;
    }

    @Override
    protected Set<String> expected(Plan plan, Listener listener) {
        return checks();
    }

    @Override
    protected void run(Plan plan, Listener listener, Budget budget, Findings findings) throws IOException {
        String subject = listener.toString();
        List<X509Certificate> chain = TlsProbe.chain(listener, budget);
        if (chain.isEmpty()) {
            findings.fail(TRUST, subject, "the server shows no certificate: anyone can stand in for it", List.of());
            for (String check : List.of(NAME, DATES, KEY, SIGNATURE)) {
                findings.notTestable(check, subject, "the server shows no certificate");
            }
            return;
        }
        X509Certificate own = chain.get(0);
        List<String> shown = describe(chain);
        Instant now = clock.instant();
        // Outside its time a chain can still be one to a trusted root; its time is a finding of its own.
        Instant end = own.getNotAfter().toInstant();
        Instant at = now.isBefore(own.getNotBefore().toInstant()) || now.isAfter(end) ? end : now;
        // Senders on the Internet check no name at an MX that DANE or MTA-STS does not ask for (RFC 7435).
        Verdict wrong = listener.service().forClients() ? Verdict.FAIL : Verdict.WARN;
        try {
            Optional<String> untrusted = Chain.untrusted(chain, Chain.anchors(plan.anchors()), at);
            findings.add(
                    TRUST,
                    subject,
                    untrusted.isEmpty() ? Verdict.PASS : wrong,
                    untrusted
                            .map(why -> "the certificate is not trusted: " + why)
                            .orElse("the chain leads to a trusted root"),
                    shown);
        } catch (GeneralSecurityException e) {
            findings.notTestable(TRUST, subject, "this Java has no trusted roots: " + e.getMessage());
        }
        boolean named = Chain.isFor(own, listener.host());
        findings.add(
                NAME,
                subject,
                named ? Verdict.PASS : wrong,
                named
                        ? "the certificate is for " + listener.host()
                        : "the certificate is not for " + listener.host() + ", but for " + names(own),
                shown);
        dates(subject, own, now, shown, findings);
        key(subject, chain, shown, findings);
        List<String> weak = new ArrayList<>();
        for (X509Certificate certificate : chain) {
            // Nobody checks the signature of a root.
            boolean root = certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
            if (Chain.weakSignature(certificate) && (!root || chain.size() == 1)) {
                weak.add(certificate.getSubjectX500Principal() + ": " + certificate.getSigAlgName());
            }
        }
        findings.decide(
                SIGNATURE,
                subject,
                weak.isEmpty(),
                weak.isEmpty() ? "signed with " + own.getSigAlgName() : "signed with a broken hash",
                weak);
    }

    private static String names(X509Certificate certificate) {
        List<String> names = Chain.names(certificate);
        return names.isEmpty()
                ? "no name at all (" + certificate.getSubjectX500Principal() + ")"
                : String.join(", ", names);
    }

    private static void dates(String subject, X509Certificate own, Instant now, List<String> shown, Findings findings) {
        Instant from = own.getNotBefore().toInstant();
        Instant until = own.getNotAfter().toInstant();
        if (now.isAfter(until)) {
            findings.fail(DATES, subject, "the certificate has expired, on " + until, shown);
        } else if (now.isBefore(from)) {
            findings.fail(DATES, subject, "the certificate does not hold before " + from, shown);
        } else if (now.plus(SOON).isAfter(until)
                && Duration.between(from, until).compareTo(Duration.ofDays(20)) > 0) {
            findings.warn(DATES, subject, "the certificate expires on " + until, shown);
        } else {
            findings.pass(DATES, subject, "the certificate holds until " + until);
        }
    }

    private static void key(String subject, List<X509Certificate> chain, List<String> shown, Findings findings) {
        List<String> weak = new ArrayList<>();
        for (X509Certificate certificate : chain) {
            if (Chain.weakKey(certificate.getPublicKey())) {
                weak.add(certificate.getSubjectX500Principal() + ": " + Chain.key(certificate.getPublicKey()));
            }
        }
        String own = Chain.key(chain.get(0).getPublicKey());
        findings.decide(
                KEY,
                subject,
                weak.isEmpty(),
                weak.isEmpty()
                        ? own
                                + (Chain.fadingKey(chain.get(0).getPublicKey())
                                        ? "; RSA below 3000 bits is to be given up (BSI)"
                                        : "")
                        : "a key is too short",
                weak.isEmpty() ? shown : weak);
    }

    private static List<String> describe(List<X509Certificate> chain) {
        List<String> lines = new ArrayList<>();
        for (X509Certificate certificate : chain) {
            lines.add(certificate.getSubjectX500Principal() + ", for " + String.join(", ", Chain.names(certificate))
                    + ", by "
                    + certificate.getIssuerX500Principal() + ", until "
                    + certificate.getNotAfter().toInstant() + ", " + Chain.key(certificate.getPublicKey()) + ", "
                    + certificate.getSigAlgName());
        }
        return lines;
    }
}
