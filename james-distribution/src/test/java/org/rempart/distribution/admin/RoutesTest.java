/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import org.apache.james.webadmin.utils.JsonTransformer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.distribution.queue.MailAdministration;
import org.rempart.distribution.queue.MailAdministration.Filter;
import org.rempart.distribution.queue.MailAdministration.Page;
import spark.Service;

/** A route does what it was asked for, or says why not: what it does not know must not choose all mail. */
class RoutesTest {
    /** What was asked of the mail, and with which filter. */
    private final List<String> asked = Collections.synchronizedList(new ArrayList<>());

    private Service server;

    @BeforeEach
    void start() {
        MailAdministration mails = (MailAdministration) Proxy.newProxyInstance(
                RoutesTest.class.getClassLoader(),
                new Class<?>[] {MailAdministration.class},
                (proxy, method, values) -> {
                    asked.add(method.getName() + " " + (values == null ? "" : values[0]));
                    return switch (method.getName()) {
                        case "list" -> new Page(List.of(), OptionalLong.empty());
                        case "counts" -> List.of();
                        default -> 1L;
                    };
                });
        JsonTransformer json = new JsonTransformer();
        server = Service.ignite().ipAddress("127.0.0.1").port(0);
        new MailRoutes(mails, json).define(server);
        // They refuse before they ask anything.
        new AccountRoutes(null, null, null, null, mails, json).define(server);
        new BackupRoutes(null, json).define(server);
        server.awaitInitialization();
    }

    @AfterEach
    void stop() {
        server.stop();
        server.awaitStop();
    }

    private HttpResponse<String> send(String method, String path) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                                .method(method, HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST /rempart/mails/delete?held=True",
                "POST /rempart/mails/delete?held=yes",
                "POST /rempart/mails/delete?held=",
                "POST /rempart/mails/delete?sendr=a@example.com&all=true",
                "POST /rempart/mails/delete?sendr=",
                "POST /rempart/mails/delete?sender=",
                "POST /rempart/mails/delete?sender=%20",
                "POST /rempart/mails/delete?sender=a@example.com&sender=b@example.com",
                "POST /rempart/mails/delete?Sender=a@example.com&place=spool",
                "POST /rempart/mails/delete?all=True",
                "POST /rempart/mails/delete?all=false",
                "POST /rempart/mails/delete",
                "POST /rempart/mails/delete?all=true&sender=a@example.com",
                "POST /rempart/mails/delete?olderThan=-PT2H",
                "POST /rempart/mails/delete?olderThan=2h",
                "POST /rempart/mails/delete?limit=5&place=spool",
                "POST /rempart/mails/delete?after=5&place=spool",
                "POST /rempart/mails/flush?id=1&held=1",
                "POST /rempart/mails/hold?recipients=a@example.com",
                "POST /rempart/mails/release?all=1",
                "GET /rempart/mails?limit=0",
                "GET /rempart/mails?limit=1001",
                "GET /rempart/mails?limit=x",
                "GET /rempart/mails?all=true",
                "GET /rempart/mails?queue=spool",
                "GET /rempart/mails/counts?place=spool",
                "GET /rempart/mails/1?header=true",
                "GET /rempart/mails/1/message?cut=1",
                "GET /rempart/accounts?held=true",
                "GET /rempart/accounts/a@example.com?x=1",
                "POST /rempart/accounts/a@example.com/hold?reson=spam",
                "POST /rempart/accounts/a@example.com/release?mails=delete",
                "POST /rempart/accounts/a@example.com/release?mail=delete&mail=send",
                "POST /rempart/backup?to=elsewhere"
            })
    void whatARouteDoesNotKnowItRefuses(String request) throws Exception {
        int space = request.indexOf(' ');
        HttpResponse<String> answer = send(request.substring(0, space), request.substring(space + 1));

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(asked).isEmpty();
    }

    @Test
    void whatItKnowsItDoes() throws Exception {
        assertThat(send("POST", "/rempart/mails/delete?held=false&place=spool").statusCode())
                .isEqualTo(200);
        assertThat(send("POST", "/rempart/mails/hold?id=1&id=2").statusCode()).isEqualTo(200);
        assertThat(send("POST", "/rempart/mails/flush?all=true").statusCode()).isEqualTo(200);
        assertThat(send("GET", "/rempart/mails?sender=%3C%3E&olderThan=PT2H&limit=10&after=7")
                        .statusCode())
                .isEqualTo(200);
        assertThat(asked.get(0))
                .isEqualTo("delete " + Filter.ALL.withHeld(false).withName("spool"));
        assertThat(asked.get(1)).startsWith("hold ").contains("1", "2");
        assertThat(asked.get(2)).isEqualTo("flush " + Filter.ALL);
        assertThat(asked.get(3)).startsWith("list ").contains("<>", "PT2H");
    }

    @Test
    void moreIdsThanAPageHoldsAreRefused() throws Exception {
        StringBuilder ids = new StringBuilder("id=1");
        for (int id = 2; id <= 1001; id++) {
            ids.append("&id=").append(id);
        }
        assertThat(send("POST", "/rempart/mails/delete?" + ids).statusCode()).isEqualTo(400);
        assertThat(asked).isEmpty();
    }
}
