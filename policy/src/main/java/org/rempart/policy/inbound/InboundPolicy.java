/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.inbound;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.DomainTable;
import org.rempart.policy.Networks;
import org.rempart.policy.Rule;

/** What becomes of mail from outside by what was proven of its sender: the {@code <inbound>} element. */
public final class InboundPolicy {
    private final boolean proof;
    private final Decision<FailedHandling> reject;
    private final Decision<FailedHandling> quarantine;
    private final Decision<UnansweredHandling> unanswered;
    private final Networks networks;
    private final Map<String, Rule> exceptNetworks;
    private final Map<DomainPattern, Rule> exceptDomains;
    private final DomainTable<Rule> byDomain;
    private final Map<String, Rule> exceptSealers;
    private final MailAddress reports;

    private InboundPolicy(
            boolean proof,
            Decision<FailedHandling> reject,
            Decision<FailedHandling> quarantine,
            Decision<UnansweredHandling> unanswered,
            Networks networks,
            Map<String, Rule> exceptNetworks,
            Map<DomainPattern, Rule> exceptDomains,
            Map<String, Rule> exceptSealers,
            MailAddress reports) {
        this.proof = proof;
        this.reject = Objects.requireNonNull(reject);
        this.quarantine = Objects.requireNonNull(quarantine);
        this.unanswered = Objects.requireNonNull(unanswered);
        this.networks = Objects.requireNonNull(networks);
        this.exceptNetworks = Map.copyOf(exceptNetworks);
        this.exceptDomains = Map.copyOf(exceptDomains);
        this.byDomain = DomainTable.of(exceptDomains);
        this.exceptSealers = Map.copyOf(exceptSealers);
        this.reports = reports;
    }

    /** What applies where nothing is said: what the domain of From asks to be refused is, and the rest is taken. */
    public static InboundPolicy byDefault() {
        Rule rule = Rule.byDefault("<dmarc reject=\"refuse\" quarantine=\"junk\" unanswered=\"accept\"/>");
        return of(
                true,
                Decision.of(FailedHandling.REFUSE, rule),
                Decision.of(FailedHandling.JUNK, rule),
                Decision.of(UnansweredHandling.ACCEPT, rule),
                Networks.none(),
                Map.of(),
                Map.of(),
                Map.of());
    }

    /**
     * A policy.
     *
     * @param proof whether senders are looked at
     * @param reject what becomes of mail that fails, where its domain asks to refuse it
     * @param quarantine the same where it asks to put it aside
     * @param unanswered what becomes of mail of which the DNS does not say in time
     * @param exceptNetworks by the name of the network from which mail that fails is taken
     * @param exceptDomains by the domain of From
     * @param exceptSealers by the domain of the server whose word is taken, that mail was proven when it came to it
     */
    public static InboundPolicy of(
            boolean proof,
            Decision<FailedHandling> reject,
            Decision<FailedHandling> quarantine,
            Decision<UnansweredHandling> unanswered,
            Networks networks,
            Map<String, Rule> exceptNetworks,
            Map<DomainPattern, Rule> exceptDomains,
            Map<String, Rule> exceptSealers) {
        return new InboundPolicy(
                proof, reject, quarantine, unanswered, networks, exceptNetworks, exceptDomains, exceptSealers, null);
    }

    /** The same, with reports to the domains that ask for them (RFC 7489, section 7.2), sent from an address. */
    public InboundPolicy withReports(MailAddress from) {
        return new InboundPolicy(
                proof,
                reject,
                quarantine,
                unanswered,
                networks,
                exceptNetworks,
                exceptDomains,
                exceptSealers,
                Objects.requireNonNull(from));
    }

    /** The address that reports to other domains come from; empty where none are sent. */
    public Optional<MailAddress> reports() {
        return Optional.ofNullable(reports);
    }

    /** The same, but senders are not looked at, by a rule. */
    public InboundPolicy withoutProof(Rule rule) {
        return of(
                false,
                Decision.of(FailedHandling.ACCEPT, rule),
                Decision.of(FailedHandling.ACCEPT, rule),
                Decision.of(UnansweredHandling.ACCEPT, rule),
                networks,
                Map.of(),
                Map.of(),
                Map.of());
    }

    /** Whether senders are looked at. */
    public boolean proof() {
        return proof;
    }

    /**
     * What becomes of mail that fails where its domain asks to refuse it.
     *
     * @param client the connection's real address
     * @param from the domain of From
     * @param sealer the domain of the server that says by a seal that holds (ARC) that it was proven when it came to it
     */
    public Decision<FailedHandling> onReject(InetAddress client, String from, Optional<String> sealer) {
        return orExcepted(reject, client, from, sealer);
    }

    /** The same where it asks to put it aside. */
    public Decision<FailedHandling> onQuarantine(InetAddress client, String from, Optional<String> sealer) {
        return orExcepted(quarantine, client, from, sealer);
    }

    private Decision<FailedHandling> orExcepted(
            Decision<FailedHandling> decision, InetAddress client, String from, Optional<String> sealer) {
        Optional<Rule> trusted = sealer.map(exceptSealers::get);
        if (trusted.isPresent()) {
            return Decision.of(FailedHandling.ACCEPT, trusted.get());
        }
        if (!exceptNetworks.isEmpty()) {
            for (String network : networks.containing(client)) {
                Rule exception = exceptNetworks.get(network);
                if (exception != null) {
                    return Decision.of(FailedHandling.ACCEPT, exception);
                }
            }
        }
        if (exceptDomains.isEmpty() || from.isEmpty()) {
            return decision;
        }
        return byDomain.find(Domain.of(from))
                .map(exception -> Decision.of(FailedHandling.ACCEPT, exception))
                .orElse(decision);
    }

    /** What becomes of mail of which the DNS does not say in time whether it fails. */
    public Decision<UnansweredHandling> unanswered() {
        return unanswered;
    }

    /** The rules of the exceptions. */
    public List<Rule> exceptions() {
        List<Rule> exceptions = new ArrayList<>(exceptNetworks.values());
        exceptions.addAll(exceptDomains.values());
        exceptions.addAll(exceptSealers.values());
        return exceptions;
    }
}
