/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.util.List;
import java.util.Objects;

/** What an account may do: the {@code <submission>} element. */
public final class SubmissionPolicy {
    private final IdentityPolicy identity;
    private final List<RateLimit> rates;
    private final List<FailureLimit> failures;

    private SubmissionPolicy(IdentityPolicy identity, List<RateLimit> rates, List<FailureLimit> failures) {
        this.identity = Objects.requireNonNull(identity);
        this.rates = List.copyOf(rates);
        this.failures = List.copyOf(failures);
    }

    public static SubmissionPolicy of(IdentityPolicy identity, List<RateLimit> rates, List<FailureLimit> failures) {
        return new SubmissionPolicy(identity, rates, failures);
    }

    public IdentityPolicy identity() {
        return identity;
    }

    public List<RateLimit> rates() {
        return rates;
    }

    public List<FailureLimit> failures() {
        return failures;
    }
}
