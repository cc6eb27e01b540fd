/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.rempart.it.contract.Contract;
import org.rempart.it.contract.OnlyIn;
import org.rempart.it.contract.Way;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.ImapClient;

@Contract
@OnlyIn(Way.DROP_IN)
@DisplayName("A1, A3: what users submit by JMAP is asked what mail over SMTP is asked")
class JmapContractTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final String PARTNER = "partner@partner.example";

    private final Endpoints server = Trial.server();

    /** A user's program that speaks JMAP (RFC 8620, RFC 8621). */
    private static final class Client {
        private final URI api;
        private final String credential;
        private final String account;
        private final String mailbox;

        Client(Variant variant, String user, String password) throws Exception {
            Matcher port = Pattern.compile("(?m)^jmap\\.port=(\\d+)$").matcher(variant.read("jmap.properties"));
            assertThat(port.find()).isTrue();
            api = URI.create("http://127.0.0.1:" + port.group(1) + "/jmap");
            credential = "Basic "
                    + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
            account = send(HttpRequest.newBuilder(URI.create(api + "/session")).GET())
                    .path("primaryAccounts")
                    .path("urn:ietf:params:jmap:mail")
                    .asText();
            mailbox = call("Mailbox/get", JSON.createObjectNode())
                    .path("list")
                    .path(0)
                    .path("id")
                    .asText();
        }

        private JsonNode send(HttpRequest.Builder request) throws Exception {
            HttpResponse<String> response = HTTP.send(
                    request.header("Authorization", credential)
                            .header("Accept", "application/json; jmapVersion=rfc-8621")
                            .header("Content-Type", "application/json")
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            return JSON.readTree(response.body());
        }

        private JsonNode call(String method, ObjectNode arguments) throws Exception {
            arguments.put("accountId", account);
            ObjectNode request = JSON.createObjectNode();
            request.putArray("using")
                    .add("urn:ietf:params:jmap:core")
                    .add("urn:ietf:params:jmap:mail")
                    .add("urn:ietf:params:jmap:submission");
            request.putArray("methodCalls")
                    .addArray()
                    .add(method)
                    .add(arguments)
                    .add("c1");
            JsonNode answer = send(HttpRequest.newBuilder(api)
                            .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(request))))
                    .path("methodResponses")
                    .path(0);
            assertThat(answer.path(0).asText()).as(answer.toString()).isEqualTo(method);
            return answer.path(1);
        }

        /** @return what JMAP says of the submission */
        JsonNode submit(String sender, String shownName, String recipient, String marker) throws Exception {
            ObjectNode emails = JSON.createObjectNode();
            ObjectNode email = emails.putObject("create").putObject("e1");
            email.putObject("mailboxIds").put(mailbox, true);
            email.putArray("from").addObject().put("name", shownName).put("email", sender);
            email.putArray("to").addObject().put("email", recipient);
            email.put("subject", marker);
            email.putArray("htmlBody").addObject().put("partId", "b1").put("type", "text/html");
            email.putObject("bodyValues").putObject("b1").put("value", "<p>" + marker + "</p>");
            JsonNode created = call("Email/set", emails);
            String id = created.path("created").path("e1").path("id").asText();
            assertThat(id).as(created.toString()).isNotEmpty();

            ObjectNode submissions = JSON.createObjectNode();
            ObjectNode submission = submissions.putObject("create").putObject("s1");
            submission.put("emailId", id);
            ObjectNode envelope = submission.putObject("envelope");
            envelope.putObject("mailFrom").put("email", sender);
            envelope.putArray("rcptTo").addObject().put("email", recipient);
            return call("EmailSubmission/set", submissions);
        }
    }

    private String inbox(Variant variant) throws IOException {
        try (ImapClient imap = ImapClient.connectTls(variant.imaps(), Mails.tls(server))) {
            imap.login(server.user(), server.password());
            StringBuilder inbox = new StringBuilder();
            imap.messages("INBOX").forEach(message -> inbox.append(Mails.text(message)));
            return inbox.toString();
        }
    }

    private void awaitReport(Variant variant, String... texts) {
        Awaitility.await("the report")
                .atMost(Mails.PATIENCE)
                .ignoreExceptionsInstanceOf(ImapClient.ImapException.class)
                .untilAsserted(() -> assertThat(inbox(variant)).contains(texts));
    }

    private static void accounts(Variant variant, String... arguments) throws Exception {
        Path jar;
        try (Stream<Path> jars = Files.list(variant.home().resolve("extensions-jars"))) {
            jar = jars.findFirst().orElseThrow();
        }
        List<String> command = Stream.concat(
                        Stream.of(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-jar",
                                jar.toString(),
                                "accounts"),
                        Stream.of(arguments))
                .toList();
        Process process = new ProcessBuilder(command)
                .directory(variant.home().toFile())
                .redirectErrorStream(true)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
    }

    @Test
    void a3_itLeavesStrippedIsHeldWithItsAccountAndTold() throws Exception {
        try (Variant variant = new Variant("jmap")) {
            variant.start();
            variant.addUser(server.user(), server.password());
            variant.addUser(server.user2(), server.password2());
            Client alice = new Client(variant, server.user(), server.password());

            String own = Mails.marker();
            JsonNode answer = alice.submit(server.user(), "Alice", PARTNER, own);
            assertThat(answer.path("created").path("s1").isMissingNode())
                    .as(answer.toString())
                    .isFalse();
            Mails.awaitRemote(server, own);

            String disguised = Mails.marker();
            alice.submit(server.user(), server.user2(), PARTNER, disguised);
            awaitReport(variant, "From address not owned by the account", disguised);

            accounts(variant, "hold", server.user(), "a test");
            String held = Mails.marker();
            alice.submit(server.user(), "Alice", PARTNER, held);
            awaitReport(variant, "the account is held", held);

            accounts(variant, "release", server.user());
            String released = Mails.marker();
            alice.submit(server.user(), "Alice", PARTNER, released);
            Mails.awaitRemote(server, released);

            assertThat(Mails.hasLeft(server, disguised)).isFalse();
            assertThat(Mails.hasLeft(server, held)).isFalse();
            assertThat(Files.readString(variant.home().resolve("var/log/audit.log")))
                    .contains("\"event\":\"submission\",\"protocol\":\"jmap\",\"account\":\"" + server.user() + "\"")
                    .contains("\"event\":\"released\"");
        }
    }
}
