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

    private final List<InetSocketAddress> servers;
    private final Resolver resolver;

    SystemLookup(List<InetSocketAddress> servers) {
        this.servers = List.copyOf(servers);
        ExtendedResolver all =
                new ExtendedResolver(servers.stream().map(SimpleResolver::new).toArray(Resolver[]::new));
        all.setRetries(1);
        all.setTimeout(PATIENCE);
        this.resolver = all;
    }

    /**
     * The resolvers that the delivery of the server in this home asks: those that {@code conf/dnsservice.xml} names, and
     * those of the system unless it says otherwise; those of the system alone where the others are not dnsjava's.
     */
    public static SystemLookup of(Home home) throws FaultException {
        List<InetSocketAddress> servers = new ArrayList<>();
        Element configuration =
                ConfigurationXml.read(home, home.conf("dnsservice.xml")).getDocumentElement();
        boolean ofSystemAlone =
                ConfigurationXml.text(configuration, "setAsDNSJavaDefault").equals("false");
        if (ofSystemAlone
                || !ConfigurationXml.text(configuration, "autodiscover").equals("false")) {
            servers.addAll(ResolverConfig.getCurrentConfig().servers());
        }
        NodeList named = configuration.getElementsByTagName("server");
        for (int i = 0; i < named.getLength() && !ofSystemAlone; i++) {
            String server = named.item(i).getTextContent().trim();
            try {
                servers.add(new InetSocketAddress(InetAddress.getByName(server), DNS_PORT));
            } catch (UnknownHostException unknown) {
                throw new FaultException("conf/dnsservice.xml: \"" + server + "\" is no address of a resolver");
            }
        }
        if (servers.isEmpty()) {
            servers.add(new InetSocketAddress(InetAddress.getLoopbackAddress(), DNS_PORT));
        }
        return new SystemLookup(servers);
    }

    /** Who is asked. */
    public List<InetSocketAddress> servers() {
        return servers;
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
