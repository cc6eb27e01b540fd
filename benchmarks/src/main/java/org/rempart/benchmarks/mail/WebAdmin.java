/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Optional;

/** Sets up accounts through James's administration interface. */
final class WebAdmin {
    private final InetSocketAddress address;
    private final Optional<String> token;
    private final HttpClient http = HttpClient.newHttpClient();

    WebAdmin(InetSocketAddress address, Optional<String> token) {
        this.address = address;
        this.token = token;
    }

    void addAccounts(int accounts) throws IOException, InterruptedException {
        put("/domains/" + Mail.DOMAIN, "");
        for (int i = 0; i < accounts; i++) {
            put("/users/" + Mail.account(i), "{\"password\":\"" + Mailboxes.PASSWORD + "\"}");
        }
    }

    private void put(String path, String body) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://" + address.getAddress().getHostAddress() + ":" + address.getPort() + path))
                .PUT(BodyPublishers.ofString(body));
        token.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
        HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
        if (answer.statusCode() / 100 != 2) {
            throw new IOException("PUT " + path + " was answered " + answer.statusCode() + " " + answer.body());
        }
    }
}
