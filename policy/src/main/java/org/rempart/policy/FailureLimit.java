/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.time.Duration;
import java.util.Objects;

/**
 * How many login failures are borne: a {@code <failures>} element such as
 * {@code <failures per="address" limit="10/10m" then="block/1h"/>}.
 */
public final class FailureLimit {
    /** What the failures are counted by. */
    public enum Per {
        /** The client's address (IPv6: its /64 network). */
        ADDRESS,
        /** The account that the client names. */
        ACCOUNT
    }

    private final Per per;
    private final RateLimit.Quantity limit;
    private final Duration block;
    private final Rule rule;

    private FailureLimit(Per per, RateLimit.Quantity limit, Duration block, Rule rule) {
        this.per = Objects.requireNonNull(per);
        this.limit = Objects.requireNonNull(limit);
        this.block = Objects.requireNonNull(block);
        this.rule = Objects.requireNonNull(rule);
    }

    /**
     * @param limit the failures after which the block begins
     * @param block how long it lasts
     */
    public static FailureLimit of(Per per, RateLimit.Quantity limit, Duration block, Rule rule) {
        return new FailureLimit(per, limit, block, rule);
    }

    public Per per() {
        return per;
    }

    public RateLimit.Quantity limit() {
        return limit;
    }

    public Duration block() {
        return block;
    }

    public Rule rule() {
        return rule;
    }
}
