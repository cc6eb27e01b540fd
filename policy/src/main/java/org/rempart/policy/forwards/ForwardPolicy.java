/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.forwards;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.rempart.policy.Decision;
import org.rempart.policy.Rule;

/** What becomes of mail that an address of ours sends on to the outside: the {@code <forwards>} element. */
public final class ForwardPolicy {
    private static final Duration BOUNCES = Duration.ofDays(21);

    private final Decision<ForwardHandling> outside;
    private final String domain;
    private final Duration bounces;

    private ForwardPolicy(Decision<ForwardHandling> outside, String domain, Duration bounces) {
        this.outside = Objects.requireNonNull(outside);
        this.domain = domain;
        this.bounces = Objects.requireNonNull(bounces);
    }

    /** What applies where nothing is said: mail may go on, and bounces of it come back for {@code 21d}. */
    public static ForwardPolicy byDefault() {
        return new ForwardPolicy(
                Decision.of(ForwardHandling.ALLOW, Rule.byDefault("<forwards outside=\"allow\"/>")), null, BOUNCES);
    }

    /** The same, but for whether mail may go on. */
    public ForwardPolicy withOutside(Decision<ForwardHandling> handling) {
        return new ForwardPolicy(handling, domain, bounces);
    }

    /** The same, but for the domain of rewritten envelope senders. */
    public ForwardPolicy withDomain(String name) {
        return new ForwardPolicy(outside, Objects.requireNonNull(name), bounces);
    }

    /**
     * The same, but for how long bounces come back.
     *
     * @param age whole days
     */
    public ForwardPolicy withBounces(Duration age) {
        return new ForwardPolicy(outside, domain, age);
    }

    /** Whether mail may go on, and the rule that says so. */
    public Decision<ForwardHandling> outside() {
        return outside;
    }

    /** The domain of ours in which rewritten envelope senders stand; empty: the server's default domain. */
    public Optional<String> domain() {
        return Optional.ofNullable(domain);
    }

    /** How long the address of a rewritten envelope sender takes bounces. */
    public Duration bounces() {
        return bounces;
    }
}
