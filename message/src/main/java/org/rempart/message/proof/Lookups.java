/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.proof;

import java.net.InetAddress;
import java.util.List;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.MailExchanger;
import org.rempart.message.dns.UnansweredException;

/**
 * The DNS, with a bound to the questions that one mail may cause, whatever its sender has published. For one thread.
 */
final class Lookups {
    /** An honest sender's mail asks about ten; the most that SPF alone allows would be more (RFC 7208, section 4.6.4). */
    static final int MOST = 100;

    private final Dns dns;
    private int left = MOST;

    /** @param dns asks until the mail's time is over */
    Lookups(Dns dns) {
        this.dns = dns;
    }

    List<String> texts(String name) throws UnansweredException {
        count(name);
        return dns.texts(name);
    }

    List<InetAddress> addresses(String host) throws UnansweredException {
        count(host);
        return dns.addresses(host);
    }

    List<MailExchanger> exchangers(String domain) throws UnansweredException {
        count(domain);
        return dns.exchangers(domain);
    }

    List<String> names(InetAddress address) throws UnansweredException {
        count(address.getHostAddress());
        return dns.names(address);
    }

    private void count(String name) throws UnansweredException {
        if (left == 0) {
            throw new UnansweredException(name, new IllegalStateException("more questions than one mail may cause"));
        }
        left--;
    }
}
