/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.Dialogue;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Wire;

/**
 * What a listener offers of TLS.
 *
 * @param suites of each version, in the order in which they were chosen
 * @param groups of each version, for the key exchange
 * @param certificates the listener's own, one for each kind of key that it has
 * @param stapled whether the answer of the authority's OCSP responder comes with a certificate
 * @param resumed of each version, whether a session was resumed
 * @param renegotiation empty where there is only TLS 1.3, which has none
 */
public record TlsOffer(
        Map<Version, List<Suite>> suites,
        Map<Version, List<Group>> groups,
        List<X509Certificate> certificates,
        boolean stapled,
        Map<Version, Boolean> resumed,
        Optional<ClientRenegotiation> renegotiation) {
    private static final List<Version> OF_TODAY = List.of(Version.TLS13, Version.TLS12);

    public TlsOffer {
        certificates = List.copyOf(certificates);
    }

    /**
     * Asks a listener.
     *
     * @throws IOException if it gives no TLS a chance
     */
    public static TlsOffer of(Listener listener, Budget budget) throws IOException {
        TlsScan scan = TlsScan.of(listener, budget);
        Map<Version, List<Suite>> suites = new EnumMap<>(Version.class);
        Map<Version, List<Group>> groups = new EnumMap<>(Version.class);
        Map<Version, Boolean> resumed = new EnumMap<>(Version.class);
        for (Version version : scan.versions()) {
            suites.put(version, scan.suites(version));
            groups.put(version, scan.groups(version));
        }
        Set<X509Certificate> certificates = new LinkedHashSet<>(ofEachKind(scan));
        boolean stapled = false;
        for (Version version : OF_TODAY) {
            if (!scan.versions().contains(version)) {
                continue;
            }
            // Not the scanner's own hellos: what comes behind the handshake counts here.
            SSLContext client = Jsse.trustingAll();
            SSLSession first = session(client, listener, budget, version);
            certificates.add((X509Certificate) first.getPeerCertificates()[0]);
            stapled |= !((ExtendedSSLSession) first).getStatusResponses().isEmpty();
            SSLSession second = session(client, listener, budget, version);
            resumed.put(version, second.getCreationTime() == first.getCreationTime());
        }
        Version readable = scan.newestReadable();
        return new TlsOffer(
                suites,
                groups,
                List.copyOf(certificates),
                stapled,
                resumed,
                readable == null || readable == Version.SSL3
                        ? Optional.empty()
                        : Optional.of(ClientRenegotiation.of(listener, budget, readable)));
    }

    /** TLS 1.2 shows its certificate in the clear, by the kind of key that the suite names. */
    private static List<X509Certificate> ofEachKind(TlsScan scan) throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (String kind : List.of("_ECDSA_", "_RSA_")) {
            List<Suite> suites = scan.suites(Version.TLS12).stream()
                    .filter(suite -> suite.name().contains(kind))
                    .toList();
            if (!suites.isEmpty()) {
                ServerFlight flight =
                        scan.answer(new ClientHello().version(Version.TLS12).suites(suites));
                if (flight.chose() && !flight.certificates().isEmpty()) {
                    certificates.add(flight.certificates().get(0));
                }
            }
        }
        return certificates;
    }

    private static SSLSession session(SSLContext client, Listener listener, Budget budget, Version version)
            throws IOException {
        return Dialogue.patiently(budget, () -> {
            try (Wire wire = Dialogue.readyForTls(listener, budget)) {
                SSLSession session = wire.startTls(client, Jsse.only(version.label()));
                SSLSocket socket = wire.tls().orElseThrow();
                // The ticket of TLS 1.3 comes behind the handshake, before any answer.
                socket.getOutputStream().write("NOOP\r\n".getBytes(StandardCharsets.US_ASCII));
                socket.getOutputStream().flush();
                wire.read(wire.replyBy());
                return session;
            }
        });
    }
}
