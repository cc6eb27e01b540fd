/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.MailExchanger;
import org.rempart.message.dns.UnansweredException;

/** A DNS in which domains announce policies, and all policy hosts but some are on the loopback interface. */
final class TxtRecords implements Dns {
    private final Map<String, List<String>> records = new ConcurrentHashMap<>();
    private final Map<String, List<InetAddress>> addresses = new ConcurrentHashMap<>();
    private final AtomicInteger questions = new AtomicInteger();
    private volatile boolean failing;

    void announce(String domain, String id) {
        records.put("_mta-sts." + domain, List.of("v=STSv1; id=" + id + ";"));
    }

    /** From now on the policy host of this domain has these addresses. */
    void host(String domain, InetAddress... where) {
        addresses.put("mta-sts." + domain, List.of(where));
    }

    void silence() {
        records.clear();
    }

    /** From now on nothing is answered. */
    void fail() {
        failing = true;
    }

    int questions() {
        return questions.get();
    }

    @Override
    public List<String> texts(String name) throws UnansweredException {
        questions.incrementAndGet();
        if (failing) {
            throw new UnansweredException(name, null);
        }
        return records.getOrDefault(name, List.of());
    }

    @Override
    public List<MailExchanger> exchangers(String domain) {
        return List.of();
    }

    @Override
    public List<InetAddress> addresses(String host) {
        return addresses.getOrDefault(host, List.of(InetAddress.getLoopbackAddress()));
    }
}
