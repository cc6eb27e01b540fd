/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.util.Objects;
import java.util.Optional;
import org.rempart.policy.trail.AuditEvent;

/** What TLS mail for a domain gets at an MX host, and why. */
public final class TlsDecision {
    private final TlsRequirement requirement;
    private final TlsRequirement tested;
    private final String why;

    TlsDecision(TlsRequirement requirement, Optional<TlsRequirement> tested, String why) {
        this.requirement = Objects.requireNonNull(requirement);
        this.tested = tested.orElse(null);
        this.why = Objects.requireNonNull(why);
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

    /** Which source decided and why not another, in a sentence for the administrator. */
    public String why() {
        return why;
    }

    /** Adds to an event the level, who asks for it and the rule: {@code level}, {@code tlsSource}, {@code rule}. */
    public AuditEvent describe(AuditEvent event) {
        return event.with("level", requirement.level().keyword())
                .with("tlsSource", requirement.source())
                .rule(requirement.rule());
    }

    @Override
    public String toString() {
        return requirement + "; " + why;
    }
}
