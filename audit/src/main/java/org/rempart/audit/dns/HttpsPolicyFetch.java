/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.dns;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import org.rempart.audit.tls.Chain;
import org.rempart.audit.tls.Jsse;

/**
 * Over HTTPS, by what is safe today: versions and suites are named, the name and the chain are checked as usual, and since
 * the JDK's list of weak algorithms is empty in this process, keys and signatures of the chain are looked at here.
 */
public final class HttpsPolicyFetch implements PolicyFetch {
    /** RFC 8461, section 3.3 suggests 64 KiB. */
    private static final int POLICY = 64 * 1024;

    private final Duration patience;

    public HttpsPolicyFetch(Duration patience) {
        this.patience = patience;
    }

    @Override
    public String fetch(String domain) throws IOException {
        Jsse.Offer safe = Jsse.safe();
        SSLParameters parameters = new SSLParameters(
                safe.suites().toArray(String[]::new), safe.protocols().toArray(String[]::new));
        HttpClient client = HttpClient.newBuilder()
                .connectTimeout(patience)
                .followRedirects(HttpClient.Redirect.NEVER)
                .sslParameters(parameters)
                .build();
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("https://mta-sts." + domain + "/.well-known/mta-sts.txt"))
                .timeout(patience)
                .build();
        try {
            HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                if (response.statusCode() != 200) {
                    throw new IOException("the policy's host answers " + response.statusCode());
                }
                weak(response.sslSession().orElseThrow());
                ByteArrayOutputStream text = new ByteArrayOutputStream();
                text.write(body.readNBytes(POLICY + 1));
                if (text.size() > POLICY) {
                    throw new IOException("the policy is longer than " + POLICY + " bytes");
                }
                return text.toString(StandardCharsets.UTF_8);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (IllegalArgumentException e) {
            throw new IOException("no policy can be asked for: " + e.getMessage(), e);
        }
    }

    private static void weak(SSLSession session) throws IOException {
        for (Certificate certificate : session.getPeerCertificates()) {
            if (certificate instanceof X509Certificate x509
                    && (Chain.weakKey(x509.getPublicKey())
                            || (Chain.weakSignature(x509)
                                    && !x509.getSubjectX500Principal().equals(x509.getIssuerX500Principal())))) {
                throw new IOException("the policy host's certificate is too weak");
            }
        }
    }
}
