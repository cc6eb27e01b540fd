/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.MailExchanger;
import org.rempart.message.dns.UnansweredException;
import org.rempart.policy.tls.TlsProbe;

/** The DNS of a command that runs without James. */
final class ProbeDns implements Dns {
    private final TlsProbe.Dns dns;

    ProbeDns(TlsProbe.Dns dns) {
        this.dns = dns;
    }

    @Override
    public List<MailExchanger> exchangers(String domain) throws UnansweredException {
        List<MailExchanger> exchangers = new ArrayList<>();
        for (String host : asked(domain, dns::mx)) {
            exchangers.add(MailExchanger.of(host, exchangers.size()));
        }
        return exchangers;
    }

    @Override
    public List<InetAddress> addresses(String host) throws UnansweredException {
        return asked(host, dns::addresses);
    }

    @Override
    public List<String> texts(String name) throws UnansweredException {
        return asked(name, dns::txt);
    }

    private static <T> List<T> asked(String name, Question<T> question) throws UnansweredException {
        try {
            return question.ask(name);
        } catch (IOException unanswered) {
            throw new UnansweredException(name, unanswered);
        }
    }

    private interface Question<T> {
        List<T> ask(String name) throws IOException;
    }
}
