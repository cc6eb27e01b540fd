/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.Listener;
import org.rempart.distribution.home.WebAdminToken;

/** Stands for the administration interface of a running server: keeps what it is asked, answers what it is told. */
final class FakeAdministration implements AutoCloseable {
    private final HttpServer server;
    private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private volatile Answer otherwise = new Answer(204, "");

    private record Answer(int status, String body) {}

    FakeAdministration(Home home) throws Exception {
        String authorization = WebAdminToken.in(home.webAdminToken()).authorization();
        Listener webAdmin = Listener.of(home).stream()
                .filter(listener -> listener.name().equals("webadmin"))
                .findFirst()
                .orElseThrow();
        server = HttpServer.create(webAdmin.address(), 0);
        server.createContext("/", exchange -> {
            String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            requests.add(body.isEmpty() ? request : request + " " + body);
            boolean known = authorization.equals(exchange.getRequestHeaders().getFirst("Authorization"));
            Answer answer = known ? answers.getOrDefault(request, otherwise) : new Answer(401, "");
            byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
            if (bytes.length > 0) {
                exchange.getResponseBody().write(bytes);
            }
            exchange.close();
        });
        server.start();
    }

    /** Answers a request such as {@code GET /domains}. */
    FakeAdministration answer(String request, int status, String body) {
        answers.put(request, new Answer(status, body));
        return this;
    }

    /** Answers every request that is not told apart; with 204 when nothing is said. */
    FakeAdministration otherwise(int status, String body) {
        otherwise = new Answer(status, body);
        return this;
    }

    /** The requests so far: method, path, body. */
    List<String> requests() throws IOException {
        return List.copyOf(requests);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
