/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.List;
import org.apache.james.dnsservice.api.DNSService;
import org.rempart.policy.tls.TlsProbe;

/** What {@link MtaSts} asks of James's DNS service, answered for a command that runs without James. */
final class TxtOnly implements DNSService {
    private final TlsProbe.Dns dns;

    TxtOnly(TlsProbe.Dns dns) {
        this.dns = dns;
    }

    /** As James: no answer is none. */
    @Override
    public Collection<String> findTXTRecords(String hostname) {
        try {
            return dns.txt(hostname);
        } catch (IOException unanswered) {
            return List.of();
        }
    }

    @Override
    public Collection<String> findMXRecords(String hostname) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Collection<InetAddress> getAllByName(String host) throws UnknownHostException {
        throw new UnknownHostException(host);
    }

    @Override
    public InetAddress getByName(String host) throws UnknownHostException {
        throw new UnknownHostException(host);
    }

    @Override
    public InetAddress getLocalHost() throws UnknownHostException {
        throw new UnknownHostException();
    }

    @Override
    public String getHostName(InetAddress ip) {
        return ip.getHostAddress();
    }
}
