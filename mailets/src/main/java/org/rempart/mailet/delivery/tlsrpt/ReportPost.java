/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tlsrpt;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.psl.PublicSuffixMatcherLoader;
import org.apache.hc.client5.http.ssl.DefaultHostnameVerifier;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.rempart.mailet.delivery.tls.WebClients;

/** Brings reports by HTTPS (RFC 8460, section 5.4). */
final class ReportPost {
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private final WebClients clients;

    ReportPost(WebClients clients) {
        this.clients = clients;
    }

    /** Addresses that are nobody's own: a stranger's record must not lead to what only this machine reaches. */
    static boolean isPublic(InetAddress address) {
        byte[] bytes = address.getAddress();
        boolean unique = bytes.length == 16 && (bytes[0] & 0xfe) == 0xfc;
        boolean shared = bytes.length == 4 && bytes[0] == 100 && (bytes[1] & 0xc0) == 64;
        boolean reserved = bytes.length == 4 && (bytes[0] == 0 || (bytes[0] & 0xf0) == 0xf0);
        return !address.isLoopbackAddress()
                && !address.isAnyLocalAddress()
                && !address.isLinkLocalAddress()
                && !address.isSiteLocalAddress()
                && !address.isMulticastAddress()
                && !unique
                && !shared
                && !reserved;
    }

    /** @throws IOException when the site does not take it, with the reason */
    void send(URI site, byte[] gzip) throws IOException {
        HttpPost request = new HttpPost(site);
        request.setEntity(new ByteArrayEntity(gzip, ContentType.create(TlsReport.MEDIA_TYPE)));
        CompletableFuture<Integer> answer = CompletableFuture.supplyAsync(
                () -> {
                    try (CloseableHttpClient client = clients.open(
                            site.getHost(), new DefaultHostnameVerifier(PublicSuffixMatcherLoader.getDefault()))) {
                        return client.execute(request, response -> response.getCode());
                    } catch (IOException failure) {
                        throw new CompletionException(failure);
                    }
                },
                task -> {
                    Thread thread = new Thread(task, "tls-report, " + site.getHost());
                    thread.setDaemon(true);
                    thread.start();
                });
        try {
            int code = answer.get(LONGEST.toMillis(), TimeUnit.MILLISECONDS);
            if (code / 100 != 2) {
                throw new IOException("it answers " + code);
            }
        } catch (TimeoutException late) {
            throw new IOException("it does not answer within " + LONGEST.toSeconds() + " s", late);
        } catch (ExecutionException failure) {
            throw new IOException(String.valueOf(failure.getCause().getMessage()), failure);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IOException("the server is about to stop", stopped);
        } finally {
            request.cancel();
        }
    }
}
