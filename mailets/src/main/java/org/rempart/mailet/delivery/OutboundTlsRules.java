/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import org.apache.james.core.Domain;
import org.rempart.mailet.delivery.tls.TlsDecision;
import org.rempart.mailet.delivery.tls.TlsPolicies;
import org.rempart.mailet.delivery.tls.TlsPolicyUnavailableException;

/** Says what TLS mail for a domain gets, on its way to the domain's MX hosts, or through a gateway. */
public interface OutboundTlsRules {
    /**
     * What holds at a host; may ask the network.
     *
     * @throws TlsPolicyUnavailableException when mail must wait because somebody can't be asked
     */
    TlsDecision decide(Domain recipientDomain, String host) throws TlsPolicyUnavailableException;

    /** What holds at a host for mail that what the domain publishes may not keep ({@link TlsSessions}). */
    default TlsDecision decideUnpublished(Domain recipientDomain, String host) throws TlsPolicyUnavailableException {
        return decide(recipientDomain, host);
    }

    /** What holds at a host for mail whose sender requires TLS all the way (REQUIRETLS, RFC 8689). */
    TlsDecision decideRequired(Domain recipientDomain, String host) throws TlsPolicyUnavailableException;

    /** Mail that goes to MX hosts: the administrator's rules, and what the domain itself publishes. */
    static OutboundTlsRules direct(TlsPolicies policies) {
        return new OutboundTlsRules() {
            @Override
            public TlsDecision decide(Domain recipientDomain, String host) throws TlsPolicyUnavailableException {
                return policies.decide(recipientDomain, host);
            }

            @Override
            public TlsDecision decideUnpublished(Domain recipientDomain, String host) {
                return policies.decideUnpublished(recipientDomain, host);
            }

            @Override
            public TlsDecision decideRequired(Domain recipientDomain, String host)
                    throws TlsPolicyUnavailableException {
                return policies.decideRequired(recipientDomain, host);
            }
        };
    }

    /**
     * Mail that goes through a gateway: a rule of the administrator's that names the recipient's domain holds on the way to
     * the gateway, too; else that for the gateway itself. What domains publish is about their own servers.
     *
     * @param localPolicies the administrator's rules alone
     */
    static OutboundTlsRules throughGateway(TlsPolicies localPolicies) {
        return new OutboundTlsRules() {
            @Override
            public TlsDecision decide(Domain recipientDomain, String host) throws TlsPolicyUnavailableException {
                return localPolicies.decideForGateway(recipientDomain, host);
            }

            @Override
            public TlsDecision decideRequired(Domain recipientDomain, String host)
                    throws TlsPolicyUnavailableException {
                return localPolicies.decideRequiredForGateway(recipientDomain, host);
            }
        };
    }
}
