/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.rempart.distribution.home.ConfigurationXml;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xbill.DNS.DClass;
import org.xbill.DNS.ExtendedResolver;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Resolver;
import org.xbill.DNS.ResolverConfig;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;

/** Asks resolvers, and gives up soon. */
public final class SystemLookup implements Lookup {
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final int DNS_PORT = 53;

    private final Resolver resolver;

    SystemLookup(Resolver resolver) {
        this.resolver = resolver;
        resolver.setTimeout(PATIENCE);
    }

    /**
     * The resolvers that the server in this home asks: those that {@code conf/dnsservice.xml} names, and those of the
     * system unless it says otherwise.
     */
    public static SystemLookup of(Home home) throws FaultException {
        List<Resolver> resolvers = new ArrayList<>();
        Element configuration =
                ConfigurationXml.read(home, home.conf("dnsservice.xml")).getDocumentElement();
        NodeList discover = configuration.getElementsByTagName("autodiscover");
        if (discover.getLength() == 0
                || discover.item(0).getTextContent().trim().equals("true")) {
            for (InetSocketAddress server : ResolverConfig.getCurrentConfig().servers()) {
                resolvers.add(new SimpleResolver(server));
            }
        }
        NodeList named = configuration.getElementsByTagName("server");
        for (int i = 0; i < named.getLength(); i++) {
            String server = named.item(i).getTextContent().trim();
            try {
                resolvers.add(new SimpleResolver(server));
            } catch (UnknownHostException unknown) {
                throw new FaultException("conf/dnsservice.xml: \"" + server + "\" is no address of a resolver");
            }
        }
        if (resolvers.isEmpty()) {
            resolvers.add(new SimpleResolver(new InetSocketAddress(InetAddress.getLoopbackAddress(), DNS_PORT)));
        }
        ExtendedResolver all = new ExtendedResolver(resolvers);
        all.setRetries(1);
        return new SystemLookup(all);
    }

    @Override
    public List<InetSocketAddress> servers() {
        return resolver instanceof ExtendedResolver all
                ? Stream.of(all.getResolvers())
                        .map(one -> ((SimpleResolver) one).getAddress())
                        .toList()
                : List.of();
    }

    @Override
    public List<Record> ask(String name, int type) throws IOException {
        Name absolute = Name.fromString(name, Name.root);
        Message answer = resolver.send(Message.newQuery(Record.newRecord(absolute, type, DClass.IN)));
        int rcode = answer.getRcode();
        if (rcode != Rcode.NOERROR && rcode != Rcode.NXDOMAIN) {
            throw new IOException("the resolver answers " + Rcode.string(rcode));
        }
        List<Record> found = new ArrayList<>();
        for (Record record : answer.getSection(Section.ANSWER)) {
            if (record.getType() == type) {
                found.add(record);
            }
        }
        return found;
    }
}
