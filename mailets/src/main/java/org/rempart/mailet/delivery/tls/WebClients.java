/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ProxySelector;
import java.net.UnknownHostException;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.SchemePortResolver;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.BasicHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.routing.SystemDefaultRoutePlanner;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.HostnameVerificationPolicy;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.config.RegistryBuilder;
import org.apache.hc.core5.util.Timeout;
import org.rempart.message.dns.Dns;

/**
 * Clients for one host of the web each, which a stranger names: found by the same DNS as MX hosts, followed nowhere, with
 * bounds. Where the JVM has a proxy for HTTPS, that one finds the host.
 */
public final class WebClients {
    private static final Timeout CONNECT = Timeout.ofSeconds(15);

    /** Of a host, so many addresses are tried. */
    private static final int ADDRESSES = 4;

    private static final Http1Config BOUNDS = Http1Config.custom()
            .setMaxLineLength(8 * 1024)
            .setMaxHeaderCount(100)
            .build();

    private final Dns dns;
    private final SSLContext tls;
    private final int port;
    private final Duration longest;
    private final Predicate<InetAddress> allowed;

    /**
     * @param tls what trusts the servers
     * @param port of the servers where an address names none
     * @param longest for each answer
     * @param allowed which addresses may be connected to
     */
    public WebClients(Dns dns, SSLContext tls, int port, Duration longest, Predicate<InetAddress> allowed) {
        this.dns = dns;
        this.tls = tls;
        this.port = port;
        this.longest = longest;
        this.allowed = allowed;
    }

    /** What trusts those whom the JVM trusts. */
    public static SSLContext standardTls() {
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** A client for a host, to be closed after its use. */
    public CloseableHttpClient open(String host, HostnameVerifier verifier) {
        SchemePortResolver ports = asked -> asked.getPort() > 0 ? asked.getPort() : port;
        TlsSocketStrategy strategy = new DefaultClientTlsStrategy(tls, HostnameVerificationPolicy.BOTH, verifier);
        BasicHttpClientConnectionManager connections = BasicHttpClientConnectionManager.create(
                ports,
                new Addresses(host),
                RegistryBuilder.<TlsSocketStrategy>create()
                        .register("https", strategy)
                        .build(),
                ManagedHttpClientConnectionFactory.builder().http1Config(BOUNDS).build());
        Timeout timeout = Timeout.of(longest);
        connections.setConnectionConfig(ConnectionConfig.custom()
                .setConnectTimeout(CONNECT)
                .setSocketTimeout(timeout)
                .build());
        return HttpClients.custom()
                .setConnectionManager(connections)
                .setRoutePlanner(new SystemDefaultRoutePlanner(ports, ProxySelector.getDefault()))
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setResponseTimeout(timeout)
                        .setProtocolUpgradeEnabled(false)
                        .build())
                .disableRedirectHandling()
                .disableAutomaticRetries()
                .disableContentCompression()
                .disableCookieManagement()
                .disableAuthCaching()
                .disableConnectionState()
                .disableDefaultUserAgent()
                .build();
    }

    /** Where the host is; a proxy's host is the machine's matter. */
    private final class Addresses implements DnsResolver {
        private final String named;

        Addresses(String named) {
            this.named = named;
        }

        @Override
        public InetAddress[] resolve(String host) throws UnknownHostException {
            if (!host.equals(named)) {
                return SystemDefaultDnsResolver.INSTANCE.resolve(host);
            }
            List<InetAddress> found;
            try {
                found = dns.addresses(host);
            } catch (IOException unanswered) {
                throw new UnknownHostException(unanswered.getMessage());
            }
            if (found.isEmpty()) {
                throw new UnknownHostException("the host is not known");
            }
            List<InetAddress> usable =
                    found.stream().filter(allowed).limit(ADDRESSES).collect(Collectors.toList());
            if (usable.isEmpty()) {
                throw new UnknownHostException("the host has only addresses that are not connected to");
            }
            return usable.toArray(new InetAddress[0]);
        }

        @Override
        public String resolveCanonicalHostname(String host) {
            return host;
        }
    }
}
