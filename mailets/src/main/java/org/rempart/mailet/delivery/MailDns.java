/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.net.InetAddress;
import java.util.List;
import org.apache.james.core.Domain;
import org.apache.james.dnsservice.api.DNSService;

/** What the DNS says of the way to a domain. */
interface MailDns {
    /**
     * The hosts that take mail for a domain, in the order in which they are to be tried, those of the same preference in
     * any; the domain itself where it has an address and no MX record. Never empty.
     *
     * @throws NoRouteException when the DNS does not answer, or knows neither
     */
    List<MailExchanger> exchangers(Domain domain) throws NoRouteException;

    /**
     * A host's addresses, in the order in which they are to be tried. Never empty.
     *
     * @throws NoRouteException when the DNS does not answer, or knows none
     */
    List<InetAddress> addresses(String host) throws NoRouteException;

    /**
     * Asks the DNS by what James's service asks it by, where that is known, since the service itself gives neither
     * preferences nor IPv6 addresses; else by the service.
     */
    static MailDns of(DNSService james) {
        for (Class<?> type = james.getClass(); type != null; type = type.getSuperclass()) {
            // Only then is dnsjava sure to be there.
            if (type.getName().equals("org.apache.james.dnsservice.dnsjava.DNSJavaService")) {
                return new DnsJavaMailDns();
            }
        }
        return new JamesMailDns(james);
    }

    static NoRouteException unanswered(String name) {
        return new NoRouteException(Event.UNANSWERED, 451, "4.4.3", "the DNS does not answer for " + name);
    }

    static NoRouteException unknown(Domain domain) {
        return new NoRouteException(
                Event.UNKNOWN,
                550,
                "5.1.2",
                "the DNS has neither an MX record nor an address for " + domain.asString());
    }

    static NoRouteException withoutAddress(String host) {
        return new NoRouteException(Event.UNKNOWN, 450, "4.4.4", "the DNS has no address for the host " + host);
    }
}
