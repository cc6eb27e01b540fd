/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.james.core.Domain;
import org.rempart.mailet.delivery.tls.CertificateVerdict;
import org.rempart.mailet.delivery.tls.Dane;
import org.rempart.mailet.delivery.tls.LocalTlsRules;
import org.rempart.mailet.delivery.tls.MtaSts;
import org.rempart.mailet.delivery.tls.TlsConnection;
import org.rempart.mailet.delivery.tls.TlsDecision;
import org.rempart.mailet.delivery.tls.TlsFailureException;
import org.rempart.mailet.delivery.tls.TlsHandshake;
import org.rempart.mailet.delivery.tls.TlsPolicies;
import org.rempart.mailet.delivery.tls.TlsPolicyUnavailableException;
import org.rempart.mailet.delivery.tls.TrustAnchors;
import org.rempart.message.RequireTls;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.DnsJavaSecureDns;
import org.rempart.policy.Opener;
import org.rempart.policy.tls.Dnssec;
import org.rempart.policy.tls.Fingerprint;
import org.rempart.policy.tls.TlsPolicy;
import org.rempart.policy.tls.TlsProbe;

/** Finds the servers of a domain and connects to them by the delivery's own parts, and leaves them there. */
public final class DestinationProbe implements TlsProbe {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration DNS_PATIENCE = Duration.ofSeconds(3);

    @Override
    public Destination probe(
            TlsPolicy policy, Opener files, List<InetSocketAddress> resolvers, String ownName, Domain domain, int port)
            throws IOException {
        LocalTlsRules local = LocalTlsRules.read(policy, files);
        Dns dns = Dns.over(resolvers, DNS_PATIENCE);
        try (MtaSts mtaSts = MtaSts.open(dns, Optional.empty(), policy.protocols());
                TlsHandshake handshake = new TlsHandshake(PATIENCE)) {
            Optional<Dane> dane = dane(policy, files, resolvers, port);
            TlsPolicies policies = new TlsPolicies(local, dane, policy.mtaSts() ? List.of(mtaSts) : List.of());
            MxResolver resolver = new MxResolver(dns, ownName, port);
            Map<String, String> facts = new LinkedHashMap<>();
            facts.put("domain", domain.asString());
            List<Endpoint> hosts = resolver.route(domain);
            if (dane.isEmpty()) {
                describe(facts, policies.decide(domain, hosts.get(0).host()));
            }
            facts.put("mta-sts", policy.mtaSts() ? mtaSts.describe(domain) : "switched off");
            DeliverySettings settings = DeliverySettings.builder(ownName)
                    .timeouts(Timeouts.all(PATIENCE))
                    .build();
            List<Host> found = new ArrayList<>();
            for (Endpoint host : hosts) {
                try {
                    TlsDecision decision = policies.decide(domain, host.host());
                    // Only by DANE one host's level may be another's, and is told with it.
                    HostProbe probe = new HostProbe(resolver, settings, handshake, policies, domain, decision, host);
                    if (dane.isPresent()) {
                        describe(probe.facts, decision);
                    }
                    found.add(probe.host());
                } catch (TlsPolicyUnavailableException unknown) {
                    found.add(new Host(
                            Map.of("host", host.host()), List.of(), false, "mail waits: " + unknown.getMessage()));
                }
            }
            return Destination.of(facts, found);
        } catch (TlsPolicyUnavailableException | NoRouteException nowhere) {
            return Destination.withoutHosts(Map.of("domain", domain.asString()), String.valueOf(nowhere.getMessage()));
        }
    }

    private static Optional<Dane> dane(TlsPolicy policy, Opener files, List<InetSocketAddress> resolvers, int port)
            throws IOException {
        if (policy.dnssec() == Dnssec.OFF) {
            return Optional.empty();
        }
        return Optional.of(new Dane(
                DnsJavaSecureDns.of(policy.dnssec(), TrustAnchors.opened(policy.rootAnchors(), files), resolvers),
                port));
    }

    private static void describe(Map<String, String> facts, TlsDecision decision) {
        facts.put("level", decision.requirement().level().keyword());
        facts.put("decided by", decision.requirement().source() + ", since " + decision.why());
        facts.put("rule", decision.requirement().rule().toString());
    }

    /** Asks one host. What it tells is of the last address that was tried. */
    private static final class HostProbe implements Connector.Listener {
        private final MxResolver resolver;
        private final Connector connector;
        private final TlsHandshake handshake;
        private final TlsPolicies policies;
        private final Domain domain;
        private final TlsDecision decision;
        private final Endpoint endpoint;
        private final Map<String, String> facts = new LinkedHashMap<>();
        private List<String> chain = List.of();

        HostProbe(
                MxResolver resolver,
                DeliverySettings settings,
                TlsHandshake handshake,
                TlsPolicies policies,
                Domain domain,
                TlsDecision decision,
                Endpoint endpoint) {
            this.resolver = resolver;
            this.connector = new Connector(settings, handshake, this);
            this.handshake = handshake;
            this.policies = policies;
            this.domain = domain;
            this.decision = decision;
            this.endpoint = endpoint;
            facts.put("host", endpoint.host());
        }

        Host host() {
            Optional<String> refusal = decision.requirement().refusal(endpoint.host());
            if (refusal.isPresent()) {
                return new Host(facts, chain, false, "no mail goes to it: " + refusal.get());
            }
            try {
                return connected(resolver.addresses(endpoint.host()));
            } catch (NoRouteException noAddress) {
                return waiting(String.valueOf(noAddress.getMessage()));
            }
        }

        private Host connected(List<InetAddress> addresses) {
            String failure = "";
            for (InetAddress address : addresses.subList(0, Math.min(Courier.CONNECTION_TRIES, addresses.size()))) {
                facts.keySet().removeAll(List.of("starttls", "tls", "certificate"));
                facts.put("address", address.getHostAddress());
                chain = List.of();
                try {
                    SmtpConnection connection = connector.open(endpoint, address, decision.requirement(), false);
                    connection.quit();
                    return going(connection);
                } catch (ConnectionFailureException failed) {
                    failure = failed.outcome().reason();
                }
            }
            return waiting(failure);
        }

        @Override
        public void greeted(EhloResponse server) {
            facts.put("starttls", server.offers("STARTTLS") ? "offered" : "not offered");
        }

        @Override
        public void handshakeFailed(TlsFailureException failure) {
            failure.certificate().ifPresent(this::certificate);
        }

        private void certificate(CertificateVerdict verdict) {
            facts.put("certificate", verdict.toString());
            chain = verdict.chain().stream().map(HostProbe::line).collect(Collectors.toList());
        }

        private static String line(X509Certificate certificate) {
            return certificate.getSubjectX500Principal().getName() + ", by "
                    + certificate.getIssuerX500Principal().getName() + ", until "
                    + certificate.getNotAfter().toInstant() + ", " + Fingerprint.ofCertificate(certificate) + ", "
                    + Fingerprint.ofKey(certificate);
        }

        private Host going(SmtpConnection connection) {
            String how = "mail goes under TLS";
            if (connection.tls().isPresent()) {
                TlsConnection tls = connection.tls().get();
                facts.put("tls", tls.protocol() + ", " + tls.cipher());
                certificate(tls.certificate());
                facts.put("requiretls", requireTls(connection));
            } else {
                how = "mail goes in clear text: " + connection.clearTextReason();
            }
            String tested = DeliveryTrail.shortfall(decision, handshake, connection)
                    .map(shortfall -> "; the domain's policy, were it enforced, would keep it: " + shortfall)
                    .orElse("");
            return new Host(facts, chain, true, how + tested);
        }

        /** What becomes of mail that requires TLS all the way (RFC 8689). */
        private String requireTls(SmtpConnection connection) {
            if (!connection.server().offers(RequireTls.KEYWORD)) {
                return "not offered: mail that asks for it bounces";
            }
            try {
                return handshake
                        .shortfall(
                                policies.decideRequired(domain, endpoint.host()).requirement(),
                                endpoint.host(),
                                connection.tls())
                        .map(why -> "offered, but mail that asks for it bounces: " + why)
                        .orElse("offered: mail that asks for it goes");
            } catch (TlsPolicyUnavailableException unknown) {
                return "offered, but mail that asks for it waits: " + unknown.getMessage();
            }
        }

        private Host waiting(String why) {
            return new Host(facts, chain, false, "mail waits: " + why);
        }
    }
}
