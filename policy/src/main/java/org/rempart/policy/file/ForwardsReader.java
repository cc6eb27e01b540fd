/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainNames;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;
import org.rempart.policy.forwards.ForwardHandling;
import org.rempart.policy.forwards.ForwardPolicy;
import org.rempart.policy.submission.Quantities;

/** Reads {@code <forwards>}. */
final class ForwardsReader {
    private ForwardsReader() {}

    /** Without an attribute, its default applies. */
    static ForwardPolicy read(XmlElement forwards) throws PolicyException {
        ForwardPolicy policy = ForwardPolicy.byDefault();
        Optional<String> outside = forwards.attribute("outside");
        if (outside.isPresent()) {
            ForwardHandling handling = forwards.keyword("outside", outside.get(), EnumSet.allOf(ForwardHandling.class));
            policy = policy.withOutside(Decision.of(handling, forwards.rule()));
        }
        Optional<String> domain = forwards.attribute("domain");
        if (domain.isPresent()) {
            policy = policy.withDomain(DomainNames.parse(domain.get())
                    .orElseThrow(() -> forwards.fault(
                            Wording.quoted(domain.get()) + " is no domain",
                            "write domain=\"example.com\", a domain of yours")));
        }
        Optional<String> bounces = forwards.attribute("bounces");
        if (bounces.isPresent()) {
            policy = policy.withBounces(days(forwards, bounces.get()));
        }
        return policy;
    }

    /** The date in a rewritten sender is that of a day. */
    private static Duration days(XmlElement forwards, String written) throws PolicyException {
        Duration age;
        try {
            age = Quantities.duration(written);
        } catch (PolicyException fault) {
            throw forwards.fault(fault);
        }
        if (!age.equals(Duration.ofDays(age.toDays()))) {
            throw forwards.fault(
                    Wording.quoted(written) + " is no number of whole days", "write bounces=\"21d\" or the like");
        }
        return age;
    }
}
