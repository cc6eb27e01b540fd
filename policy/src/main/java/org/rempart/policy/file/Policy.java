/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.rempart.policy.Networks;
import org.rempart.policy.Rule;
import org.rempart.policy.dkim.DkimPolicy;
import org.rempart.policy.filter.FilterPolicy;
import org.rempart.policy.forwards.ForwardPolicy;
import org.rempart.policy.forwards.SubaddressPolicy;
import org.rempart.policy.headers.HeaderPolicy;
import org.rempart.policy.headers.HeaderPreset;
import org.rempart.policy.inbound.InboundPolicy;
import org.rempart.policy.relay.RelayPolicy;
import org.rempart.policy.shared.SharedPolicy;
import org.rempart.policy.submission.IdentityPolicy;
import org.rempart.policy.submission.IdentityRequirement;
import org.rempart.policy.submission.SubmissionPolicy;
import org.rempart.policy.tls.TlsPolicy;
import org.rempart.policy.trail.AuditPolicy;

/**
 * The whole policy: what the policy file says, or the safe defaults where it says nothing. Immutable, and safe for use
 * by many threads.
 */
public final class Policy {
    private static final Policy DEFAULTS = new Policy(
            Networks.none(),
            RelayPolicy.of(
                    Networks.none(),
                    List.of(RelayPolicy.Allow.of(
                            Rule.byDefault("<allow authenticated=\"true\"/>"), true, null, List.of()))),
            SubmissionPolicy.of(
                    IdentityPolicy.of(
                            IdentityRequirement.OWN,
                            IdentityRequirement.OWN,
                            Rule.byDefault("<identity envelope=\"own\" header=\"own\"/>")),
                    List.of(),
                    List.of()),
            HeaderPolicy.builder()
                    .strip(HeaderPreset.CLIENT, Rule.byDefault("<strip preset=\"client\"/>"))
                    .strip(HeaderPreset.FILTER, Rule.byDefault("<strip preset=\"filter\"/>"))
                    .strip(HeaderPreset.EXCHANGE, Rule.byDefault("<strip preset=\"exchange\"/>"))
                    .build(),
            SubaddressPolicy.byDefault(),
            ForwardPolicy.byDefault(),
            DkimPolicy.none(),
            InboundPolicy.byDefault(),
            FilterPolicy.none(),
            TlsPolicy.builder().build(),
            AuditPolicy.of(AuditPolicy.Form.PLAIN, AuditPolicy.Form.HASHED),
            null,
            List.of());

    private final Networks networks;
    private final RelayPolicy relay;
    private final SubmissionPolicy submission;
    private final HeaderPolicy headers;
    private final SubaddressPolicy subaddresses;
    private final ForwardPolicy forwards;
    private final DkimPolicy dkim;
    private final InboundPolicy inbound;
    private final FilterPolicy filters;
    private final TlsPolicy tls;
    private final AuditPolicy audit;
    private final SharedPolicy shared;
    private final List<String> warnings;

    Policy(
            Networks networks,
            RelayPolicy relay,
            SubmissionPolicy submission,
            HeaderPolicy headers,
            SubaddressPolicy subaddresses,
            ForwardPolicy forwards,
            DkimPolicy dkim,
            InboundPolicy inbound,
            FilterPolicy filters,
            TlsPolicy tls,
            AuditPolicy audit,
            SharedPolicy shared,
            List<String> warnings) {
        this.networks = Objects.requireNonNull(networks);
        this.relay = Objects.requireNonNull(relay);
        this.submission = Objects.requireNonNull(submission);
        this.headers = Objects.requireNonNull(headers);
        this.subaddresses = Objects.requireNonNull(subaddresses);
        this.forwards = Objects.requireNonNull(forwards);
        this.dkim = Objects.requireNonNull(dkim);
        this.inbound = Objects.requireNonNull(inbound);
        this.filters = Objects.requireNonNull(filters);
        this.tls = Objects.requireNonNull(tls);
        this.audit = Objects.requireNonNull(audit);
        this.shared = shared;
        this.warnings = List.copyOf(warnings);
    }

    Policy withWarnings(List<String> all) {
        return new Policy(
                networks,
                relay,
                submission,
                headers,
                subaddresses,
                forwards,
                dkim,
                inbound,
                filters,
                tls,
                audit,
                shared,
                all);
    }

    /** The safe defaults: what applies where there is no policy file. */
    public static Policy defaults() {
        return DEFAULTS;
    }

    public Networks networks() {
        return networks;
    }

    public RelayPolicy relay() {
        return relay;
    }

    public SubmissionPolicy submission() {
        return submission;
    }

    public HeaderPolicy headers() {
        return headers;
    }

    public SubaddressPolicy subaddresses() {
        return subaddresses;
    }

    public ForwardPolicy forwards() {
        return forwards;
    }

    public DkimPolicy dkim() {
        return dkim;
    }

    public InboundPolicy inbound() {
        return inbound;
    }

    public FilterPolicy filters() {
        return filters;
    }

    public TlsPolicy tls() {
        return tls;
    }

    /** The exceptions that the policy makes, each by the rule that makes it. */
    public List<Rule> exceptions() {
        List<Rule> exceptions = new ArrayList<>(tls.exceptions());
        exceptions.addAll(submission.spoofed().exceptions());
        exceptions.addAll(inbound.exceptions());
        exceptions.addAll(filters.exceptions());
        shared().filter(SharedPolicy::isException).map(SharedPolicy::rule).ifPresent(exceptions::add);
        return exceptions;
    }

    public AuditPolicy audit() {
        return audit;
    }

    /** Where the servers of a cluster keep what they share; empty for a server that is alone. */
    public Optional<SharedPolicy> shared() {
        return Optional.ofNullable(shared);
    }

    /**
     * What is odd but no fault, each with its place: a rule that another one shadows, a network that nothing names.
     */
    public List<String> warnings() {
        return warnings;
    }
}
