/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.rempart.distribution.checks.Lookup;
import org.rempart.policy.tls.TlsProbe;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** The DNS as somebody asks it who has mail for a domain. */
final class MailDns implements TlsProbe.Dns {
    private final Lookup lookup;

    MailDns(Lookup lookup) {
        this.lookup = lookup;
    }

    @Override
    public List<String> mx(String domain) throws IOException {
        return lookup.ask(domain, Type.MX).stream()
                .map(record -> (MXRecord) record)
                .sorted(Comparator.comparingInt(MXRecord::getPriority))
                .map(record -> record.getTarget().toString(true))
                .map(host -> host.equals(".") ? "" : host)
                .toList();
    }

    @Override
    public List<InetAddress> addresses(String host) throws IOException {
        List<InetAddress> addresses = new ArrayList<>();
        for (Record record : lookup.ask(host, Type.A)) {
            addresses.add(((ARecord) record).getAddress());
        }
        for (Record record : lookup.ask(host, Type.AAAA)) {
            addresses.add(((AAAARecord) record).getAddress());
        }
        return addresses;
    }

    @Override
    public List<String> txt(String name) throws IOException {
        return lookup.ask(name, Type.TXT).stream()
                .map(record -> String.join("", ((TXTRecord) record).getStrings()))
                .toList();
    }

    @Override
    public List<InetSocketAddress> servers() {
        return lookup.servers();
    }
}
