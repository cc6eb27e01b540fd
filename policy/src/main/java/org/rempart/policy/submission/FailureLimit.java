/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.submission;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.rempart.policy.Networks;
import org.rempart.policy.Rule;

/**
 * How many login failures are borne: a {@code <failures>} element such as
 * {@code <failures per="address" limit="10/10m" delay="1s" then="block/1h" exempt="office"/>}.
 */
public final class FailureLimit {
    /** What the failures are counted by. */
    public enum Per {
        /** The client's address (IPv6: its /64 network). */
        ADDRESS,
        /** The account that the client names. */
        ACCOUNT,
        /** The password: at how many accounts one and the same was wrong. */
        PASSWORD
    }

    private final Per per;
    private final RateLimit.Quantity limit;
    private final Duration block;
    private final Duration delay;
    private final Networks networks;
    private final Set<String> exempt;
    private final Rule rule;

    private FailureLimit(
            Per per,
            RateLimit.Quantity limit,
            Duration block,
            Duration delay,
            Networks networks,
            Set<String> exempt,
            Rule rule) {
        this.per = Objects.requireNonNull(per);
        this.limit = Objects.requireNonNull(limit);
        this.block = Objects.requireNonNull(block);
        this.delay = delay;
        this.networks = Objects.requireNonNull(networks);
        this.exempt = Set.copyOf(exempt);
        this.rule = Objects.requireNonNull(rule);
    }

    /**
     * @param limit the failures after which the block begins
     * @param block how long it lasts
     */
    public static FailureLimit of(Per per, RateLimit.Quantity limit, Duration block, Rule rule) {
        return new FailureLimit(per, limit, block, null, Networks.none(), Set.of(), rule);
    }

    /** The same, with a pause after a failure, which doubles with each. */
    public FailureLimit withDelay(Duration first) {
        return new FailureLimit(per, limit, block, first, networks, exempt, rule);
    }

    /**
     * The same, but for clients in these networks.
     *
     * @param exempted names of networks
     */
    public FailureLimit exempting(Networks all, Set<String> exempted) {
        return new FailureLimit(per, limit, block, delay, all, exempted, rule);
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

    /**
     * How long after the first failure within the window no other attempt is looked at; twice as long after the second, and
     * so on, up to a minute. Empty for no pause.
     */
    public Optional<Duration> delay() {
        return Optional.ofNullable(delay);
    }

    /** Whether the failures of a client at this address count. */
    public boolean appliesTo(InetAddress client) {
        return exempt.stream().noneMatch(name -> networks.contains(name, client));
    }

    public Rule rule() {
        return rule;
    }
}
