/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.james.dnsservice.api.DNSService;

/** A DNS with TXT records alone. */
final class TxtRecords implements DNSService {
    private final Map<String, List<String>> records = new ConcurrentHashMap<>();
    private final AtomicInteger questions = new AtomicInteger();

    /** Announces a policy as James's DNS service tells it: in quotation marks. */
    void announce(String domain, String id) {
        records.put("_mta-sts." + domain, List.of("\"v=STSv1; id=" + id + ";\""));
    }

    void silence() {
        records.clear();
    }

    int questions() {
        return questions.get();
    }

    @Override
    public Collection<String> findTXTRecords(String hostname) {
        questions.incrementAndGet();
        return records.getOrDefault(hostname, List.of());
    }

    @Override
    public Collection<String> findMXRecords(String hostname) {
        return List.of();
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
    public InetAddress getLocalHost() {
        return InetAddress.getLoopbackAddress();
    }

    @Override
    public String getHostName(InetAddress address) {
        return address.getHostAddress();
    }
}
