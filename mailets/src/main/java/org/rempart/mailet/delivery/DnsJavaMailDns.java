/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import org.apache.james.core.Domain;
import org.rempart.policy.DomainNames;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.Lookup;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/**
 * The DNS by dnsjava, with the servers and the cache that James's {@code DNSJavaService} makes dnsjava's own; it does so
 * unless {@code <setAsDNSJavaDefault>} is false, when those of the machine are asked.
 */
final class DnsJavaMailDns implements MailDns {
    @Override
    public List<MailExchanger> exchangers(Domain domain) throws NoRouteException {
        Answer answer = ask(domain.asString(), Type.MX);
        if (answer.unanswered) {
            throw MailDns.unanswered(domain.asString());
        }
        List<MailExchanger> exchangers = new ArrayList<>();
        for (Record found : answer.records) {
            if (found instanceof MXRecord) {
                MXRecord mx = (MXRecord) found;
                exchangers.add(
                        new MailExchanger(MxResolver.withoutDot(mx.getTarget().toString()), mx.getPriority()));
            }
        }
        if (exchangers.isEmpty()) {
            exchangers.add(itself(domain));
        }
        // RFC 5321, section 5.1: those of the same preference in any order, to spread the load.
        Collections.shuffle(exchangers);
        exchangers.sort(Comparator.comparingInt(MailExchanger::preference));
        return exchangers;
    }

    /** RFC 5321, section 5.1: a domain with an address and no MX record is its own host. */
    private MailExchanger itself(Domain domain) throws NoRouteException {
        try {
            addresses(domain.asString());
        } catch (NoRouteException none) {
            throw none.event() == Event.UNKNOWN ? MailDns.unknown(domain) : none;
        }
        return new MailExchanger(MxResolver.withoutDot(domain.asString()), 0);
    }

    /** IPv4 first: where it works, mail comes from the address that receivers know. */
    @Override
    public List<InetAddress> addresses(String host) throws NoRouteException {
        Answer four = ask(host, Type.A);
        Answer six = ask(host, Type.AAAA);
        List<InetAddress> addresses = new ArrayList<>();
        for (Record found : four.records) {
            if (found instanceof ARecord) {
                addresses.add(((ARecord) found).getAddress());
            }
        }
        for (Record found : six.records) {
            if (found instanceof AAAARecord) {
                addresses.add(((AAAARecord) found).getAddress());
            }
        }
        if (addresses.isEmpty()) {
            throw four.unanswered || six.unanswered ? MailDns.unanswered(host) : MailDns.withoutAddress(host);
        }
        return addresses;
    }

    private static Answer ask(String name, int type) {
        Name absolute;
        try {
            absolute = Name.fromString(DomainNames.comparable(name), Name.root);
        } catch (TextParseException noName) {
            return new Answer(List.of(), false);
        }
        Lookup lookup = new Lookup(absolute, type);
        Record[] records = lookup.run();
        if (records != null) {
            return new Answer(List.of(records), false);
        }
        int result = lookup.getResult();
        return new Answer(List.of(), result != Lookup.TYPE_NOT_FOUND && result != Lookup.HOST_NOT_FOUND);
    }

    private static final class Answer {
        private final List<Record> records;
        private final boolean unanswered;

        Answer(List<Record> records, boolean unanswered) {
            this.records = records;
            this.unanswered = unanswered;
        }
    }
}
