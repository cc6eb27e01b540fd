/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.IOException;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.psl.PublicSuffixMatcherLoader;
import org.apache.hc.client5.http.ssl.DefaultHostnameVerifier;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.rempart.message.dns.Dns;

/**
 * Fetches policy files over HTTPS (RFC 8461, section 3.3): the server needs a trusted certificate for
 * {@code mta-sts.<domain>}, must answer 200 with text/plain, and is not followed elsewhere. Its addresses come from the same
 * DNS as those of MX hosts; where the JVM has a proxy for HTTPS, that one finds them.
 */
final class MtaStsFetcher {
    /** RFC 8461, section 3.3, suggests this size and this time. */
    private static final int LARGEST = 64 * 1024;

    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final int HTTPS = 443;

    private final WebClients clients;
    private final Duration longest;

    MtaStsFetcher(Dns dns) {
        this(dns, WebClients.standardTls(), HTTPS, LONGEST);
    }

    /**
     * @param tls what trusts the servers
     * @param port of the servers
     * @param longest how long a fetch may take in all
     */
    MtaStsFetcher(Dns dns, SSLContext tls, int port, Duration longest) {
        this.clients = new WebClients(dns, tls, port, longest, address -> true);
        this.longest = longest;
    }

    private static String host(String domain) {
        return "mta-sts." + domain;
    }

    /** Where the policy of a domain is. */
    static URI uri(String domain) {
        return URI.create("https://" + host(domain) + "/.well-known/mta-sts.txt");
    }

    /**
     * Fetches the policy of a domain.
     *
     * @param domain in A-labels
     * @throws MtaStsException when it can't be had in time, or is no policy
     */
    MtaStsPolicy fetch(String domain) throws MtaStsException {
        HttpGet request;
        try {
            request = new HttpGet(uri(domain));
        } catch (IllegalArgumentException noHost) {
            throw new MtaStsException(host(domain) + " is no host of the web", noHost);
        }
        CompletableFuture<byte[]> answer =
                CompletableFuture.supplyAsync(() -> get(host(domain), request), task -> start(task, host(domain)));
        try {
            return MtaStsPolicy.parse(answer.get(longest.toMillis(), TimeUnit.MILLISECONDS));
        } catch (TimeoutException late) {
            throw new MtaStsException(uri(domain) + " was not there within " + longest.toSeconds() + " s", late);
        } catch (ExecutionException failure) {
            throw new MtaStsException(uri(domain) + ": " + reason(failure.getCause()), failure.getCause());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new MtaStsException(uri(domain) + ": the server is about to stop", stopped);
        } finally {
            request.cancel();
        }
    }

    /** Own threads: a connection that is being made or read can't be interrupted. */
    private static void start(Runnable task, String host) {
        Thread thread = new Thread(task, "mta-sts, " + host);
        thread.setDaemon(true);
        thread.start();
    }

    private byte[] get(String host, HttpGet request) {
        // A client of its own, so that no domain waits for the connections of another.
        try (CloseableHttpClient client = clients.open(host, new Verifier())) {
            return client.execute(request, MtaStsFetcher::body);
        } catch (IOException failure) {
            throw new CompletionException(failure);
        }
    }

    /** Reads the answer if it is one, and no more of it than a policy may have. */
    private static byte[] body(ClassicHttpResponse answer) throws IOException {
        if (answer.getCode() != 200) {
            throw new IOException("the server answers " + answer.getCode());
        }
        Header type = answer.getFirstHeader("Content-Type");
        if (type == null
                || !type.getValue()
                        .split(";", 2)[0]
                        .strip()
                        .toLowerCase(Locale.ROOT)
                        .equals("text/plain")) {
            throw new IOException("what the server sends is not text/plain");
        }
        if (answer.getEntity() == null) {
            return new byte[0];
        }
        byte[] read = answer.getEntity().getContent().readNBytes(LARGEST + 1);
        if (read.length > LARGEST) {
            throw new IOException("the policy is larger than " + LARGEST / 1024 + " KiB");
        }
        return read;
    }

    /** The first cause that says something. */
    private static String reason(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null) {
                return cause.getMessage();
            }
        }
        return failure.getClass().getSimpleName();
    }

    /** RFC 8461, section 3.3: the name must be a subjectAltName. */
    private static final class Verifier implements HostnameVerifier {
        private final HostnameVerifier standard = new DefaultHostnameVerifier(PublicSuffixMatcherLoader.getDefault());

        @Override
        public boolean verify(String host, SSLSession session) {
            try {
                X509Certificate own = (X509Certificate) session.getPeerCertificates()[0];
                return !CertificateNames.dnsIds(own, true).isEmpty() && standard.verify(host, session);
            } catch (SSLPeerUnverifiedException none) {
                return false;
            }
        }
    }
}
