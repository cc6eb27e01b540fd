/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.submission;

import java.util.Objects;
import org.rempart.policy.Rule;

/**
 * What an account's owner hardly does, and a thief of its password does: an {@code <unusual>} element such as
 * {@code <unusual networks="10/1h" then="notify"/>}.
 */
public final class UnusualUse {
    /** What is counted. */
    public enum Sign {
        /** Networks that the account logs in from; of IPv4 the /24, of IPv6 the /48, which a site has (RFC 6177). */
        NETWORKS,
        /** Recipients that are refused. */
        REFUSED
    }

    /** What follows. */
    public enum Then {
        /** The postmaster is told. */
        NOTIFY,
        /** The postmaster is told, and the account may not send until an administrator releases it. */
        HOLD
    }

    private final Sign sign;
    private final RateLimit.Quantity limit;
    private final Then then;
    private final Rule rule;

    private UnusualUse(Sign sign, RateLimit.Quantity limit, Then then, Rule rule) {
        this.sign = Objects.requireNonNull(sign);
        this.limit = Objects.requireNonNull(limit);
        this.then = Objects.requireNonNull(then);
        this.rule = Objects.requireNonNull(rule);
    }

    /** @param limit what is still usual */
    public static UnusualUse of(Sign sign, RateLimit.Quantity limit, Then then, Rule rule) {
        return new UnusualUse(sign, limit, then, rule);
    }

    public Sign sign() {
        return sign;
    }

    /** What is still usual. */
    public RateLimit.Quantity limit() {
        return limit;
    }

    public Then then() {
        return then;
    }

    public Rule rule() {
        return rule;
    }
}
