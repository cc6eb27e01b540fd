/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.james.core.Domain;
import org.rempart.message.dns.SecureAnswer;
import org.rempart.message.dns.SecureDns;
import org.rempart.message.dns.UnansweredException;
import org.rempart.policy.tls.PeerName;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.TLSARecord;
import org.xbill.DNS.Type;

/**
 * DANE for SMTP (RFC 7672): the certificates or keys that the DNS names for an MX host, where DNSSEC proves them.
 *
 * <p>What is neither proven nor provably unsigned keeps mail from the host until the DNS says more. Where the MX records
 * themselves are unsigned, the records of a signed host bind all the same (section 2.2.1): a provider's records serve all
 * whose mail he takes.
 *
 * <p>Answers are remembered as long as they say, an hour at most; failures for 20 s. Safe for use by many threads.
 */
public final class Dane {
    private static final int MOST = 10_000;
    private static final Duration LONGEST_LIFE = Duration.ofHours(1);

    /** The look-ups for one host end within a minute: no new one begins after this, and each takes 30 s at most. */
    private static final long LATEST_NANOS = Duration.ofSeconds(30).toNanos();

    private final SecureDns dns;
    private final int port;
    private final LookUps<Route> routes = new LookUps<>(MOST);
    private final LookUps<DaneFinding> hosts = new LookUps<>(MOST);

    /** @param port of MX hosts; the records are those of {@code _25._tcp} for 25 */
    public Dane(SecureDns dns, int port) {
        this.dns = dns;
        this.port = port;
    }

    /** Which hosts the MX records of a domain name. */
    private static final class Route {
        private final boolean secure;
        private final String expanded;
        private final List<String> hosts;

        Route(SecureAnswer answer) {
            this.secure = answer.isSecure();
            this.expanded = answer.name();
            this.hosts = answer.records(MXRecord.class).stream()
                    .map(mx -> HostNames.normalise(mx.getTarget().toString()))
                    .collect(Collectors.toList());
        }
    }

    /**
     * What holds at an MX host for mail to a domain. Blocks for two minutes at most, while the DNS is asked.
     *
     * @param mxHost the host name of the MX record; where there is none, the domain
     * @throws TlsPolicyUnavailableException when the DNS does not say, or says what is not proven though it should be: no
     *     mail may go to the host then
     */
    DaneFinding find(Domain recipientDomain, String mxHost) throws TlsPolicyUnavailableException {
        String domain = HostNames.normalise(recipientDomain.asString());
        String host = HostNames.normalise(mxHost);
        if (HostNames.isAddress(domain) || HostNames.isAddress(host)) {
            return DaneFinding.none("an address has no TLSA records");
        }
        Route route = routes.get(domain, () -> route(domain));
        boolean direct = route.hosts.isEmpty() && host.equals(domain);
        if (route.secure && !direct && !route.hosts.contains(host)) {
            throw new TlsPolicyUnavailableException(
                    "DANE: the host " + host + " is not one that the signed MX records of " + domain + " name", null);
        }
        DaneFinding finding = findHost(host);
        if (!route.secure && !direct) {
            return finding.overUnprovenRoute("the MX records of " + domain + " are not signed");
        }
        // RFC 7672, section 3.2.2
        List<PeerName> names = new ArrayList<>(List.of(PeerName.exactly(finding.base()), PeerName.exactly(domain)));
        if (!route.expanded.equals(domain)) {
            names.add(PeerName.exactly(route.expanded));
        }
        return finding.kind() == DaneFinding.Kind.BINDING ? finding.with(names) : finding;
    }

    /**
     * What holds at a host that no MX record names, a gateway.
     *
     * @throws TlsPolicyUnavailableException as with {@link #find}
     */
    DaneFinding findHost(String gateway) throws TlsPolicyUnavailableException {
        String host = HostNames.normalise(gateway);
        return HostNames.isAddress(host)
                ? DaneFinding.none("an address has no TLSA records")
                : hosts.get(host, () -> host(host));
    }

    private LookUps.Answer<Route> route(String domain) throws UnansweredException {
        SecureAnswer answer = dns.ask(domain, Type.MX);
        return new LookUps.Answer<>(new Route(answer), life(answer));
    }

    private static Duration life(SecureAnswer answer) {
        return answer.timeToLive().compareTo(LONGEST_LIFE) < 0 ? answer.timeToLive() : LONGEST_LIFE;
    }

    private LookUps.Answer<DaneFinding> host(String host) throws UnansweredException {
        return new HostLookUp().run(host);
    }

    /** The look-ups for one host (RFC 7672, sections 2.2.2 and 2.2.3). */
    private final class HostLookUp {
        private final long begun = System.nanoTime();
        private Duration life = LONGEST_LIFE;

        private SecureAnswer ask(String name, int type) throws UnansweredException {
            if (System.nanoTime() - begun > LATEST_NANOS) {
                throw new UnansweredException(name, new java.io.IOException("the look-ups before took too long"));
            }
            SecureAnswer answer = dns.ask(name, type);
            if (life.compareTo(answer.timeToLive()) > 0) {
                life = answer.timeToLive();
            }
            return answer;
        }

        LookUps.Answer<DaneFinding> run(String host) throws UnansweredException {
            return new LookUps.Answer<>(found(host), life);
        }

        private DaneFinding found(String host) throws UnansweredException {
            // Servers that can't answer for TLSA are mostly those of unsigned zones: they are not asked.
            SecureAnswer four = ask(host, Type.A);
            SecureAnswer six = ask(host, Type.AAAA);
            String expanded = four.isEmpty() ? six.name() : four.name();
            List<String> bases;
            if (four.isSecure() && six.isSecure()) {
                bases = expanded.equals(host) ? List.of(host) : List.of(expanded, host);
            } else if (!expanded.equals(host) && ask(host, Type.CNAME).isSecure()) {
                bases = List.of(host);
            } else {
                return DaneFinding.none("the addresses of " + host + " are not signed");
            }
            for (String base : bases) {
                String owner = "_" + port + "._tcp." + base;
                SecureAnswer answer = ask(owner, Type.TLSA);
                if (answer.isSecure() && !answer.isEmpty()) {
                    return DaneFinding.of(
                            owner,
                            base,
                            answer.records(TLSARecord.class).stream()
                                    .map(record -> new Tlsa(
                                            record.getCertificateUsage(),
                                            record.getSelector(),
                                            record.getMatchingType(),
                                            record.getCertificateAssociationData()))
                                    .collect(Collectors.toList()));
                }
            }
            return DaneFinding.none("no signed TLSA record at _" + port + "._tcp." + bases.get(0));
        }
    }
}
