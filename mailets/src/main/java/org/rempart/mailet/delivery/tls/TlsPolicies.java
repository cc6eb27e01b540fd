/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.james.core.Domain;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what TLS mail for a domain gets: the one place that knows all sources and their order.
 *
 * <ol>
 *   <li>A local rule that names the domain, by itself or below {@code *.}, holds whatever others say. A rule for {@code *}
 *       is the default.
 *   <li>Else the first of the further sources that says something binding. The stronger proof comes first: DANE before
 *       MTA-STS.
 *   <li>Else the default.
 * </ol>
 *
 * <p>Safe for use by many threads.
 */
public final class TlsPolicies implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(TlsPolicies.class);

    /** Of so many domains the log was told that a rule overrides what they publish. */
    private static final int TOLD = 10_000;

    private final LocalTlsRules local;
    private final List<TlsPolicySource> further;
    private final Set<Domain> told = ConcurrentHashMap.newKeySet();

    /**
     * @param local the administrator's rules
     * @param further who else is asked, in this order
     */
    public TlsPolicies(LocalTlsRules local, List<TlsPolicySource> further) {
        this.local = local;
        this.further = List.copyOf(further);
    }

    /**
     * What TLS mail for a domain gets at an MX host. May block while a source asks the network, a minute at most for each.
     *
     * <p>The answer for one host is not the answer for another: ask for each host before it is connected to, then
     * {@link TlsRequirement#allowsMx} whether it may be at all.
     *
     * @param recipientDomain whose mail it is
     * @param mxHost the host name of the MX record; where there is none, the domain
     * @throws TlsPolicyUnavailableException when mail must wait because a source can't be asked
     */
    public TlsDecision decide(Domain recipientDomain, String mxHost) throws TlsPolicyUnavailableException {
        Optional<TlsPolicySource.Statement> named = local.find(recipientDomain, mxHost);
        if (named.isPresent()) {
            return overriding(recipientDomain, named.get().requirement());
        }
        Optional<TlsRequirement> tested = Optional.empty();
        String why = "no rule names the domain";
        for (TlsPolicySource source : further) {
            Optional<TlsPolicySource.Statement> found = source.find(recipientDomain, mxHost);
            if (found.isEmpty()) {
                continue;
            }
            TlsRequirement requirement = found.get().requirement();
            if (found.get().isBinding()) {
                return new TlsDecision(requirement, Optional.empty(), why + ", and its " + source.name() + " binds");
            }
            if (tested.isEmpty()) {
                tested = Optional.of(requirement);
                why += ", and its " + source.name() + " is only tested";
            }
        }
        return new TlsDecision(local.byDefault(recipientDomain), tested, why);
    }

    private TlsDecision overriding(Domain recipientDomain, TlsRequirement rule) {
        if (!further.isEmpty() && told.size() < TOLD && told.add(recipientDomain)) {
            LOGGER.info(
                    "Mail to {} gets what {} says; what the domain itself publishes is not asked",
                    recipientDomain.asString(),
                    rule.rule());
        }
        return new TlsDecision(rule, Optional.empty(), "a rule names the domain");
    }

    /**
     * What TLS mail gets that goes to a gateway: what the rule says that names the gateway's host, else the default.
     * What recipients' domains publish is about their own servers, not about the gateway.
     *
     * @param gateway a host name or an address
     */
    public TlsDecision decideForGateway(String gateway) {
        Domain host = Domain.of(HostNames.normalise(gateway));
        return local.find(host, gateway)
                .map(named -> new TlsDecision(named.requirement(), Optional.empty(), "a rule names the gateway"))
                .orElseGet(() -> new TlsDecision(local.byDefault(host), Optional.empty(), "no rule names the gateway"));
    }

    /** Closes the sources. */
    @Override
    public void close() {
        further.forEach(TlsPolicySource::close);
    }
}
