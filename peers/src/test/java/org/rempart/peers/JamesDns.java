/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import java.net.InetSocketAddress;
import java.time.Duration;
import org.apache.commons.configuration2.BaseHierarchicalConfiguration;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.dnsservice.dnsjava.DNSJavaService;
import org.apache.james.metrics.tests.RecordingMetricFactory;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Lookup;
import org.xbill.DNS.SimpleResolver;

/** James's own DNS service, that asks one server at one port. Its configuration knows only port 53. */
final class JamesDns extends DNSJavaService {
    private JamesDns() {
        super(new RecordingMetricFactory());
    }

    /**
     * A service that remembers nothing longer than the answers allow.
     *
     * @param patience how long it waits for an answer
     */
    static DNSService asking(InetSocketAddress server, Duration patience) throws Exception {
        JamesDns dns = new JamesDns();
        BaseHierarchicalConfiguration configuration = new BaseHierarchicalConfiguration();
        configuration.addProperty("autodiscover", false);
        configuration.addProperty("servers.server", server.getAddress().getHostAddress());
        configuration.addProperty("setAsDNSJavaDefault", false);
        configuration.addProperty("negativeCacheTTL", 0);
        dns.configure(configuration);
        dns.init();
        SimpleResolver resolver = new SimpleResolver(server);
        resolver.setTimeout(patience);
        dns.resolver = resolver;
        // As the service does it in James, but for the port.
        Lookup.setDefaultResolver(resolver);
        Lookup.setDefaultCache(dns.cache, DClass.IN);
        return dns;
    }
}
