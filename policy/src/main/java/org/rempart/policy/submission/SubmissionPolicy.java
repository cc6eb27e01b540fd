/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.submission;

import java.util.List;
import java.util.Objects;

/** What an account may do: the {@code <submission>} element. */
public final class SubmissionPolicy {
    private final IdentityPolicy identity;
    private final List<RateLimit> rates;
    private final List<FailureLimit> failures;
    private final List<UnusualUse> unusual;
    private final List<Delegation> delegations;
    private final SpoofedPolicy spoofed;
    private final HeldMail heldMail;

    private SubmissionPolicy(
            IdentityPolicy identity,
            List<RateLimit> rates,
            List<FailureLimit> failures,
            List<UnusualUse> unusual,
            List<Delegation> delegations,
            SpoofedPolicy spoofed,
            HeldMail heldMail) {
        this.identity = Objects.requireNonNull(identity);
        this.rates = List.copyOf(rates);
        this.failures = List.copyOf(failures);
        this.unusual = List.copyOf(unusual);
        this.delegations = List.copyOf(delegations);
        this.spoofed = Objects.requireNonNull(spoofed);
        this.heldMail = Objects.requireNonNull(heldMail);
    }

    public static SubmissionPolicy of(IdentityPolicy identity, List<RateLimit> rates, List<FailureLimit> failures) {
        return new SubmissionPolicy(
                identity, rates, failures, List.of(), List.of(), SpoofedPolicy.byDefault(), HeldMail.REFUSE);
    }

    /** The same, with what is noticed besides. */
    public SubmissionPolicy noticing(List<UnusualUse> signs) {
        return new SubmissionPolicy(identity, rates, failures, signs, delegations, spoofed, heldMail);
    }

    public SubmissionPolicy with(List<Delegation> delegated, SpoofedPolicy ofOutsiders) {
        return new SubmissionPolicy(identity, rates, failures, unusual, delegated, ofOutsiders, heldMail);
    }

    public SubmissionPolicy with(HeldMail ofHeldAccounts) {
        return new SubmissionPolicy(identity, rates, failures, unusual, delegations, spoofed, ofHeldAccounts);
    }

    public IdentityPolicy identity() {
        return identity;
    }

    public List<RateLimit> rates() {
        return rates;
    }

    public List<FailureLimit> failures() {
        return failures;
    }

    /** As whom else accounts may write. */
    public List<Delegation> delegations() {
        return delegations;
    }

    /** What becomes of mail from outside that claims a domain of ours. */
    public SpoofedPolicy spoofed() {
        return spoofed;
    }

    /** What is noticed as unusual. */
    public List<UnusualUse> unusual() {
        return unusual;
    }

    /** What becomes of what held accounts submit. */
    public HeldMail heldMail() {
        return heldMail;
    }
}
