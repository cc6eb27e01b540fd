/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.submission;

import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.rempart.policy.Decision;
import org.rempart.policy.Rule;

/** Whether an account may write as an address: the {@code <identity>} element. */
public final class IdentityPolicy {
    private final IdentityRequirement envelope;
    private final IdentityRequirement header;
    private final Rule rule;

    private IdentityPolicy(IdentityRequirement envelope, IdentityRequirement header, Rule rule) {
        this.envelope = Objects.requireNonNull(envelope);
        this.header = Objects.requireNonNull(header);
        this.rule = Objects.requireNonNull(rule);
    }

    public static IdentityPolicy of(IdentityRequirement envelope, IdentityRequirement header, Rule rule) {
        return new IdentityPolicy(envelope, header, rule);
    }

    public IdentityRequirement envelope() {
        return envelope;
    }

    public IdentityRequirement header() {
        return header;
    }

    /** The rule itself. */
    public Rule rule() {
        return rule;
    }

    /**
     * Decides about the envelope sender. Each question is asked only when the answer counts, since it may cost a look-up.
     *
     * @param accountOwnsIt whether the address is the account's own
     * @param domainIsOurs whether the address's domain is one of ours
     * @return true: the account may use it
     */
    public Decision<Boolean> decideEnvelope(BooleanSupplier accountOwnsIt, BooleanSupplier domainIsOurs) {
        return decide(envelope, accountOwnsIt, domainIsOurs);
    }

    /** Decides about an address in From, Sender or Resent-From; the parameters are those of the envelope's. */
    public Decision<Boolean> decideHeader(BooleanSupplier accountOwnsIt, BooleanSupplier domainIsOurs) {
        return decide(header, accountOwnsIt, domainIsOurs);
    }

    private Decision<Boolean> decide(
            IdentityRequirement requirement, BooleanSupplier accountOwnsIt, BooleanSupplier domainIsOurs) {
        switch (requirement) {
            case OWN:
                return Decision.of(accountOwnsIt.getAsBoolean(), rule);
            case DOMAIN:
                return Decision.of(domainIsOurs.getAsBoolean() || accountOwnsIt.getAsBoolean(), rule);
            case ANY:
                return Decision.of(true, rule);
        }
        throw new AssertionError(requirement);
    }
}
