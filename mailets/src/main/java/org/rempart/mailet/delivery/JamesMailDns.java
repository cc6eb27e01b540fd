/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.james.core.Domain;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.dnsservice.api.TemporaryResolutionException;

/**
 * The DNS by whatever service James has. That orders MX hosts without telling their preferences: each counts as preferred to
 * those behind it.
 */
final class JamesMailDns implements MailDns {
    private final DNSService dns;

    JamesMailDns(DNSService dns) {
        this.dns = dns;
    }

    @Override
    public List<MailExchanger> exchangers(Domain domain) throws NoRouteException {
        Collection<String> found;
        try {
            found = dns.findMXRecords(domain.asString());
        } catch (TemporaryResolutionException unanswered) {
            throw MailDns.unanswered(domain.asString());
        }
        if (found == null || found.isEmpty()) {
            throw MailDns.unknown(domain);
        }
        List<MailExchanger> exchangers = new ArrayList<>();
        for (String name : found) {
            exchangers.add(new MailExchanger(MxResolver.withoutDot(name), exchangers.size()));
        }
        return exchangers;
    }

    @Override
    public List<InetAddress> addresses(String host) throws NoRouteException {
        try {
            List<InetAddress> found = List.copyOf(dns.getAllByName(host));
            if (!found.isEmpty()) {
                return found;
            }
        } catch (UnknownHostException unknown) {
            // The service does not say whether it got no answer, or this one.
        }
        throw MailDns.withoutAddress(host);
    }
}
