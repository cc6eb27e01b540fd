/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.util.Objects;

/**
 * What the policy says about some facts, and the rule that made it say so.
 *
 * @param <V> the kind of verdict
 */
public final class Decision<V> {
    private final V verdict;
    private final Rule rule;

    private Decision(V verdict, Rule rule) {
        this.verdict = Objects.requireNonNull(verdict);
        this.rule = Objects.requireNonNull(rule);
    }

    /** A decision, and the rule behind it. */
    public static <V> Decision<V> of(V verdict, Rule rule) {
        return new Decision<>(verdict, rule);
    }

    public V verdict() {
        return verdict;
    }

    /** The rule that made this decision, for the log and the audit trail; never for the answer to a client. */
    public Rule rule() {
        return rule;
    }

    @Override
    public String toString() {
        return verdict + " by " + rule;
    }
}
