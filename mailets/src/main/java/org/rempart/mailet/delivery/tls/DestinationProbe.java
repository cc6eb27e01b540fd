/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.james.core.Domain;
import org.rempart.message.dns.DnsJavaSecureDns;
import org.rempart.policy.Opener;
import org.rempart.policy.tls.Dnssec;
import org.rempart.policy.tls.Fingerprint;
import org.rempart.policy.tls.TlsLevel;
import org.rempart.policy.tls.TlsPolicy;
import org.rempart.policy.tls.TlsProbe;

/** Asks the servers of a domain as the delivery would, up to the handshake. */
public final class DestinationProbe implements TlsProbe {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    @Override
    public Destination probe(TlsPolicy policy, Opener files, Dns dns, Domain domain, int port) throws IOException {
        LocalTlsRules local = LocalTlsRules.read(policy, files);
        try (MtaSts mtaSts = MtaSts.open(new ProbeDns(dns), Optional.empty(), policy.protocols());
                TlsHandshake handshake = new TlsHandshake(DEADLINE)) {
            Optional<Dane> dane = dane(policy, files, dns, port);
            TlsPolicies policies = new TlsPolicies(local, dane, policy.mtaSts() ? List.of(mtaSts) : List.of());
            Map<String, String> facts = new LinkedHashMap<>();
            facts.put("domain", domain.asString());
            List<String> hosts = hosts(dns, domain);
            if (dane.isEmpty()) {
                decided(facts, policies.decide(domain, hosts.get(0)));
            }
            facts.put("mta-sts", policy.mtaSts() ? mtaSts.describe(domain) : "switched off");
            List<Host> found = new ArrayList<>();
            for (String host : hosts) {
                found.add(probe(policies, dane.isPresent(), dns, handshake, domain, host, port));
            }
            return Destination.of(facts, found);
        } catch (TlsPolicyUnavailableException | NoHostException unknown) {
            return Destination.withoutHosts(Map.of("domain", domain.asString()), String.valueOf(unknown.getMessage()));
        }
    }

    private static Optional<Dane> dane(TlsPolicy policy, Opener files, Dns dns, int port) throws IOException {
        if (policy.dnssec() == Dnssec.OFF) {
            return Optional.empty();
        }
        return Optional.of(new Dane(
                DnsJavaSecureDns.of(policy.dnssec(), TrustAnchors.opened(policy.rootAnchors(), files), dns.servers()),
                port));
    }

    private static void decided(Map<String, String> facts, TlsDecision decision) {
        facts.put("level", decision.requirement().level().keyword());
        facts.put("decided by", decision.requirement().source() + ", since " + decision.why());
        facts.put("rule", decision.requirement().rule().toString());
    }

    /** @param perHost whether one host's level may be another's, and is told with it */
    private static Host probe(
            TlsPolicies policies,
            boolean perHost,
            Dns dns,
            TlsHandshake handshake,
            Domain domain,
            String host,
            int port) {
        try {
            HostProbe probe = new HostProbe(dns, handshake, policies.decide(domain, host), host, port);
            if (perHost) {
                decided(probe.facts, probe.decision);
            }
            return probe.host();
        } catch (TlsPolicyUnavailableException unknown) {
            return new Host(Map.of("host", host), List.of(), false, "mail waits: " + unknown.getMessage());
        }
    }

    private static List<String> hosts(Dns dns, Domain domain) throws NoHostException {
        List<String> hosts;
        try {
            hosts = dns.mx(domain.asString());
        } catch (IOException unanswered) {
            throw new NoHostException("the DNS does not say its MX: " + unanswered.getMessage(), unanswered);
        }
        if (hosts.equals(List.of(""))) {
            throw new NoHostException("the domain takes no mail (null MX, RFC 7505)", null);
        }
        return hosts.isEmpty() ? List.of(domain.asString()) : hosts;
    }

    /** A domain has no host to ask. */
    private static final class NoHostException extends Exception {
        private static final long serialVersionUID = 1L;

        NoHostException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Asks one host. */
    private static final class HostProbe {
        private final Dns dns;
        private final TlsHandshake handshake;
        private final TlsDecision decision;
        private final TlsRequirement requirement;
        private final String host;
        private final int port;
        private final Map<String, String> facts = new LinkedHashMap<>();
        private List<String> chain = List.of();

        HostProbe(Dns dns, TlsHandshake handshake, TlsDecision decision, String host, int port) {
            this.dns = dns;
            this.handshake = handshake;
            this.decision = decision;
            this.requirement = decision.requirement();
            this.host = host;
            this.port = port;
            facts.put("host", host);
        }

        Host host() {
            try (SmtpGreeting peer = SmtpGreeting.of(dns.addresses(host), port, DEADLINE)) {
                facts.put("address", peer.address());
                facts.put("starttls", peer.offersStartTls() ? "offered" : "not offered");
                Host asked = asked(peer);
                return requirement
                        .refusal(host)
                        .map(why -> new Host(facts, chain, false, "no mail goes to it: " + why))
                        .orElse(asked);
            } catch (IOException failure) {
                return waiting("it can't be asked (" + failure.getMessage() + ")");
            }
        }

        private Host asked(SmtpGreeting peer) throws IOException {
            if (requirement.level() == TlsLevel.NONE) {
                return going("mail goes in clear text, as the rule says");
            }
            if (!peer.offersStartTls()) {
                return withoutTls("it does not offer STARTTLS");
            }
            String answer = peer.startTls();
            if (!answer.startsWith("220")) {
                return withoutTls("it refuses STARTTLS (" + answer + ")");
            }
            try {
                TlsConnection connection = handshake.start(peer.socket(), 0, requirement, host);
                facts.put("tls", connection.protocol() + ", " + connection.cipher());
                certificate(connection.certificate());
                String tested = tested(Optional.of(connection));
                connection.socket().close();
                return going("mail goes under TLS" + tested);
            } catch (TlsFailureException failure) {
                failure.certificate().ifPresent(this::certificate);
                return withoutTls(String.valueOf(failure.getMessage()));
            }
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

        private Host withoutTls(String reason) {
            return requirement.allowsClearText()
                    ? going("mail goes in clear text: " + reason + tested(Optional.empty()))
                    : waiting(reason);
        }

        private String tested(Optional<TlsConnection> connection) {
            return decision.tested()
                    .flatMap(tested -> handshake.shortfall(tested, host, connection))
                    .map(shortfall -> "; the domain's policy, were it enforced, would keep it: " + shortfall)
                    .orElse("");
        }

        private Host going(String how) {
            return new Host(facts, chain, true, how);
        }

        private Host waiting(String why) {
            return new Host(facts, chain, false, "mail waits: " + why);
        }
    }
}
