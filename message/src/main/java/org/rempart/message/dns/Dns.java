/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dns;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.apache.james.dnsservice.api.DNSService;

/**
 * What the DNS says. All that the delivery and the checks of senders ask goes through one of these, so that no question is answered by other servers
 * than those of {@code conf/dnsservice.xml}. Aliases are followed.
 *
 * <p>Safe for use by many threads.
 */
public interface Dns {
    /**
     * The hosts that take mail for a domain, in the order in which they are to be tried, those of the same preference in any;
     * empty where it has no MX record.
     *
     * @throws UnansweredException when the DNS does not say
     */
    List<MailExchanger> exchangers(String domain) throws UnansweredException;

    /**
     * A host's addresses, in the order in which they are to be tried; empty where it has none.
     *
     * @throws UnansweredException when the DNS does not say
     */
    List<InetAddress> addresses(String host) throws UnansweredException;

    /**
     * The TXT records of a name, the strings of each joined (RFC 7208, section 3.3); empty where it has none.
     *
     * @throws UnansweredException when the DNS does not say
     */
    List<String> texts(String name) throws UnansweredException;

    /**
     * The names of an address, by its PTR records; empty where it has none, or nobody can be asked for them.
     *
     * @throws UnansweredException when the DNS does not say
     */
    default List<String> names(InetAddress address) throws UnansweredException {
        return List.of();
    }

    /**
     * The same for a time: when it is over, no question is answered any more. What can't be hurried is this itself, as James's
     * own service is.
     *
     * @param time from now on, for all questions together
     */
    default Dns within(Duration time) {
        return this;
    }

    /**
     * Asks the DNS by what James's service asks it by, where that is known, since the service itself gives neither preferences
     * nor IPv6 addresses, nor tells no record from no answer; else by the service.
     */
    static Dns of(DNSService james) {
        return isDnsJava(james) ? new DnsJavaDns() : new JamesDns(james);
    }

    /**
     * Asks these servers instead of James's, for a command that runs without James.
     *
     * @param patience with each of them, for an answer
     */
    static Dns over(List<InetSocketAddress> servers, Duration patience) {
        return DnsJavaDns.over(servers, patience);
    }

    /** Whether it is James's own service: only then is dnsjava sure to be there. */
    static boolean isDnsJava(DNSService james) {
        for (Class<?> type = james.getClass(); type != null; type = type.getSuperclass()) {
            if (type.getName().equals("org.apache.james.dnsservice.dnsjava.DNSJavaService")) {
                return true;
            }
        }
        return false;
    }
}
