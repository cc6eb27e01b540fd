/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/** What is known of a domain's MTA-STS: its policy, or that it has none. Immutable. */
final class MtaStsEntry {
    /** A policy holds, and the absence of one is remembered, at least so long: some ask to be fetched for each mail. */
    static final Duration SHORTEST = Duration.ofMinutes(10);

    private static final Duration CLOCKS_DIFFER = Duration.ofHours(1);

    private final String domain;
    private final String id;
    private final MtaStsPolicy policy;
    private final Instant fetched;
    private final Instant checked;
    private final String reason;
    private final TlsResult failure;
    private final boolean uncertain;

    private MtaStsEntry(
            String domain,
            String id,
            MtaStsPolicy policy,
            Instant fetched,
            Instant checked,
            String reason,
            TlsResult failure,
            boolean uncertain) {
        this.domain = Objects.requireNonNull(domain);
        this.id = id;
        this.policy = policy;
        this.fetched = Objects.requireNonNull(fetched);
        this.checked = Objects.requireNonNull(checked);
        this.reason = reason;
        this.failure = failure;
        this.uncertain = uncertain;
    }

    static MtaStsEntry policy(String domain, String id, MtaStsPolicy policy, Instant fetched) {
        return new MtaStsEntry(
                domain,
                Objects.requireNonNull(id),
                Objects.requireNonNull(policy),
                fetched,
                fetched,
                null,
                null,
                false);
    }

    /** @param reason why there is none, in words */
    static MtaStsEntry none(String domain, Instant looked, String reason) {
        return new MtaStsEntry(domain, null, null, looked, looked, Objects.requireNonNull(reason), null, false);
    }

    /** The DNS does not say whether there is one. */
    static MtaStsEntry unanswered(String domain, Instant looked, String reason) {
        return new MtaStsEntry(domain, null, null, looked, looked, Objects.requireNonNull(reason), null, true);
    }

    /** The domain says that it has a policy, which can't be had or read. */
    static MtaStsEntry failed(String domain, Instant looked, MtaStsException failure) {
        return new MtaStsEntry(
                domain, null, null, looked, looked, String.valueOf(failure.getMessage()), failure.result(), true);
    }

    /** The same, looked at again and found unchanged, or not to be had again. */
    MtaStsEntry checkedAt(Instant now) {
        return new MtaStsEntry(domain, id, policy, fetched, now, reason, failure, uncertain);
    }

    String domain() {
        return domain;
    }

    Optional<MtaStsPolicy> policy() {
        return Optional.ofNullable(policy);
    }

    /** The id in the DNS when the policy was fetched. */
    String id() {
        return id;
    }

    Instant fetched() {
        return fetched;
    }

    /** When the DNS was asked last whether there is a newer one. */
    Instant checked() {
        return checked;
    }

    /** Why there is no policy. */
    Optional<String> reason() {
        return Optional.ofNullable(reason);
    }

    /** What keeps the domain's policy from being known. */
    Optional<TlsResult> failure() {
        return Optional.ofNullable(failure);
    }

    /** Whether there may be a policy that could not be had. */
    boolean isUncertain() {
        return uncertain;
    }

    /** When this holds no longer. */
    Instant end() {
        Duration life = policy == null || policy.maxAge().compareTo(SHORTEST) < 0 ? SHORTEST : policy.maxAge();
        return fetched.plus(life);
    }

    /** Whether this holds; not what was fetched under a clock that ran ahead, which would hold for as long as it did. */
    boolean holds(Instant now) {
        return now.isBefore(end()) && !now.isBefore(fetched.minus(CLOCKS_DIFFER));
    }

    /** How much memory it takes, in hosts. */
    int weight() {
        return policy == null ? 1 : 1 + policy.mx().size();
    }
}
