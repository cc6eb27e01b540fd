/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.ServerCertificate;

/**
 * The policy hosts {@code mta-sts.<domain>} of a test: a web server on the loopback interface. The client finds it by a DNS
 * of the test, so it works with real names and checks the certificate for them.
 */
final class PolicyHosts implements AutoCloseable {
    private static final String PATH = "/.well-known/mta-sts.txt";

    private final CertificateAuthority authority = CertificateAuthority.create("web CA");
    private final HttpsServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "policy-hosts");
        thread.setDaemon(true);
        return thread;
    });
    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final CountDownLatch end = new CountDownLatch(1);

    /** What a host answers. */
    @FunctionalInterface
    interface Answer {
        void give(HttpExchange exchange) throws IOException;
    }

    /** Hosts with certificates for these domains. */
    PolicyHosts(String... domains) throws IOException {
        ServerCertificate certificate = authority
                .request(Stream.of(domains).map(domain -> "mta-sts." + domain).toArray(String[]::new))
                .issue();
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(certificate.context()));
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try {
            String host = exchange.getRequestHeaders().getFirst("Host");
            requests.add(host);
            Answer answer = answers.get(host);
            if (answer == null || !exchange.getRequestURI().getPath().equals(PATH)) {
                exchange.sendResponseHeaders(404, -1);
            } else {
                answer.give(exchange);
            }
        } finally {
            exchange.close();
        }
    }

    void publish(String domain, String policy) {
        answer(domain, exchange -> send(exchange, "text/plain; charset=utf-8", policy));
    }

    void answer(String domain, Answer answer) {
        answers.put("mta-sts." + domain, answer);
    }

    /** Answers nothing as long as the test lasts. */
    void stall(String domain) {
        answer(domain, exchange -> untilTheEnd());
    }

    /** Waits as long as the test lasts. */
    void untilTheEnd() {
        try {
            end.await();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    void silence() {
        answers.clear();
    }

    static void send(HttpExchange exchange, String type, String text) throws IOException {
        Headers headers = exchange.getResponseHeaders();
        headers.add("Content-Type", type);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    /** The hosts that were asked, one entry a request. */
    List<String> requests() {
        return requests;
    }

    int port() {
        return server.getAddress().getPort();
    }

    /** What trusts these hosts' authority. */
    SSLContext trust() {
        return trust(authority);
    }

    SSLContext trust(CertificateAuthority trusted) {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setCertificateEntry("ca", trusted.certificate());
            TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Override
    public void close() {
        end.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
