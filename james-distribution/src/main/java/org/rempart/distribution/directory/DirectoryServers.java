/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import com.unboundid.ldap.sdk.BindRequest;
import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.LDAPConnectionOptions;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.PostConnectProcessor;
import com.unboundid.ldap.sdk.ResultCode;
import com.unboundid.ldap.sdk.ServerSet;
import com.unboundid.ldap.sdk.SingleServerSet;
import com.unboundid.ldap.sdk.StartTLSPostConnectProcessor;
import com.unboundid.util.ssl.HostNameSSLSocketVerifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLSocketFactory;
import org.rempart.distribution.directory.DirectorySettings.Server;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory's servers, asked in their order; one that has failed comes last for a minute, so that not every
 * connection waits for it. Each connection is encrypted, and its server's certificate is trusted and for its host name,
 * before anything is sent (RFC 4513, section 3.1.3).
 */
final class DirectoryServers extends ServerSet {
    private static final Logger LOGGER = LoggerFactory.getLogger(DirectoryServers.class);
    private static final Duration AVOIDED = Duration.ofMinutes(1);

    private final Map<Server, SingleServerSet> servers = new ConcurrentHashMap<>();
    private final List<Server> order;
    private final Map<Server, Long> failedAt = new ConcurrentHashMap<>();
    private final boolean binds;

    /**
     * Nothing is connected yet.
     *
     * @param tls makes the sockets
     * @param bind what each connection is bound with; null for none
     */
    DirectoryServers(DirectorySettings settings, List<Server> order, SSLSocketFactory tls, BindRequest bind) {
        this.order = List.copyOf(order);
        this.binds = bind != null;
        PostConnectProcessor startTls = settings.implicitTls() ? null : new StartTLSPostConnectProcessor(tls);
        for (Server server : order) {
            servers.put(
                    server,
                    new SingleServerSet(
                            server.host(),
                            server.port(),
                            settings.implicitTls() ? tls : null,
                            options(settings),
                            bind,
                            startTls));
        }
    }

    private static LDAPConnectionOptions options(DirectorySettings settings) {
        LDAPConnectionOptions options = new LDAPConnectionOptions();
        options.setConnectTimeoutMillis((int) settings.connectTimeout().toMillis());
        options.setResponseTimeoutMillis(settings.answerTimeout().toMillis());
        options.setAbandonOnTimeout(true);
        // One thread is enough for a connection, and a time-out is that of its socket then.
        options.setUseSynchronousMode(true);
        // A referral would have the password sent to a server that nobody named.
        options.setFollowReferrals(false);
        options.setBindWithDNRequiresPassword(true);
        options.setUseSchema(false);
        options.setSSLSocketVerifier(new HostNameSSLSocketVerifier(true));
        return options;
    }

    @Override
    public boolean includesAuthentication() {
        return binds;
    }

    @Override
    public boolean includesPostConnectProcessing() {
        return true;
    }

    @Override
    public LDAPConnection getConnection() throws LDAPException {
        LDAPException last = null;
        for (Server server : preferred()) {
            try {
                return servers.get(server).getConnection();
            } catch (LDAPException failure) {
                last = failure;
                if (order.size() > 1) {
                    LOGGER.warn("The directory server {} is passed over: {}", server, failure.getMessage());
                }
                failedAt.put(server, System.nanoTime());
            }
        }
        throw last == null ? new LDAPException(ResultCode.CONNECT_ERROR, "no server") : last;
    }

    /** Has a server that did not answer come last for a while. */
    void avoid(LDAPConnection connection) {
        failedAt.put(new Server(connection.getConnectedAddress(), connection.getConnectedPort()), System.nanoTime());
    }

    private List<Server> preferred() {
        long now = System.nanoTime();
        failedAt.values().removeIf(failed -> now - failed > AVOIDED.toNanos());
        List<Server> preferred = new ArrayList<>(order);
        preferred.sort(Comparator.comparing(failedAt::containsKey));
        return preferred;
    }
}
