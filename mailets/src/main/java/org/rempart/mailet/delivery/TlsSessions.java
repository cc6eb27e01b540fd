/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.net.InetAddress;
import java.util.Optional;
import org.apache.james.core.Domain;
import org.apache.mailet.AttributeName;
import org.rempart.mailet.delivery.tls.PublishedPolicy;
import org.rempart.mailet.delivery.tls.TlsResult;

/** Is told of each session with an MX host what came of the policy that its domain has published (RFC 8460). */
public interface TlsSessions {
    /**
     * On a mail that is itself a report: no domain's policy keeps it from its way (RFC 8460, section 5.3), and its session is
     * told to nobody.
     */
    AttributeName REPORT = AttributeName.of("org.rempart.tls-report");

    /**
     * On a mail whose sender wants it to arrive rather than to be kept secret ({@code TLS-Required: No}, RFC 8689), where the
     * administrator lets him: what recipients' domains publish does not count.
     */
    AttributeName WAIVED = AttributeName.of("org.rempart.tls-waived");

    /** Nobody listens. */
    TlsSessions IGNORED = (domain, policy, host, address, failure, reason) -> {};

    /**
     * A session.
     *
     * @param recipientDomain whose mail it was for
     * @param policy what the domain has published
     * @param mxHost the host of the MX record
     * @param address where it was reached, if it was
     * @param failure what was wrong; empty: nothing
     * @param reason more about it, for a person; empty where nothing was wrong
     */
    void ended(
            Domain recipientDomain,
            PublishedPolicy policy,
            String mxHost,
            Optional<InetAddress> address,
            Optional<TlsResult> failure,
            String reason);
}
