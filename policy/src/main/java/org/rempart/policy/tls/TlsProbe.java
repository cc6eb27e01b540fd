/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.tls;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.james.core.Domain;
import org.rempart.policy.Opener;

/**
 * Shows what TLS mail for a domain would get, and whether it would arrive, by connecting to the domain's servers; no mail
 * is sent. The delivery provides it as a {@link java.util.ServiceLoader service}, for commands that do not have it on their
 * class path.
 */
public interface TlsProbe {
    /**
     * Looks at a domain. Takes a minute or more where servers don't answer.
     *
     * @param policy the rules
     * @param files finds the files of trust anchors that the rules name
     * @param resolvers who is asked for names
     * @param ownName what this server says of itself in EHLO
     * @param port where the servers listen; 25 for mail
     * @throws IOException when a file that a rule names can't be read
     */
    Destination probe(
            TlsPolicy policy, Opener files, List<InetSocketAddress> resolvers, String ownName, Domain domain, int port)
            throws IOException;

    /** What was found of a domain. */
    final class Destination {
        private final Map<String, String> facts;
        private final List<Host> hosts;
        private final String problem;

        private Destination(Map<String, String> facts, List<Host> hosts, String problem) {
            this.facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
            this.hosts = List.copyOf(hosts);
            this.problem = problem;
        }

        /** A domain, and its hosts in the order in which mail would go to them. */
        public static Destination of(Map<String, String> facts, List<Host> hosts) {
            return new Destination(facts, hosts, null);
        }

        /** A domain of which no host could be asked. */
        public static Destination withoutHosts(Map<String, String> facts, String problem) {
            return new Destination(facts, List.of(), Objects.requireNonNull(problem));
        }

        /** What applies, by name: the level, who asks for it, the rule, what MTA-STS says. */
        public Map<String, String> facts() {
            return facts;
        }

        public List<Host> hosts() {
            return hosts;
        }

        /** Why there are no hosts. */
        public Optional<String> problem() {
            return Optional.ofNullable(problem);
        }

        /** Whether one of the hosts would get mail. */
        public boolean isDeliverable() {
            return hosts.stream().anyMatch(Host::isDeliverable);
        }
    }

    /** What was found of an MX host. */
    final class Host {
        private final Map<String, String> facts;
        private final List<String> chain;
        private final boolean deliverable;
        private final String outcome;

        /**
         * @param facts by name: the host, its address, whether it offers STARTTLS, TLS version, cipher, what the certificate
         *     proves
         * @param chain a line for each certificate that it sent, its own first
         * @param deliverable whether mail would go to it
         * @param outcome how, or why not
         */
        public Host(Map<String, String> facts, List<String> chain, boolean deliverable, String outcome) {
            this.facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
            this.chain = List.copyOf(chain);
            this.deliverable = deliverable;
            this.outcome = Objects.requireNonNull(outcome);
        }

        public Map<String, String> facts() {
            return facts;
        }

        public List<String> chain() {
            return chain;
        }

        public boolean isDeliverable() {
            return deliverable;
        }

        public String outcome() {
            return outcome;
        }
    }
}
