/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.quickstart.Endpoints;

@DisplayName("The administration interface asks for its credential everywhere")
class AdministrationCredentialContractTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Endpoints SERVER = Trial.server();
    private static String token;

    @BeforeAll
    static void readToken() throws IOException {
        token = Files.readString(SERVER.home().resolve("var/webadmin.token")).trim();
    }

    /** A path of each group of routes that the server has. */
    static Stream<String> groups() {
        return Stream.of(
                "/rempart/mails",
                "/rempart/mails/counts",
                "/rempart/accounts",
                "/rempart/accounts/" + SERVER.user(),
                "/domains",
                "/domainMappings",
                "/users",
                "/mappings",
                "/address/aliases",
                "/address/forwards",
                "/address/groups",
                "/mailQueues",
                "/mailRepositories",
                "/quota",
                "/quota/users",
                "/quota/users/" + SERVER.user(),
                "/quota/domains/" + SERVER.domain(),
                "/users/" + SERVER.user() + "/mailboxes",
                "/events/deadLetter/groups",
                "/tasks");
    }

    private static HttpResponse<String> ask(String method, String path, String... header)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + SERVER.webadmin().getPort() + path))
                .method(method, HttpRequest.BodyPublishers.noBody());
        for (String value : header) {
            request.header("Authorization", value);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    @ParameterizedTest
    @MethodSource("groups")
    void withoutItNothingIsTold(String path) throws Exception {
        assertThat(ask("GET", path, "Bearer " + token).statusCode()).isIn(200, 204);
        List<String[]> without = List.of(
                new String[0],
                new String[] {""},
                new String[] {"Bearer"},
                new String[] {"Bearer "},
                new String[] {"Bearer guess"},
                new String[] {"Bearer " + token.substring(1)},
                new String[] {"Bearer " + token + "x"},
                new String[] {token},
                new String[] {"Basic YWRtaW46YWRtaW4="});
        for (String[] header : without) {
            for (String method : List.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH")) {
                HttpResponse<String> answer = ask(method, path, header);
                assertThat(answer.statusCode())
                        .as(method + " " + String.join(", ", header))
                        .isEqualTo(401);
                assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Bearer");
                assertThat(answer.body()).doesNotContain(SERVER.domain());
            }
        }
    }

    /** Neither what is there nor what is not is told to those without it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/nothing",
                "/metrics",
                "/rempart",
                "/rempart/",
                "/rempart/nothing",
                "/rempart//accounts",
                "/domains/",
                "//domains",
                "/healthcheck/nothing",
                "/healthcheck/checks/one/two",
                "/healthcheck/checks/..;/..;/domains",
                "/healthcheckdomains",
            })
    void noPathIsOpen(String path) throws Exception {
        assertThat(ask("GET", path).statusCode()).isIn(400, 401);
        assertThat(ask("GET", path, "Bearer guess").statusCode()).isIn(400, 401);
    }

    @Test
    void withoutItNothingIsDone() throws Exception {
        String account = "/rempart/accounts/" + SERVER.user2();
        assertThat(ask("POST", account + "/hold").statusCode()).isEqualTo(401);
        assertThat(ask("POST", account + "/hold", "Bearer guess").statusCode()).isEqualTo(401);
        assertThat(ask("GET", account, "Bearer " + token).body()).contains("\"held\":false");
        assertThat(ask("PUT", "/domains/intruder.example").statusCode()).isEqualTo(401);
        assertThat(ask("GET", "/domains", "Bearer " + token).body()).doesNotContain("intruder.example");
        assertThat(ask("POST", "/rempart/backup").statusCode()).isEqualTo(401);
        assertThat(SERVER.home().resolve("var/backup")).doesNotExist();
    }

    /** docs/administration.md says so. */
    @Test
    void whetherItIsWellIsToldToEverybody() throws Exception {
        for (String path : List.of("/healthcheck", "/healthcheck/checks")) {
            HttpResponse<String> answer = ask("GET", path);
            assertThat(answer.statusCode()).as(path).isEqualTo(200);
            assertThat(answer.body()).contains("componentName").doesNotContain(SERVER.domain(), SERVER.user());
        }
        HttpResponse<String> one = ask("GET", "/healthcheck/checks/Guice%20application%20lifecycle");
        assertThat(one.statusCode()).isEqualTo(200);
        assertThat(one.body()).contains("healthy");
    }
}
