/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/**
 * The administration interface of a server.
 *
 * @param address where it listens
 * @param token its credential, if it asks for one
 */
record Administration(InetSocketAddress address, Optional<String> token) {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /**
     * Asks it.
     *
     * @param body what is sent with the request, empty for nothing
     * @param accept the content type that is asked for
     */
    HttpResponse<String> ask(String method, String path, String body, String accept)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + address.getPort() + path))
                .header("Accept", accept)
                .timeout(Duration.ofMinutes(3))
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body));
        token.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
    }

    /** Adds a domain, if it isn't there. */
    void addDomain(String domain) throws IOException, InterruptedException {
        expect(ask("PUT", "/domains/" + domain, "", "*/*"));
    }

    /** Adds an account. */
    void addUser(String address, String password) throws IOException, InterruptedException {
        String quoted = password.replace("\\", "\\\\").replace("\"", "\\\"");
        expect(ask("PUT", "/users/" + address, "{\"password\":\"" + quoted + "\"}", "*/*"));
    }

    private static void expect(HttpResponse<String> response) throws IOException {
        if (response.statusCode() / 100 != 2) {
            throw new IOException(response.uri() + " answers " + response.statusCode() + ": " + response.body());
        }
    }
}
