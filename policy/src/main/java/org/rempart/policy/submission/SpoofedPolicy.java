/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.submission;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.rempart.policy.Decision;
import org.rempart.policy.Networks;
import org.rempart.policy.Rule;

/**
 * What becomes of mail whose envelope sender or From is in a domain of ours, from a client that has proved no account:
 * the {@code <spoofed>} element.
 */
public final class SpoofedPolicy {
    private final Decision<SpoofedHandling> handling;
    private final Networks networks;
    private final Map<String, Rule> exceptions;

    private SpoofedPolicy(Decision<SpoofedHandling> handling, Networks networks, Map<String, Rule> exceptions) {
        this.handling = Objects.requireNonNull(handling);
        this.networks = Objects.requireNonNull(networks);
        this.exceptions = Map.copyOf(exceptions);
    }

    /**
     * A policy.
     *
     * @param handling for all but the exceptions
     * @param exceptions by the name of the network that may use our domains
     */
    public static SpoofedPolicy of(
            Decision<SpoofedHandling> handling, Networks networks, Map<String, Rule> exceptions) {
        return new SpoofedPolicy(handling, networks, exceptions);
    }

    /** The safe default: nothing legitimate is lost. */
    public static SpoofedPolicy byDefault() {
        return of(
                Decision.of(SpoofedHandling.MARK, Rule.byDefault("<spoofed>mark</spoofed>")),
                Networks.none(),
                Map.of());
    }

    /** What becomes of it where no exception applies. */
    public Decision<SpoofedHandling> handling() {
        return handling;
    }

    /**
     * Decides about a client.
     *
     * @param client the connection's real address
     * @return {@link SpoofedHandling#ACCEPT} by the exception's rule where one applies
     */
    public Decision<SpoofedHandling> decide(InetAddress client) {
        if (!exceptions.isEmpty()) {
            for (String network : networks.containing(client)) {
                Rule exception = exceptions.get(network);
                if (exception != null) {
                    return Decision.of(SpoofedHandling.ACCEPT, exception);
                }
            }
        }
        return handling;
    }

    /** The rules of the exceptions. */
    public List<Rule> exceptions() {
        return List.copyOf(exceptions.values());
    }
}
