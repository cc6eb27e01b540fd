/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.rempart.message.dns.Dns;
import org.rempart.message.dns.MailExchanger;
import org.rempart.message.dns.UnansweredException;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** The doctor's look-ups, for what asks the DNS in a running server. */
final class LookupDns implements Dns {
    private final Lookup lookup;

    LookupDns(Lookup lookup) {
        this.lookup = lookup;
    }

    private List<Record> ask(String name, int type) throws UnansweredException {
        try {
            return lookup.ask(name, type);
        } catch (IOException unanswered) {
            throw new UnansweredException(name, unanswered);
        }
    }

    @Override
    public List<MailExchanger> exchangers(String domain) throws UnansweredException {
        return ask(domain, Type.MX).stream()
                .map(record -> (MXRecord) record)
                .sorted(Comparator.comparingInt(MXRecord::getPriority))
                .map(record -> MailExchanger.of(record.getTarget().toString(), record.getPriority()))
                .toList();
    }

    @Override
    public List<InetAddress> addresses(String host) throws UnansweredException {
        List<InetAddress> addresses = new ArrayList<>();
        for (Record record : ask(host, Type.A)) {
            addresses.add(((ARecord) record).getAddress());
        }
        for (Record record : ask(host, Type.AAAA)) {
            addresses.add(((AAAARecord) record).getAddress());
        }
        return addresses;
    }

    @Override
    public List<String> texts(String name) throws UnansweredException {
        return ask(name, Type.TXT).stream()
                .map(record -> String.join("", ((TXTRecord) record).getStrings()))
                .toList();
    }

    @Override
    public List<String> names(InetAddress address) throws UnansweredException {
        return ask(ReverseMap.fromAddress(address).toString(), Type.PTR).stream()
                .map(record -> ((PTRRecord) record).getTarget().toString(true))
                .toList();
    }
}
