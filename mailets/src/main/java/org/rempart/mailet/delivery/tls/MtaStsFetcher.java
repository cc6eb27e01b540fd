/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Fetches policy files over HTTPS (RFC 8461, section 3.3): the server needs a trusted certificate for
 * {@code mta-sts.<domain>}, must answer 200 with text/plain, and is not followed elsewhere.
 */
final class MtaStsFetcher {
    /** RFC 8461, section 3.3, suggests this size and this time. */
    private static final int LARGEST = 64 * 1024;

    private static final Duration LONGEST = Duration.ofSeconds(60);

    private final HttpClient client;
    private final Duration longest;

    /** @param client whose TLS and proxy settings are used; redirects are switched off */
    MtaStsFetcher(HttpClient.Builder client) {
        this(client, LONGEST);
    }

    /** @param longest how long a fetch may take in all */
    MtaStsFetcher(HttpClient.Builder client, Duration longest) {
        this.client = client.followRedirects(HttpClient.Redirect.NEVER)
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(longest)
                .build();
        this.longest = longest;
    }

    /** Where the policy of a domain is. */
    static URI uri(String domain) {
        return URI.create("https://mta-sts." + domain + "/.well-known/mta-sts.txt");
    }

    /**
     * Fetches the policy of a domain.
     *
     * @param domain in A-labels
     * @throws MtaStsException when it can't be had in time, or is no policy
     */
    MtaStsPolicy fetch(String domain) throws MtaStsException {
        HttpRequest request;
        try {
            request = HttpRequest.newBuilder(uri(domain)).timeout(longest).build();
        } catch (IllegalArgumentException noHost) {
            throw new MtaStsException("mta-sts." + domain + " is no host of the web", noHost);
        }
        Body body = new Body();
        CompletableFuture<HttpResponse<byte[]>> response = client.sendAsync(request, body);
        try {
            return MtaStsPolicy.parse(
                    response.get(longest.toMillis(), TimeUnit.MILLISECONDS).body());
        } catch (TimeoutException late) {
            throw new MtaStsException(request.uri() + " was not there within " + longest.toSeconds() + " s", late);
        } catch (ExecutionException failure) {
            throw new MtaStsException(request.uri() + ": " + reason(failure.getCause()), failure.getCause());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new MtaStsException(request.uri() + ": the server is about to stop", stopped);
        } finally {
            body.stop();
            response.cancel(true);
        }
    }

    /** The first cause that says something; the client itself says nothing of a host that is not known. */
    private static String reason(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return "the host is not known";
            }
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null) {
                return cause.getMessage();
            }
        }
        return failure instanceof ConnectException
                ? "the host can't be connected to"
                : failure.getClass().getSimpleName();
    }

    /** Reads the answer if it is one, and no more of it than a policy may have. */
    private static final class Body implements BodyHandler<byte[]>, BodySubscriber<byte[]> {
        private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
        private final ByteArrayOutputStream read = new ByteArrayOutputStream();
        private Flow.Subscription subscription;
        private boolean stopped;

        @Override
        public BodySubscriber<byte[]> apply(HttpResponse.ResponseInfo answer) {
            String type = answer.headers().firstValue("Content-Type").orElse("");
            if (answer.statusCode() != 200) {
                refuse("the server answers " + answer.statusCode());
            } else if (!type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals("text/plain")) {
                refuse("what the server sends is not text/plain");
            }
            return this;
        }

        private synchronized void refuse(String why) {
            whole.completeExceptionally(new IOException(why));
            stop();
        }

        synchronized void stop() {
            stopped = true;
            if (subscription != null) {
                subscription.cancel();
            }
        }

        @Override
        public CompletionStage<byte[]> getBody() {
            return whole;
        }

        @Override
        public synchronized void onSubscribe(Flow.Subscription given) {
            subscription = given;
            if (stopped) {
                given.cancel();
            } else {
                given.request(Long.MAX_VALUE);
            }
        }

        @Override
        public synchronized void onNext(List<ByteBuffer> buffers) {
            for (ByteBuffer buffer : buffers) {
                if (read.size() + buffer.remaining() > LARGEST) {
                    refuse("the policy is larger than " + LARGEST / 1024 + " KiB");
                    return;
                }
                byte[] bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                read.write(bytes, 0, bytes.length);
            }
        }

        @Override
        public void onError(Throwable failure) {
            whole.completeExceptionally(failure);
        }

        @Override
        public synchronized void onComplete() {
            whole.complete(read.toByteArray());
        }
    }
}
