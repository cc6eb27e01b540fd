/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.rempart.audit.Findings;
import org.rempart.audit.ListenerProbe;
import org.rempart.audit.Plan;
import org.rempart.audit.Verdict;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Dialogue;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Wire;
import org.rempart.audit.tls.ClientHello;
import org.rempart.audit.tls.ClientRenegotiation;
import org.rempart.audit.tls.EarlyData;
import org.rempart.audit.tls.Group;
import org.rempart.audit.tls.Jsse;
import org.rempart.audit.tls.ServerFlight;
import org.rempart.audit.tls.Suite;
import org.rempart.audit.tls.TlsScan;
import org.rempart.audit.tls.Version;

/** TLS as a listener speaks it: versions, suites, key exchange, what a handshake has and has not. */
final class TlsProbe extends ListenerProbe {
    private static final String OLD = "tls.old-version";
    private static final String NEWEST = "tls.newest-version";
    private static final String WEAK = "tls.weak-suite";
    private static final String FADING = "tls.fading-suite";
    private static final String ORDER = "tls.order";
    private static final String EXCHANGE = "tls.key-exchange";
    private static final String SIGNATURE = "tls.signature-hash";
    private static final String COMPRESSION = "tls.compression";
    private static final String RENEGOTIATION = "tls.secure-renegotiation";
    private static final String CLIENT_RENEGOTIATION = "tls.client-renegotiation";
    private static final String MASTER = "tls.extended-master-secret";
    private static final String FALLBACK = "tls.fallback";
    private static final String EARLY_DATA = "tls.early-data";

    @Override
    public String name() {
        return "TLS";
    }

    @Override
    public Set<String> checks() {
        return Set.of(
                OLD,
                NEWEST,
                WEAK,
                FADING,
                ORDER,
                EXCHANGE,
                SIGNATURE,
                COMPRESSION,
                RENEGOTIATION,
                CLIENT_RENEGOTIATION,
                MASTER,
                FALLBACK,
                EARLY_DATA);
    }

    @Override
    protected boolean concerns(Listener listener) {
        return true;
    }

    @Override
    protected Set<String> expected(Plan plan, Listener listener) {
        return Set.of(OLD, NEWEST, WEAK);
    }

    @Override
    protected void run(Plan plan, Listener listener, Budget budget, Findings findings) throws IOException {
        TlsScan scan = TlsScan.of(listener, budget);
        String subject = listener.toString();
        versions(scan, subject, findings);
        suites(scan, subject, findings);
        if (scan.versions().stream().allMatch(version -> version == Version.SSL2)) {
            return;
        }
        order(scan, subject, findings);
        keyExchange(scan, subject, findings);
        compression(scan, subject, findings);
        Version readable = scan.newestReadable();
        if (readable == null) {
            String only = "only TLS 1.3 is spoken, which has it always";
            findings.pass(RENEGOTIATION, subject, only.replace("has it always", "has no renegotiation"));
            findings.pass(CLIENT_RENEGOTIATION, subject, "only TLS 1.3 is spoken, which has no renegotiation");
            findings.pass(MASTER, subject, "only TLS 1.3 is spoken, which needs none");
            findings.pass(FALLBACK, subject, "only TLS 1.3 is spoken: there is nothing to fall back to");
            findings.pass(SIGNATURE, subject, "only TLS 1.3 is spoken, which has no SHA-1 in its signatures");
        } else {
            extensions(scan, readable, subject, findings);
            signature(scan, subject, findings);
            fallback(scan, subject, findings);
            clientRenegotiation(listener, budget, readable, subject, findings);
        }
        earlyData(scan, listener, budget, subject, findings);
    }

    private static void versions(TlsScan scan, String subject, Findings findings) {
        List<String> old = scan.versions().stream()
                .filter(Version::old)
                .map(Version::label)
                .sorted()
                .toList();
        List<Version> unclear = scan.unknown().stream().filter(Version::old).toList();
        if (!old.isEmpty()) {
            findings.fail(
                    OLD,
                    subject,
                    String.join(", ", old) + " can be had",
                    old.stream()
                            .map(version ->
                                    "our hello with nothing newer than " + version + " was answered with a ServerHello")
                            .toList());
        } else if (!unclear.isEmpty()) {
            findings.notTestable(
                    OLD,
                    subject,
                    unclear.stream().map(Version::label).collect(Collectors.joining(", ")) + ": "
                            + scan.refusal(unclear.get(0)));
        } else {
            findings.pass(
                    OLD, subject, "SSLv2, SSLv3, TLS 1.0 and 1.1 are refused (" + scan.refusal(Version.TLS11) + ")");
        }
        if (scan.versions().contains(Version.TLS13)) {
            findings.pass(NEWEST, subject, "TLS 1.3 is spoken");
        } else if (scan.versions().contains(Version.TLS12)) {
            findings.warn(NEWEST, subject, "TLS 1.2 is the newest", List.of("TLS 1.3: " + scan.refusal(Version.TLS13)));
        } else if (scan.unknown().contains(Version.TLS13) || scan.unknown().contains(Version.TLS12)) {
            findings.notTestable(NEWEST, subject, scan.refusal(Version.TLS12));
        } else {
            findings.fail(
                    NEWEST,
                    subject,
                    "neither TLS 1.3 nor 1.2 is spoken",
                    List.of("TLS 1.2: " + scan.refusal(Version.TLS12)));
        }
    }

    private static void suites(TlsScan scan, String subject, Findings findings) {
        Set<String> broken = new TreeSet<>();
        Set<String> fading = new TreeSet<>();
        Set<String> good = new LinkedHashSet<>();
        for (Version version : scan.versions()) {
            for (Suite suite : scan.suites(version)) {
                String text = suite.name() + " (" + version.label() + ")";
                switch (suite.grade()) {
                    case BROKEN -> broken.add(text);
                    case FADING -> fading.add(text);
                    case GOOD -> good.add(text);
                }
            }
        }
        findings.decide(
                WEAK,
                subject,
                broken.isEmpty(),
                broken.isEmpty()
                        ? "no broken suite; " + good.size() + " good, " + fading.size() + " older"
                        : broken.size() + (broken.size() == 1 ? " suite is" : " suites are") + " broken" + kinds(scan),
                List.copyOf(broken.isEmpty() ? good : broken));
        if (fading.isEmpty()) {
            findings.pass(FADING, subject, "all suites have forward secrecy and authenticated encryption");
        } else {
            boolean none = good.isEmpty();
            findings.add(
                    FADING,
                    subject,
                    none ? Verdict.FAIL : Verdict.WARN,
                    fading.size() + " suites lack forward secrecy or authenticated encryption"
                            + (none ? ", and none has both" : ""),
                    List.copyOf(fading));
        }
    }

    private static String kinds(TlsScan scan) {
        Set<String> kinds = new TreeSet<>();
        for (Version version : scan.versions()) {
            for (Suite suite : scan.suites(version)) {
                if (suite.nullEncryption()) {
                    kinds.add("no encryption");
                }
                if (suite.anonymous()) {
                    kinds.add("no certificate");
                }
                if (suite.export()) {
                    kinds.add("export");
                }
                if (suite.rc4()) {
                    kinds.add("RC4");
                }
                if (suite.name().contains("DES")) {
                    kinds.add("DES");
                }
            }
        }
        return kinds.isEmpty() ? "" : ": " + String.join(", ", kinds);
    }

    private static void order(TlsScan scan, String subject, Findings findings) throws IOException {
        for (Version version : List.of(Version.TLS12, Version.TLS11, Version.TLS10, Version.SSL3)) {
            List<Suite> suites = scan.suites(version);
            if (suites.size() > 1) {
                Optional<Suite> preferred = scan.preferred(version);
                boolean allGood = suites.stream().allMatch(suite -> suite.grade() == Suite.Grade.GOOD);
                if (preferred.isPresent()) {
                    findings.pass(ORDER, subject, "the server chooses; first " + preferred.get());
                } else if (allGood) {
                    findings.pass(ORDER, subject, "the client chooses, among good suites only");
                } else {
                    findings.warn(ORDER, subject, "the client chooses the suite, and not all are good", List.of());
                }
                return;
            }
        }
        findings.pass(ORDER, subject, "there is nothing to choose below TLS 1.3");
    }

    private static void keyExchange(TlsScan scan, String subject, Findings findings) throws IOException {
        Set<String> weak = new TreeSet<>();
        Set<String> groups = new LinkedHashSet<>();
        boolean postQuantum = false;
        for (Version version : scan.versions()) {
            if (version == Version.SSL2 || version == Version.SSL3) {
                continue;
            }
            // One of the old versions tells as much as all.
            if (version == Version.TLS13 || version == scan.newestReadable()) {
                for (Group group : scan.groups(version)) {
                    groups.add(Group.nameOf(group.code()));
                    postQuantum |= group == Group.X25519MLKEM768;
                    if (group.weak()) {
                        weak.add(Group.nameOf(group.code()) + " (" + version.label() + ")");
                    }
                }
            }
        }
        boolean phasingOut = false;
        for (ServerFlight flight : scan.flights()) {
            if (flight.primeBits() > 0) {
                groups.add("DH " + flight.primeBits());
                if (flight.primeBits() < 2048) {
                    weak.add("Diffie-Hellman with " + flight.primeBits() + " bits ("
                            + flight.version().label() + ")");
                }
                phasingOut |= flight.primeBits() < 3072;
            }
        }
        if (groups.isEmpty() && weak.isEmpty()) {
            findings.warn(EXCHANGE, subject, "no forward-secret key exchange was found", List.of());
            return;
        }
        findings.decide(
                EXCHANGE,
                subject,
                weak.isEmpty(),
                weak.isEmpty()
                        ? String.join(", ", groups)
                                + (phasingOut ? "; DH below 3072 bits is to be given up (BSI)" : "")
                                + (postQuantum ? "; with a post-quantum group" : "")
                        : "weak: " + String.join(", ", weak),
                List.copyOf(groups));
    }

    private static void compression(TlsScan scan, String subject, Findings findings) throws IOException {
        Version version = scan.newestReadable();
        if (version == null) {
            findings.pass(COMPRESSION, subject, "only TLS 1.3 is spoken, which has no compression");
            return;
        }
        ServerFlight flight = scan.answer(
                new ClientHello().version(version).suites(scan.suites(version)).compression());
        if (!flight.chose()) {
            findings.pass(COMPRESSION, subject, "a hello that offers compression is refused");
        } else {
            findings.decide(
                    COMPRESSION,
                    subject,
                    !flight.compressed(),
                    flight.compressed() ? "DEFLATE was chosen" : "DEFLATE was offered, and not chosen",
                    List.of());
        }
    }

    private static void extensions(TlsScan scan, Version version, String subject, Findings findings) {
        Set<Integer> extensions = scan.first(version).extensions();
        findings.decide(
                RENEGOTIATION,
                subject,
                extensions.contains(0xff01),
                extensions.contains(0xff01)
                        ? "secure renegotiation is supported"
                        : "the server does not know secure renegotiation",
                List.of());
        if (version == Version.SSL3) {
            findings.warn(MASTER, subject, "SSLv3 has no extended master secret", List.of());
        } else {
            boolean there = extensions.contains(23);
            findings.add(
                    MASTER,
                    subject,
                    there ? Verdict.PASS : Verdict.WARN,
                    there
                            ? "the extended master secret is used"
                            : "the extended master secret was offered, and not taken",
                    List.of());
        }
    }

    private static void signature(TlsScan scan, String subject, Findings findings) throws IOException {
        if (!scan.versions().contains(Version.TLS12)) {
            findings.fail(SIGNATURE, subject, "below TLS 1.2 the key exchange is signed with SHA-1 and MD5", List.of());
            return;
        }
        List<Suite> signed = scan.suites(Version.TLS12).stream()
                .filter(suite -> suite.forwardSecret() && !suite.anonymous())
                .toList();
        if (signed.isEmpty()) {
            findings.warn(SIGNATURE, subject, "no key exchange is signed: there is no forward secrecy", List.of());
            return;
        }
        ServerFlight flight = scan.answer(new ClientHello()
                .version(Version.TLS12)
                .suites(signed)
                .schemes(0x0201, 0x0203, 0x0202, 0x0101, 0x0103));
        boolean sha1 = flight.chose() && (flight.scheme() >> 8 == 2 || flight.scheme() >> 8 == 1);
        boolean ignored = flight.chose() && !sha1;
        findings.add(
                SIGNATURE,
                subject,
                sha1 ? Verdict.WARN : Verdict.PASS,
                sha1
                        ? "the key exchange can be had signed with " + (flight.scheme() >> 8 == 1 ? "MD5" : "SHA-1")
                        : ignored
                                ? "asked for SHA-1, the server signs with something newer"
                                : "a key exchange signed with SHA-1 is refused",
                List.of());
    }

    private static void fallback(TlsScan scan, String subject, Findings findings) throws IOException {
        List<Version> readable = new ArrayList<>();
        for (Version version : List.of(Version.TLS12, Version.TLS11, Version.TLS10, Version.SSL3)) {
            if (scan.versions().contains(version)) {
                readable.add(version);
            }
        }
        boolean tls13 = scan.versions().contains(Version.TLS13);
        if (readable.stream().noneMatch(Version::old) && tls13) {
            findings.pass(
                    FALLBACK,
                    subject,
                    "below TLS 1.2 there is nothing to fall back to; TLS 1.3 notices the rest itself");
            return;
        }
        if (readable.size() + (tls13 ? 1 : 0) < 2) {
            findings.pass(FALLBACK, subject, "there is one version only");
            return;
        }
        Version older = readable.get(readable.size() - 1);
        ServerFlight flight = scan.answer(
                new ClientHello().version(older).suites(scan.suites(older)).fallback());
        findings.add(
                FALLBACK,
                subject,
                flight.chose() ? Verdict.WARN : Verdict.PASS,
                flight.chose()
                        ? "a hello that says it fell back to " + older.label() + " is taken"
                        : "a fallback to " + older.label() + " is noticed: " + flight.text(),
                List.of());
    }

    /** A second handshake on the same connection, asked for by the client: costs the server more than the client. */
    private static void clientRenegotiation(
            Listener listener, Budget budget, Version version, String subject, Findings findings) throws IOException {
        if (version == Version.SSL3) {
            findings.notTestable(CLIENT_RENEGOTIATION, subject, "only SSLv3 is spoken, and that is finding enough");
            return;
        }
        try {
            ClientRenegotiation answer = ClientRenegotiation.of(listener, budget, version);
            findings.add(
                    CLIENT_RENEGOTIATION,
                    subject,
                    answer == ClientRenegotiation.TAKEN ? Verdict.WARN : Verdict.PASS,
                    answer.words(),
                    List.of());
        } catch (javax.net.ssl.SSLException | java.net.SocketException e) {
            findings.notTestable(
                    CLIENT_RENEGOTIATION,
                    subject,
                    "this Java's TLS and the server have no handshake in common: " + e.getMessage());
        }
    }

    private static void earlyData(TlsScan scan, Listener listener, Budget budget, String subject, Findings findings)
            throws IOException {
        if (!scan.versions().contains(Version.TLS13)) {
            findings.pass(EARLY_DATA, subject, "without TLS 1.3 there is no early data");
            return;
        }
        if (!listener.service().direct()) {
            findings.pass(EARLY_DATA, subject, "behind STARTTLS the server speaks first; early data has no place");
            return;
        }
        EarlyData.Answer answer = Dialogue.patiently(budget, () -> {
            try (Wire wire = Dialogue.readyForTls(listener, budget)) {
                return EarlyData.ask(wire, listener.host());
            }
        });
        switch (answer.kind()) {
            case NO -> findings.pass(EARLY_DATA, subject, answer.text());
            case YES -> findings.warn(EARLY_DATA, subject, answer.text(), List.of());
            case UNKNOWN -> findings.notTestable(EARLY_DATA, subject, answer.text());
        }
    }

    /** The chain that a listener shows in an ordinary handshake. */
    static List<X509Certificate> chain(Listener listener, Budget budget) throws IOException {
        try (Wire wire = Dialogue.secure(listener, budget, Jsse.everything())) {
            List<X509Certificate> chain = new ArrayList<>();
            try {
                for (java.security.cert.Certificate certificate :
                        wire.tls().orElseThrow().getSession().getPeerCertificates()) {
                    if (certificate instanceof X509Certificate x509) {
                        chain.add(x509);
                    }
                }
            } catch (SSLPeerUnverifiedException e) {
                // An anonymous suite: there is none.
            }
            return chain;
        }
    }
}
