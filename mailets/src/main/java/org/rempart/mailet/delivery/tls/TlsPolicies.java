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
import org.rempart.policy.tls.TlsLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what TLS mail for a domain gets: the one place that knows all sources and their order.
 *
 * <ol>
 *   <li>A local rule that names the domain, by itself or below {@code *.}, holds whatever others say. A rule for {@code *}
 *       is the default.
 *   <li>Else what the host's TLSA records ask for (DANE), where DNSSEC proves them.
 *   <li>Else the first of the further sources that says something binding, such as MTA-STS.
 *   <li>Else the default.
 * </ol>
 *
 * <p>A rule or default of the level {@code dane} or {@code dane-only} becomes what the records make of it. Records of which
 * none is of a use ask for TLS without proof, which takes nothing from who asks for more.
 *
 * <p>Safe for use by many threads.
 */
public final class TlsPolicies implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(TlsPolicies.class);

    /** Of so many domains the log was told that a rule overrides what they publish. */
    private static final int TOLD = 10_000;

    private final LocalTlsRules local;
    private final Optional<Dane> dane;
    private final List<TlsPolicySource> further;
    private final Set<Domain> told = ConcurrentHashMap.newKeySet();

    /**
     * @param local the administrator's rules
     * @param further who else is asked, in this order
     */
    public TlsPolicies(LocalTlsRules local, List<TlsPolicySource> further) {
        this(local, Optional.empty(), further);
    }

    /**
     * @param local the administrator's rules
     * @param dane the DNS, where somebody proves what it says
     * @param further who else is asked, in this order
     */
    public TlsPolicies(LocalTlsRules local, Optional<Dane> dane, List<TlsPolicySource> further) {
        this.local = local;
        this.dane = dane;
        this.further = List.copyOf(further);
    }

    /**
     * What TLS mail for a domain gets at an MX host. May block while a source asks the network, a minute at most for each.
     *
     * <p>The answer for one host is not the answer for another: ask for each host before it is connected to, then
     * {@link TlsRequirement#refusal} whether it may be at all.
     *
     * @param recipientDomain whose mail it is
     * @param mxHost the host name of the MX record; where there is none, the domain
     * @throws TlsPolicyUnavailableException when mail must wait because a source can't be asked
     */
    public TlsDecision decide(Domain recipientDomain, String mxHost) throws TlsPolicyUnavailableException {
        Optional<TlsPolicySource.Statement> named = local.find(recipientDomain, mxHost);
        if (named.isPresent()) {
            return overriding(recipientDomain, mxHost, named.get().requirement());
        }
        TlsRequirement byDefault = local.byDefault(recipientDomain);
        StringBuilder why = new StringBuilder("no rule names the domain");
        Optional<DaneFinding> found = Optional.empty();
        if (dane.isPresent()) {
            DaneFinding finding = dane.get().find(recipientDomain, mxHost);
            if (byDefault.level() == TlsLevel.DANE_ONLY) {
                return told(finding.resolve(byDefault), why.toString(), finding);
            }
            if (finding.kind() == DaneFinding.Kind.BINDING) {
                return told(finding.requirement(local.protocols()), why + ", and its dane binds", finding);
            }
            why.append(", and DANE binds nobody (").append(finding).append(')');
            found = Optional.of(finding);
        }
        Optional<TlsRequirement> tested = Optional.empty();
        Optional<TlsResult> unknown = Optional.empty();
        for (TlsPolicySource source : further) {
            Optional<TlsPolicySource.Statement> statement = source.find(recipientDomain, mxHost);
            if (statement.isEmpty()) {
                unknown = unknown.or(() -> source.failure(recipientDomain));
                continue;
            }
            TlsRequirement requirement = statement.get().requirement();
            if (statement.get().isBinding()) {
                return new TlsDecision(
                        requirement,
                        Optional.empty(),
                        why + ", and its " + source.name() + " binds",
                        Optional.empty(),
                        found);
            }
            if (tested.isEmpty()) {
                tested = Optional.of(requirement);
                why.append(", and its ").append(source.name()).append(" is only tested");
            }
        }
        TlsRequirement requirement =
                found.map(finding -> atLeast(finding, byDefault)).orElse(byDefault);
        return new TlsDecision(requirement, tested, why.toString(), unknown, found);
    }

    /**
     * What TLS mail gets at an MX host that what the domain publishes must not keep, such as a report about TLS (RFC 8460,
     * section 5.3): what a rule says that names the domain, else the default; {@code dane} and {@code dane-only} are
     * opportunistic here.
     */
    public TlsDecision decideUnpublished(Domain recipientDomain, String mxHost) {
        TlsRequirement rule = local.find(recipientDomain, mxHost)
                .map(TlsPolicySource.Statement::requirement)
                .orElseGet(() -> local.byDefault(recipientDomain));
        return new TlsDecision(
                rule.level().isDane()
                        ? TlsRequirement.ofLevel(TlsLevel.OPPORTUNISTIC, rule.protocols(), rule.source(), rule.rule())
                        : rule,
                Optional.empty(),
                "what the domain publishes does not count for this mail");
    }

    /**
     * What mail gets whose sender requires TLS all the way (REQUIRETLS, RFC 8689, section 4.2.1): what other mail gets, with
     * a certificate in any case, at a host that is proven to take the domain's mail.
     *
     * @throws TlsPolicyUnavailableException as with {@link #decide}
     */
    public TlsDecision decideRequired(Domain recipientDomain, String mxHost) throws TlsPolicyUnavailableException {
        TlsDecision decision = decide(recipientDomain, mxHost);
        TlsRequirement proven = decision.requirement().proven();
        return decision.requiring(
                isHostProven(proven, recipientDomain, mxHost)
                        ? proven
                        : proven.refusing(
                                "the mail requires TLS (REQUIRETLS), and neither DNSSEC nor MTA-STS proves that "
                                        + mxHost + " takes mail for " + recipientDomain.asString()));
    }

    private boolean isHostProven(TlsRequirement proven, Domain recipientDomain, String mxHost)
            throws TlsPolicyUnavailableException {
        String domain = HostNames.normalise(recipientDomain.asString());
        String host = HostNames.normalise(mxHost);
        if (proven.level().namesPeer() || (host.equals(domain) && !HostNames.isAddress(host))) {
            return true;
        }
        if (HostNames.isAddress(host)) {
            return false;
        }
        if (dane.isPresent() && dane.get().find(recipientDomain, mxHost).isRouteProven()) {
            return true;
        }
        boolean uncertain = false;
        for (TlsPolicySource source : further) {
            Optional<TlsPolicySource.Statement> statement = source.find(recipientDomain, mxHost);
            if (statement.isPresent()) {
                return statement.get().requirement().refusal(mxHost).isEmpty();
            }
            uncertain |= source.isUncertain(recipientDomain);
        }
        if (uncertain) {
            throw new TlsPolicyUnavailableException(
                    "the mail requires TLS (REQUIRETLS), and the MTA-STS policy of " + domain + " can't be had now",
                    null);
        }
        return false;
    }

    /** The same for mail that goes to a gateway, which the administrator has named. */
    public TlsDecision decideRequiredForGateway(Domain recipientDomain, String gateway)
            throws TlsPolicyUnavailableException {
        TlsDecision decision = decideForGateway(recipientDomain, gateway);
        return decision.requiring(decision.requirement().proven());
    }

    private static TlsDecision told(TlsRequirement requirement, String why, DaneFinding finding) {
        return new TlsDecision(requirement, Optional.empty(), why, Optional.empty(), Optional.of(finding));
    }

    /** The default, and TLS where the host has records. */
    private TlsRequirement atLeast(DaneFinding finding, TlsRequirement byDefault) {
        TlsRequirement resolved = byDefault.level().isDane() ? finding.resolve(byDefault) : byDefault;
        return finding.kind() == DaneFinding.Kind.TLS_ONLY && resolved.allowsClearText()
                ? finding.requirement(local.protocols())
                : resolved;
    }

    private TlsDecision overriding(Domain recipientDomain, String mxHost, TlsRequirement rule)
            throws TlsPolicyUnavailableException {
        if ((dane.isPresent() || !further.isEmpty()) && told.size() < TOLD && told.add(recipientDomain)) {
            LOGGER.info(
                    "Mail to {} gets what {} says; what the domain itself publishes {}",
                    recipientDomain.asString(),
                    rule.rule(),
                    rule.level().isDane() ? "counts by DANE alone" : "is not asked");
        }
        if (dane.isPresent() && rule.level().isDane()) {
            DaneFinding finding = dane.get().find(recipientDomain, mxHost);
            return told(finding.resolve(rule), "a rule names the domain; " + finding, finding);
        }
        return new TlsDecision(rule, Optional.empty(), "a rule names the domain");
    }

    /**
     * What TLS mail gets that goes to a gateway: what the rule says that names the recipient's domain, else what that for
     * the gateway's host says, else the default. What recipients' domains publish is about their own servers, not about the
     * gateway; the gateway's TLSA records are asked for at the levels {@code dane} and {@code dane-only}.
     *
     * @param recipientDomain whose mail it is
     * @param gateway a host name or an address
     * @throws TlsPolicyUnavailableException when mail must wait because the DNS can't be asked
     */
    public TlsDecision decideForGateway(Domain recipientDomain, String gateway) throws TlsPolicyUnavailableException {
        Domain host = Domain.of(HostNames.normalise(gateway));
        Optional<TlsPolicySource.Statement> forDomain = local.find(recipientDomain, gateway);
        Optional<TlsPolicySource.Statement> forGateway = local.find(host, gateway);
        TlsRequirement rule = forDomain
                .or(() -> forGateway)
                .map(TlsPolicySource.Statement::requirement)
                .orElseGet(() -> local.byDefault(host));
        String why = forDomain.isPresent()
                ? "a rule names the domain"
                : forGateway.isPresent() ? "a rule names the gateway" : "no rule names the gateway";
        if (dane.isPresent() && rule.level().isDane()) {
            DaneFinding finding = dane.get().findHost(gateway);
            return told(finding.resolve(rule), why + "; " + finding, finding);
        }
        return new TlsDecision(rule, Optional.empty(), why);
    }

    /** Closes the sources. */
    @Override
    public void close() {
        further.forEach(TlsPolicySource::close);
    }
}
