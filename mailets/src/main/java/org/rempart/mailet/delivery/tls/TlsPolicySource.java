/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.util.Optional;
import org.apache.james.core.Domain;

/**
 * Somebody who may say what TLS mail for a domain gets: the administrator's rules, the domain's own published MTA-STS
 * policy, the keys that the DNS names for an MX host. {@link TlsPolicies} asks them in order.
 */
public interface TlsPolicySource extends AutoCloseable {
    /** Its name in the audit trail, in small letters. */
    String name();

    /**
     * What this source says. It may block while it asks the network, for a minute at most; what it has learnt, it
     * remembers.
     *
     * @param recipientDomain whose mail it is
     * @param mxHost the MX host that would take it; a source for which hosts make no difference ignores it
     * @return empty when it says nothing of the domain
     * @throws TlsPolicyUnavailableException when it can't be known now, and mail must wait rather than go by a weaker
     *     source's word
     */
    Optional<Statement> find(Domain recipientDomain, String mxHost) throws TlsPolicyUnavailableException;

    /** What kept a policy from being known of which {@link #find} has just said nothing; it asks nobody. */
    default Optional<TlsResult> failure(Domain recipientDomain) {
        return Optional.empty();
    }

    /**
     * Whether this source may have more to say of a domain when it is asked again, since somebody whom it asked has not answered;
     * of what {@link #find} has just found, and it asks nobody.
     */
    default boolean isUncertain(Domain recipientDomain) {
        return failure(recipientDomain).isPresent();
    }

    /** Ends what this source does in the background. */
    @Override
    default void close() {}

    /** What a source says of a domain. */
    final class Statement {
        private final TlsRequirement requirement;
        private final boolean binding;

        private Statement(TlsRequirement requirement, boolean binding) {
            this.requirement = requirement;
            this.binding = binding;
        }

        /** This is required. */
        public static Statement enforced(TlsRequirement requirement) {
            return new Statement(requirement, true);
        }

        /** This would be required one day; what it would refuse today is only told. */
        public static Statement tested(TlsRequirement requirement) {
            return new Statement(requirement, false);
        }

        public TlsRequirement requirement() {
            return requirement;
        }

        /** Whether mail must not go where the requirement isn't met. */
        public boolean isBinding() {
            return binding;
        }
    }
}
