/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.relay;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.james.core.Domain;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.Networks;
import org.rempart.policy.Rule;

/**
 * Who may send to domains that are not ours: the {@code <relay>} element. The {@code <allow>} rules are alternatives;
 * all attributes of one have to hold.
 */
public final class RelayPolicy {
    private static final Rule OUR_DOMAIN = Rule.byDefault("the recipient's domain is ours");
    private static final Rule NOT_ALLOWED = Rule.byDefault("no <allow> of <relay> applies");

    private final Networks networks;
    private final List<Allow> anywhere;
    private final Map<String, List<Allow>> byNetwork;
    private final List<Allow> rules;

    private RelayPolicy(Networks networks, List<Allow> rules) {
        this.networks = Objects.requireNonNull(networks);
        this.rules = List.copyOf(rules);
        List<Allow> anywhere = new ArrayList<>();
        Map<String, List<Allow>> byNetwork = new LinkedHashMap<>();
        for (Allow rule : rules) {
            if (rule.network == null) {
                anywhere.add(rule);
            } else {
                byNetwork
                        .computeIfAbsent(rule.network, name -> new ArrayList<>())
                        .add(rule);
            }
        }
        this.anywhere = List.copyOf(anywhere);
        this.byNetwork = Map.copyOf(byNetwork);
    }

    /**
     * @param networks the networks that the rules name
     * @param rules the alternatives; with none, nobody may relay
     */
    public static RelayPolicy of(Networks networks, List<Allow> rules) {
        return new RelayPolicy(networks, rules);
    }

    /** Decides one recipient. */
    public Decision<RelayVerdict> decide(RelayRequest request) {
        if (request.recipientIsOurs()) {
            return Decision.of(RelayVerdict.LOCAL, OUR_DOMAIN);
        }
        for (Allow rule : anywhere) {
            if (rule.admits(request)) {
                return Decision.of(RelayVerdict.ALLOWED, rule.rule);
            }
        }
        if (!byNetwork.isEmpty()) {
            for (String network : networks.containing(request.client())) {
                for (Allow rule : byNetwork.getOrDefault(network, List.of())) {
                    if (rule.admits(request)) {
                        return Decision.of(RelayVerdict.ALLOWED, rule.rule);
                    }
                }
            }
        }
        return Decision.of(RelayVerdict.DENIED, NOT_ALLOWED);
    }

    /** The alternatives, in the order of the file. */
    public List<Allow> rules() {
        return rules;
    }

    /** One {@code <allow>}: it holds when every condition that it states does. */
    public static final class Allow {
        private final Rule rule;
        private final boolean authenticated;
        private final String network;
        private final List<DomainPattern> senderDomains;
        private final boolean needsProof;

        private Allow(
                Rule rule,
                boolean authenticated,
                String network,
                List<DomainPattern> senderDomains,
                boolean needsProof) {
            this.rule = Objects.requireNonNull(rule);
            this.authenticated = authenticated;
            this.network = network;
            this.senderDomains = List.copyOf(senderDomains);
            this.needsProof = needsProof;
        }

        /**
         * @param rule the rule as written
         * @param authenticated whether the client must have proved an account
         * @param network the name of the network that the client must be in, or null for anywhere
         * @param senderDomains the domains of which the envelope sender must be; empty for any sender
         * @throws IllegalArgumentException when neither authentication nor a network is asked for: what a client says of
         *     its own sender address opens nothing by itself
         */
        public static Allow of(Rule rule, boolean authenticated, String network, List<DomainPattern> senderDomains) {
            if (!authenticated && network == null) {
                throw new IllegalArgumentException("a sender domain alone never opens relay: " + rule);
            }
            return new Allow(rule, authenticated, network, senderDomains, false);
        }

        /** The same, for mail that passes DMARC alone. */
        public Allow withProof() {
            return new Allow(rule, authenticated, network, senderDomains, true);
        }

        /** Whether the mail has to pass DMARC. */
        public boolean needsProof() {
            return needsProof;
        }

        public Rule rule() {
            return rule;
        }

        public boolean authenticated() {
            return authenticated;
        }

        public Optional<String> network() {
            return Optional.ofNullable(network);
        }

        public List<DomainPattern> senderDomains() {
            return senderDomains;
        }

        /** Whether this admits every request that the other rule admits. */
        public boolean admitsAllOf(Allow other) {
            return (!authenticated || other.authenticated)
                    && (!needsProof || other.needsProof)
                    && (network == null || network.equals(other.network))
                    && (senderDomains.isEmpty()
                            || (!other.senderDomains.isEmpty()
                                    && other.senderDomains.stream().allMatch(this::admitsSendersOf)));
        }

        private boolean admitsSendersOf(DomainPattern senders) {
            return senderDomains.stream().anyMatch(pattern -> pattern.covers(senders));
        }

        /** Whether the conditions other than the network hold; the network was looked up before. */
        private boolean admits(RelayRequest request) {
            if ((authenticated && !request.authenticated()) || (needsProof && !request.isProven())) {
                return false;
            }
            if (senderDomains.isEmpty()) {
                return true;
            }
            Optional<Domain> sender = request.senderDomain();
            return sender.isPresent() && senderDomains.stream().anyMatch(pattern -> pattern.matches(sender.get()));
        }
    }
}
