/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.net.InetAddress;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.james.core.Domain;

/** TLS rules for every path: the {@code <tls>} element. */
public final class TlsPolicy {
    private final List<String> protocols;
    private final Networks networks;
    private final Decision<ClientTls> clients;
    private final Map<String, Decision<ClientTls>> exceptions;
    private final DomainTable<Decision<TlsLevel>> outbound;
    private final Decision<TlsLevel> outboundDefault;
    private final Set<TlsLevel> usedLevels;

    private TlsPolicy(Builder builder) {
        this.protocols = List.copyOf(builder.protocols);
        this.networks = builder.networks;
        this.clients = builder.clients;
        this.exceptions = Map.copyOf(builder.exceptions);
        this.outbound = DomainTable.of(builder.outbound);
        this.outboundDefault = builder.outboundDefault;
        EnumSet<TlsLevel> levels = EnumSet.of(outboundDefault.verdict());
        builder.outbound.values().forEach(decision -> levels.add(decision.verdict()));
        this.usedLevels = Collections.unmodifiableSet(levels);
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

    /** The level for mail to this domain: that of the most specific rule, else the default. */
    public Decision<TlsLevel> outbound(Domain recipientDomain) {
        return outbound.find(recipientDomain).orElse(outboundDefault);
    }

    /** The levels that mail to some domain or other gets. */
    public Set<TlsLevel> usedLevels() {
        return usedLevels;
    }

    /** The level for mail to a domain that no rule names. */
    public Decision<TlsLevel> outboundDefault() {
        return outboundDefault;
    }

    /** Collects the rules. Starts as the safe defaults: TLS 1.3 and 1.2, required of clients, opportunistic outbound. */
    public static final class Builder {
        private List<String> protocols = List.of("TLSv1.3", "TLSv1.2");
        private Networks networks = Networks.none();
        private Decision<ClientTls> clients =
                Decision.of(ClientTls.REQUIRED, Rule.byDefault("<clients>required</clients>"));
        private Map<String, Decision<ClientTls>> exceptions = Map.of();
        private Map<DomainPattern, Decision<TlsLevel>> outbound = Map.of();
        private Decision<TlsLevel> outboundDefault =
                Decision.of(TlsLevel.OPPORTUNISTIC, Rule.byDefault("<outbound default=\"opportunistic\">"));

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

        public Builder outbound(Map<DomainPattern, Decision<TlsLevel>> value) {
            this.outbound = Objects.requireNonNull(value);
            return this;
        }

        public Builder outboundDefault(Decision<TlsLevel> value) {
            this.outboundDefault = Objects.requireNonNull(value);
            return this;
        }

        public TlsPolicy build() {
            return new TlsPolicy(this);
        }
    }
}
