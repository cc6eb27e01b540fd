/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.rempart.it.Variant.Result;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.ImapClient;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.quickstart.client.SmtpReply;
import org.rempart.quickstart.client.TlsClient;
import org.rempart.quickstart.sink.SinkMail;

/** Somebody has stolen a password, and uses it as fast as he can, from many addresses. */
@DisplayName("A2, A3: a stolen account is contained, traced and released")
class StolenAccountContractTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int CONNECTIONS = 50;
    private static final int ADDRESSES = 20;
    private static final int AT_ONCE = 10;
    private static final int PEOPLE = 200;

    private final Endpoints server = Trial.server();

    /** What one connection of the thief achieved. */
    private record Loot(List<String> accepted, int refused) {}

    /** The limit is low, and each connection gives up soon after its first refusal. */
    @Test
    void a3_fiftyConnectionsGetNoMoreThanTheLimitTogether() throws Exception {
        contained("stolen", 200, 100, 3);
    }

    /** The limit is the packaged one, and all 5000 mails are tried. */
    @Test
    @Tag("heavy")
    void a3_fiveThousandMailsAreTriedWithThePackagedPolicy() throws Exception {
        contained("stolen-heavy", 500, 100, Integer.MAX_VALUE);
    }

    private void contained(String name, int limit, int mailsEach, int givesUpAfter) throws Exception {
        try (Variant variant = new Variant(name)) {
            variant.edit(
                    "rempart.xml",
                    "<rate [^>]*/>",
                    "<rate per=\"account\" messages=\"" + limit + "/1h\" then=\"hold\"/>");
            variant.edit(
                    "mailetcontainer.xml",
                    "<postmaster>[^<]*</postmaster>",
                    "<postmaster>" + server.user2() + "</postmaster>");
            variant.start();
            variant.addUser(server.user(), server.password());
            variant.addUser(server.user2(), server.password2());
            honestUsersAreNotRefused(variant, limit);

            TlsClient tls = Mails.tls(server);
            List<SmtpClient> thieves = logins(variant, CONNECTIONS, server.user(), server.password());
            List<Loot> loot = inParallel(
                    CONNECTIONS, thief -> steal(thieves.get(thief), variant, tls, thief, mailsEach, givesUpAfter));
            List<String> accepted =
                    loot.stream().flatMap(one -> one.accepted().stream()).toList();
            assertThat(accepted).hasSize(limit);
            assertThat(loot.stream().mapToInt(Loot::refused).sum()).isGreaterThanOrEqualTo(CONNECTIONS);

            everyMailIsInTheTrail(variant, accepted);
            thePostmasterKnowsOnce(variant);
            aRestartKeepsTheHold(variant);
            int left = left(accepted);
            System.out.println("Of " + CONNECTIONS * mailsEach + " mails that a stolen account may send over "
                    + CONNECTIONS
                    + " connections from " + ADDRESSES + " addresses, with a limit of " + limit + ", " + accepted.size()
                    + " were accepted and " + left + " have left.");
            itIsTracedAndReleased(variant, accepted.get(0));
        }
    }

    private static <T> List<T> inParallel(int count, Task<T> task) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            List<Callable<T>> calls = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int number = i;
                calls.add(() -> task.run(number));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> result : threads.invokeAll(calls)) {
                results.add(result.get());
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }

    private interface Task<T> {
        T run(int number) throws Exception;
    }

    /** Connections that are logged in, made a few at a time: what a handshake costs is not what is tested. */
    private List<SmtpClient> logins(Variant variant, int count, String user, String password) throws Exception {
        TlsClient tls = Mails.tls(server);
        List<SmtpClient> clients = new ArrayList<>();
        for (int from = 0; from < count; from += AT_ONCE) {
            int first = from;
            clients.addAll(inParallel(
                    Math.min(AT_ONCE, count - from), number -> login(variant, tls, first + number, user, password)));
        }
        return clients;
    }

    private static InetAddress address(int number) throws IOException {
        return InetAddress.getByName("127.0.0." + (2 + number % ADDRESSES));
    }

    private SmtpClient login(Variant variant, TlsClient tls, int from, String user, String password)
            throws IOException {
        InetSocketAddress listener = variant.submissions();
        SmtpClient client = SmtpClient.connectTls(address(from), listener, tls);
        client.command("EHLO client.example");
        assertThat(client.authPlain(user, password).code()).isEqualTo(235);
        return client;
    }

    private Loot steal(SmtpClient loggedIn, Variant variant, TlsClient tls, int thief, int mails, int givesUpAfter)
            throws IOException {
        List<String> accepted = new ArrayList<>();
        int refused = 0;
        try (SmtpClient client = loggedIn) {
            for (int i = 0; i < mails && refused < givesUpAfter; i++) {
                String marker = Mails.marker();
                SmtpReply reply = client.send(
                        server.user(),
                        List.of("victim" + i + "@partner.example"),
                        Mails.message(server.user(), "victim@partner.example", marker));
                if (reply.positive()) {
                    accepted.add(marker);
                } else {
                    assertThat(reply.toString()).startsWith("550 5.7.28 ");
                    refused++;
                    if (refused % 15 == 0) {
                        // The server ends sessions that do nothing but fail.
                        break;
                    }
                }
            }
        }
        if (refused >= 15 && refused < givesUpAfter && accepted.size() + refused < mails) {
            Loot rest = steal(
                    login(variant, tls, thief, server.user(), server.password()),
                    variant,
                    tls,
                    thief,
                    mails - accepted.size() - refused,
                    givesUpAfter);
            accepted.addAll(rest.accepted());
            refused += rest.refused();
        }
        return new Loot(accepted, refused);
    }

    /** Two hundred people at once, with one account: all of theirs are accepted, and counted. */
    private void honestUsersAreNotRefused(Variant variant, int limit) throws Exception {
        int people = Math.min(PEOPLE, limit);
        List<SmtpClient> clients = logins(variant, people, server.user2(), server.password2());
        List<Boolean> accepted = inParallel(people, number -> {
            try (SmtpClient client = clients.get(number)) {
                return client.send(
                                server.user2(),
                                List.of(server.user()),
                                Mails.message(server.user2(), server.user(), Mails.marker()))
                        .positive();
            }
        });
        assertThat(accepted).containsOnly(true).hasSize(people);
        JsonNode account = JSON.readTree(
                variant.run("", "accounts", "show", "--json", server.user2()).output());
        assertThat(account.path("messages").path("PT1H").asInt()).isEqualTo(people);
        assertThat(account.path("held").asBoolean()).isFalse();
    }

    private void everyMailIsInTheTrail(Variant variant, List<String> accepted) throws IOException {
        AuditLog trail = AuditLog.of(variant.home());
        Set<String> submitted = trail.events("submission").stream()
                .filter(event -> event.path("verdict").asText().equals("accepted"))
                .filter(event -> event.path("account").asText().equals(server.user()))
                .map(event -> event.path("messageId").asText())
                .collect(Collectors.toSet());
        assertThat(submitted)
                .isEqualTo(accepted.stream()
                        .map(marker -> "<" + marker + "@client.example>")
                        .collect(Collectors.toSet()));
        Set<String> clients = new HashSet<>();
        trail.events("submission")
                .forEach(event -> clients.add(event.path("client").asText()));
        assertThat(clients).hasSize(ADDRESSES);
        assertThat(trail.events("held")).hasSize(1);
        assertThat(trail.events("held").get(0).path("v").asInt()).isEqualTo(1);
    }

    private void thePostmasterKnowsOnce(Variant variant) throws Exception {
        String subject = "Subject: Account " + server.user() + " is held";
        Awaitility.await("the postmaster's mail").atMost(Mails.PATIENCE).until(() -> notices(variant, subject) > 0);
        assertThat(notices(variant, subject)).isEqualTo(1);
    }

    private long notices(Variant variant, String subject) throws IOException {
        try (ImapClient imap = ImapClient.connectTls(variant.imaps(), Mails.tls(server))) {
            imap.login(server.user2(), server.password2());
            return imap.messages("INBOX").stream()
                    .filter(message -> Mails.header(message).contains(subject))
                    .count();
        }
    }

    private void aRestartKeepsTheHold(Variant variant) throws Exception {
        assertThat(variant.run("", "stop").exitCode()).isZero();
        assertThat(variant.run("", "start").exitCode()).isZero();
        try (SmtpClient client = login(variant, Mails.tls(server), 0, server.user(), server.password())) {
            assertThat(client.command("MAIL FROM:<" + server.user() + ">").toString())
                    .startsWith("550 5.7.28 ");
        }
        assertThat(variant.run("", "accounts", "list", "--held").output())
                .contains(server.user(), "held since", "<rate")
                .doesNotContain(server.user2());
    }

    private int left(List<String> accepted) throws IOException {
        Set<String> wanted = new HashSet<>(accepted);
        int left = 0;
        for (SinkMail mail : SinkMail.all(server.sinkDirectory())) {
            String text = Mails.text(mail.raw());
            int subject = text.indexOf("Subject: marker-");
            if (subject >= 0 && wanted.contains(text.substring(subject + 9, text.indexOf('\r', subject)))) {
                left++;
            }
        }
        assertThat(left).isLessThanOrEqualTo(accepted.size());
        return left;
    }

    private void itIsTracedAndReleased(Variant variant, String marker) throws Exception {
        Result traced = variant.run("", "trace", "<" + marker + "@client.example>");
        // A mail that is taken goes on at once: whether its client or its way is written down first is chance.
        assertThat(traced.output())
                .containsSubsequence("  login", "  submission")
                .containsSubsequence("  login", "  outgoing");
        assertThat(traced.output()).contains("mechanism=PLAIN", "account=" + server.user());
        assertThat(variant.run("", "trace", server.user()).output()).contains("  held", "<rate");

        long waiting = JSON.readTree(variant.run("", "accounts", "show", "--json", server.user())
                        .output())
                .path("waitingMail")
                .asLong();
        if (waiting > 0) {
            Result undecided = variant.run("", "accounts", "release", server.user());
            assertThat(undecided.exitCode()).isEqualTo(1);
            assertThat(undecided.output()).contains("mail=send");
        }
        Result released = variant.run("", "accounts", "release", server.user(), "--mail", "delete");
        assertThat(released.exitCode()).as(released.output()).isZero();
        assertThat(released.output()).contains(waiting + " are deleted");
        assertThat(AuditLog.of(variant.home()).events("released")).hasSize(1);
        try (SmtpClient client = login(variant, Mails.tls(server), 0, server.user(), server.password())) {
            assertThat(client.send(
                                    server.user(),
                                    List.of(server.user2()),
                                    Mails.message(server.user(), server.user2(), Mails.marker()))
                            .positive())
                    .isTrue();
        }
    }
}
