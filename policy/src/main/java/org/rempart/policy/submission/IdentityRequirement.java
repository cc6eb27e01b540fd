/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.submission;

import java.util.Locale;
import java.util.Optional;

/** Which addresses an account may use as a sender: the {@code envelope} and {@code header} of {@code <identity>}. */
public enum IdentityRequirement {
    /** The account's own addresses: its own, its aliases, what it was delegated. */
    OWN,
    /** Any address in a domain of ours. */
    DOMAIN,
    /** Any address. */
    ANY;

    /** The requirement as the policy writes it. */
    public String keyword() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The requirement of this keyword, in lower case; empty when there is none. */
    public static Optional<IdentityRequirement> ofKeyword(String keyword) {
        for (IdentityRequirement requirement : values()) {
            if (requirement.keyword().equals(keyword)) {
                return Optional.of(requirement);
            }
        }
        return Optional.empty();
    }
}
