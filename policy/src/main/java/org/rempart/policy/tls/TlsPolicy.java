/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.tls;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.DomainTable;
import org.rempart.policy.Networks;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;

/** TLS rules for every path: the {@code <tls>} element. */
public final class TlsPolicy {
    private final List<String> protocols;
    private final Networks networks;
    private final Decision<ClientTls> clients;
    private final Map<String, Decision<ClientTls>> exceptions;
    private final DomainTable<Decision<OutboundTls>> outbound;
    private final Decision<OutboundTls> outboundDefault;
    private final List<Decision<OutboundTls>> outboundRules;
    private final Set<TlsLevel> usedLevels;
    private final boolean mtaSts;
    private final Dnssec dnssec;
    private final String rootAnchors;
    private final MailAddress reports;
    private final boolean sendersWaive;
    private final MtaStsPublication publication;

    private TlsPolicy(Builder builder) {
        this.protocols = List.copyOf(builder.protocols);
        this.networks = builder.networks;
        this.clients = builder.clients;
        this.exceptions = Map.copyOf(builder.exceptions);
        Map<DomainPattern, Decision<OutboundTls>> named = new LinkedHashMap<>(builder.outbound);
        Decision<OutboundTls> everything = named.remove(DomainPattern.everything());
        this.outbound = DomainTable.of(named);
        this.outboundDefault = everything == null ? builder.outboundDefault : everything;
        List<Decision<OutboundTls>> rules = new ArrayList<>(named.values());
        rules.add(outboundDefault);
        this.outboundRules = List.copyOf(rules);
        EnumSet<TlsLevel> levels = EnumSet.noneOf(TlsLevel.class);
        rules.forEach(rule -> levels.add(rule.verdict().level()));
        this.usedLevels = Collections.unmodifiableSet(levels);
        this.mtaSts = builder.mtaSts;
        this.dnssec = builder.dnssec;
        this.rootAnchors = builder.rootAnchors;
        this.reports = builder.reports;
        this.sendersWaive = builder.sendersWaive;
        this.publication = builder.publication;
    }

    /**
     * The rules of the parameter {@code <tls>} of a mailet: {@code bank.example=verify, *.gov.example=encrypt,
     * *=opportunistic}, a domain as in the policy file and a level. Without {@code *}, the default is opportunistic. What
     * needs more than a level (names, fingerprints, own trust anchors) is only in the policy file.
     *
     * @throws PolicyException when it can't be read
     */
    public static TlsPolicy inline(String written) throws PolicyException {
        return InlineTlsReader.read(written);
    }

    public static Builder builder() {
        return new Builder();
    }

    /** The protocol versions in use, by their JSSE names ({@code TLSv1.3}, {@code TLSv1.2}), the preferred first. */
    public List<String> protocols() {
        return protocols;
    }

    /**
     * Whether a client that submits mail must use TLS.
     *
     * @param client the connection's real address
     */
    public Decision<ClientTls> clients(InetAddress client) {
        if (!exceptions.isEmpty()) {
            for (String network : networks.containing(client)) {
                Decision<ClientTls> exception = exceptions.get(network);
                if (exception != null) {
                    return exception;
                }
            }
        }
        return clients;
    }

    /** The rules by which some clients may do without TLS. */
    public List<Rule> exceptions() {
        return exceptions.values().stream().map(Decision::rule).collect(Collectors.toList());
    }

    /** What mail to this domain gets: what the most specific rule says, else the default. */
    public Decision<OutboundTls> outbound(Domain recipientDomain) {
        return outboundNamed(recipientDomain).orElse(outboundDefault);
    }

    /** What the most specific rule says that names this domain, by itself or below {@code *.}; a rule for {@code *} names none. */
    public Optional<Decision<OutboundTls>> outboundNamed(Domain recipientDomain) {
        return outbound.find(recipientDomain);
    }

    /** Every rule for mail that leaves, the default among them. */
    public List<Decision<OutboundTls>> outboundRules() {
        return outboundRules;
    }

    /** The levels that mail to some domain or other gets. */
    public Set<TlsLevel> usedLevels() {
        return usedLevels;
    }

    /** What mail to a domain gets that no rule names: what the rule for {@code *} says, else the default. */
    public Decision<OutboundTls> outboundDefault() {
        return outboundDefault;
    }

    /** Whether domains that no rule names may ask for more by MTA-STS (RFC 8461). */
    public boolean mtaSts() {
        return mtaSts;
    }

    /** Who proves what the DNS says; where somebody does, TLSA records (DANE, RFC 7672) bind as MTA-STS does, and before it. */
    public Dnssec dnssec() {
        return dnssec;
    }

    /** The file with the root's keys, DS or DNSKEY records as in a zone file; empty: those that come with Rempart. */
    public Optional<String> rootAnchors() {
        return Optional.ofNullable(rootAnchors);
    }

    /** Who sends reports about TLS to domains that want some (RFC 8460); empty: nobody. */
    public Optional<MailAddress> reports() {
        return Optional.ofNullable(reports);
    }

    /** Whether {@code TLS-Required: No} of a message (RFC 8689, section 5) takes from it what recipients' domains ask for. */
    public boolean sendersWaive() {
        return sendersWaive;
    }

    /** The MTA-STS policy of our own domains that this server serves; empty: none. */
    public Optional<MtaStsPublication> publication() {
        return Optional.ofNullable(publication);
    }

    /** Collects the rules. Starts as the safe defaults: TLS 1.3 and 1.2, required of clients, opportunistic outbound. */
    public static final class Builder {
        private List<String> protocols = List.of("TLSv1.3", "TLSv1.2");
        private Networks networks = Networks.none();
        private Decision<ClientTls> clients =
                Decision.of(ClientTls.REQUIRED, Rule.byDefault("<clients>required</clients>"));
        private Map<String, Decision<ClientTls>> exceptions = Map.of();
        private Map<DomainPattern, Decision<OutboundTls>> outbound = Map.of();
        private Decision<OutboundTls> outboundDefault = Decision.of(
                OutboundTls.of(TlsLevel.OPPORTUNISTIC), Rule.byDefault("<outbound default=\"opportunistic\">"));
        private boolean mtaSts = true;
        private Dnssec dnssec = Dnssec.OFF;
        private String rootAnchors;
        private MailAddress reports;
        private boolean sendersWaive;
        private MtaStsPublication publication;

        private Builder() {}

        public Builder protocols(List<String> jsseNames) {
            this.protocols = Objects.requireNonNull(jsseNames);
            return this;
        }

        public Builder networks(Networks value) {
            this.networks = Objects.requireNonNull(value);
            return this;
        }

        public Builder clients(Decision<ClientTls> value) {
            this.clients = Objects.requireNonNull(value);
            return this;
        }

        /** Exceptions by the name of the network that has them. */
        public Builder exceptions(Map<String, Decision<ClientTls>> value) {
            this.exceptions = Objects.requireNonNull(value);
            return this;
        }

        public Builder outbound(Map<DomainPattern, Decision<OutboundTls>> value) {
            this.outbound = Objects.requireNonNull(value);
            return this;
        }

        public Builder outboundDefault(Decision<OutboundTls> value) {
            this.outboundDefault = Objects.requireNonNull(value);
            return this;
        }

        public Builder mtaSts(boolean value) {
            this.mtaSts = value;
            return this;
        }

        public Builder dnssec(Dnssec value, Optional<String> anchors) {
            this.dnssec = Objects.requireNonNull(value);
            this.rootAnchors = anchors.orElse(null);
            return this;
        }

        public Builder reports(Optional<MailAddress> from) {
            this.reports = from.orElse(null);
            return this;
        }

        public Builder sendersWaive(boolean value) {
            this.sendersWaive = value;
            return this;
        }

        public Builder publication(MtaStsPublication value) {
            this.publication = Objects.requireNonNull(value);
            return this;
        }

        public TlsPolicy build() {
            return new TlsPolicy(this);
        }
    }
}
