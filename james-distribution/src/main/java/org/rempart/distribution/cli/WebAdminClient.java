/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.Listener;
import org.rempart.distribution.home.WebAdminToken;

/**
 * Asks the running server's administration interface, with the credential that the server wrote into its own folder.
 * Every method throws {@link IOException} with a sentence for the administrator when the server does not answer, and
 * {@link RefusedException} when it answers with something else than 2xx.
 */
public final class WebAdminClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int UNAUTHORIZED = 401;
    private static final int NOT_FOUND = 404;

    private final Home home;
    private final Duration patience;

    /** A client of the server in this home; an answer is awaited for 30 seconds. */
    public WebAdminClient(Home home) {
        this(home, PATIENCE);
    }

    private WebAdminClient(Home home, Duration patience) {
        this.home = home;
        this.patience = patience;
    }

    /** The same client, for what takes longer or should not take as long. */
    public WebAdminClient patient(Duration longest) {
        return new WebAdminClient(home, longest);
    }

    /** What the server refused, in its words. */
    public static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        private final int status;

        RefusedException(int status, String message) {
            super(message);
            this.status = status;
        }

        /** The HTTP status. */
        public int status() {
            return status;
        }
    }

    /** The JSON at this path. */
    public JsonNode get(String path) throws IOException, InterruptedException {
        return json(request("GET", path, "").body());
    }

    /** The bytes at this path. */
    public byte[] getBytes(String path) throws IOException, InterruptedException {
        return request("GET", path, "").body();
    }

    /** Whether a GET of this path finds something. */
    public boolean has(String path) throws IOException, InterruptedException {
        return finds("GET", path);
    }

    /** Whether a HEAD of this path finds something: some of James's routes answer to this alone. */
    public boolean hasHead(String path) throws IOException, InterruptedException {
        return finds("HEAD", path);
    }

    private boolean finds(String method, String path) throws IOException, InterruptedException {
        try {
            request(method, path, "");
            return true;
        } catch (RefusedException refused) {
            if (refused.status() == NOT_FOUND) {
                return false;
            }
            throw refused;
        }
    }

    public JsonNode put(String path, String body) throws IOException, InterruptedException {
        return json(request("PUT", path, body).body());
    }

    public JsonNode post(String path, String body) throws IOException, InterruptedException {
        return json(request("POST", path, body).body());
    }

    public JsonNode delete(String path) throws IOException, InterruptedException {
        return json(request("DELETE", path, "").body());
    }

    /** A part of a path or of a query, quoted. */
    public static String encoded(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private HttpResponse<byte[]> request(String method, String path, String body)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(uri(path))
                .timeout(patience)
                .header(
                        "Authorization",
                        WebAdminToken.read(home.webAdminToken()).authorization())
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        HttpResponse<byte[]> response;
        try {
            response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofByteArray());
        } catch (ConnectException absent) {
            throw new IOException("the server does not answer; start it first: bin/rempart start", absent);
        } catch (HttpTimeoutException late) {
            throw new IOException(
                    "the server has not answered within " + patience.toSeconds() + " seconds; see var/log/server.log",
                    late);
        }
        if (response.statusCode() == UNAUTHORIZED) {
            throw new RefusedException(
                    UNAUTHORIZED,
                    home.name(home.webAdminToken()) + " is not the credential of the server that answers at "
                            + request.uri().getAuthority() + "; is it another one's? see conf/webadmin.properties");
        }
        if (response.statusCode() / 100 != 2) {
            throw new RefusedException(
                    response.statusCode(),
                    "the server refused (" + response.statusCode() + "): " + reason(response.body()));
        }
        return response;
    }

    private URI uri(String path) throws IOException {
        try {
            Listener webAdmin = Listener.of(home).stream()
                    .filter(listener -> listener.name().equals("webadmin"))
                    .findFirst()
                    .orElseThrow(() -> new IOException("the administration interface is switched off; write "
                            + "enabled=true in conf/webadmin.properties"));
            String host = webAdmin.address().getAddress().getHostAddress();
            return URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":"
                    + webAdmin.address().getPort() + path);
        } catch (FaultException fault) {
            throw new IOException(fault.getMessage(), fault);
        }
    }

    private static JsonNode json(byte[] body) throws IOException {
        return body.length == 0 ? MissingNode.getInstance() : JSON.readTree(body);
    }

    /** What the server's answer says, without its JSON. */
    private static String reason(byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8);
        try {
            JsonNode answer = JSON.readTree(text);
            String message = answer.path("message").asText("");
            String details = answer.path("details").isNull()
                    ? ""
                    : answer.path("details").asText("");
            if (message.isEmpty() && details.isEmpty()) {
                return text;
            }
            return details.isEmpty() || details.equals(message)
                    ? message
                    : message.isEmpty() ? details : message + ": " + details;
        } catch (JsonProcessingException noJson) {
            return text;
        }
    }
}
