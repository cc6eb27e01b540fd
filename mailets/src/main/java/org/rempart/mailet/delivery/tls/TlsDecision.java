/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.rempart.policy.trail.AuditEvent;

/** What TLS mail for a domain gets at an MX host, and why. */
public final class TlsDecision {
    private final TlsRequirement requirement;
    private final TlsRequirement tested;
    private final String why;
    private final TlsResult unknown;
    private final String dane;

    TlsDecision(TlsRequirement requirement, Optional<TlsRequirement> tested, String why) {
        this(requirement, tested, why, Optional.empty(), Optional.empty());
    }

    /**
     * @param unknown what kept a policy of the domain from being known
     * @param dane what was found where TLSA records were asked for
     */
    TlsDecision(
            TlsRequirement requirement,
            Optional<TlsRequirement> tested,
            String why,
            Optional<TlsResult> unknown,
            Optional<DaneFinding> dane) {
        this(
                requirement,
                tested.orElse(null),
                why,
                unknown.orElse(null),
                dane.map(DaneFinding::toString).orElse(null));
    }

    private TlsDecision(TlsRequirement requirement, TlsRequirement tested, String why, TlsResult unknown, String dane) {
        this.requirement = Objects.requireNonNull(requirement);
        this.tested = tested;
        this.why = Objects.requireNonNull(why);
        this.unknown = unknown;
        this.dane = dane;
    }

    /** The same with what mail that requires TLS must have (REQUIRETLS, RFC 8689). */
    TlsDecision requiring(TlsRequirement more) {
        return new TlsDecision(more, tested, why + "; the mail requires TLS", unknown, dane);
    }

    /** What must hold. */
    public TlsRequirement requirement() {
        return requirement;
    }

    /**
     * What the domain only tests: mail goes although it does not hold, and the audit trail tells
     * ({@link TlsHandshake#shortfall}).
     */
    public Optional<TlsRequirement> tested() {
        return Optional.ofNullable(tested);
    }

    /**
     * The policy that a session with the host is counted under (RFC 8460); empty where a rule of the administrator's is in its
     * place.
     */
    public Optional<PublishedPolicy> published(String recipientDomain) {
        return requirement
                .published()
                .or(() -> tested().flatMap(TlsRequirement::published))
                .or(() -> requirement.source().equals("default")
                        ? Optional.of(
                                unknown == null
                                        ? PublishedPolicy.none(recipientDomain)
                                        : new PublishedPolicy("sts", recipientDomain, List.of(), List.of()))
                        : Optional.empty());
    }

    /** What kept a policy of the domain from being known, which such a session is counted as. */
    public Optional<TlsResult> unknown() {
        return requirement.published().isPresent() || tested != null ? Optional.empty() : Optional.ofNullable(unknown);
    }

    /** Which source decided and why not another, in a sentence for the administrator. */
    public String why() {
        return why;
    }

    /**
     * Adds to an event the level, who asks for it and the rule: {@code level}, {@code tlsSource}, {@code rule}; and where the
     * DNS was asked for TLSA records, what it said: {@code dane}.
     */
    public AuditEvent describe(AuditEvent event) {
        if (dane != null) {
            event.with("dane", dane);
        }
        return event.with("level", requirement.level().keyword())
                .with("tlsSource", requirement.source())
                .rule(requirement.rule());
    }

    @Override
    public String toString() {
        return requirement + "; " + why;
    }
}
