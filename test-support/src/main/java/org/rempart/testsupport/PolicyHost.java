/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A web server with the MTA-STS policies of domains (RFC 8461, section 3.3): which one it gives depends on the host that is
 * asked for, {@code mta-sts.} and the domain.
 */
public final class PolicyHost implements AutoCloseable {
    private static final String PATH = "/.well-known/mta-sts.txt";

    private final HttpsServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "policy host");
        thread.setDaemon(true);
        return thread;
    });
    private final Map<String, String> policies = new ConcurrentHashMap<>();
    private final AtomicInteger fetches = new AtomicInteger();

    private PolicyHost(HttpsServer server) {
        this.server = server;
    }

    /**
     * Serves until it is closed.
     *
     * @param certificate for all the policy hosts' names
     */
    public static PolicyHost start(InetSocketAddress address, ServerCertificate certificate) throws IOException {
        HttpsServer server = HttpsServer.create(address, 50);
        server.setHttpsConfigurator(new HttpsConfigurator(certificate.context()));
        PolicyHost host = new PolicyHost(server);
        server.createContext("/", host::answer);
        server.setExecutor(host.threads);
        server.start();
        return host;
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    /** From now on the domain has this policy. */
    public PolicyHost publish(String domain, String policy) {
        policies.put("mta-sts." + domain, policy);
        return this;
    }

    /** How many policies were asked for. */
    public int fetches() {
        return fetches.get();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            fetches.incrementAndGet();
            String host = String.valueOf(exchange.getRequestHeaders().getFirst("Host"))
                    .replaceFirst(":[0-9]+$", "");
            String policy = policies.get(host);
            if (policy == null || !exchange.getRequestURI().getPath().equals(PATH)) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            byte[] body = policy.getBytes(StandardCharsets.US_ASCII);
            exchange.getResponseHeaders().set("Content-Type", "text/plain");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
