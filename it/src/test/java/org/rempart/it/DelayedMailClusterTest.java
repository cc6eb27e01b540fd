/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestMethodOrder;
import org.rempart.quickstart.Endpoints;
import org.rempart.quickstart.client.SmtpClient;
import org.rempart.testsupport.RedisServer;
import org.rempart.testsupport.SmtpPeer;

/** Two servers on James's distributed engine, and a peer that greylists: each recipient is refused for now, once. */
@Tag("cluster")
@TestInstance(Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DelayedMailClusterTest {
    private static final Duration DELAY = Duration.ofSeconds(20);
    private static final Duration LATE = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Map<String, List<Instant>> tries = new ConcurrentHashMap<>();
    /** The peer answers from when this is open. */
    private volatile CountDownLatch answering = new CountDownLatch(0);

    private CassandraServer cassandra;
    private RabbitServer rabbit;
    private RedisServer redis;
    private SmtpPeer peer;
    private ClusterNode first;
    private ClusterNode second;
    private int recipients;

    @BeforeAll
    void start() throws Exception {
        RedisServer.require();
        Path folder = Folders.servers().resolve("cluster");
        Folders.delete(folder);
        // Whatever happens, nothing of it runs on.
        LoopbackSite.atEnd(this::stop);
        rabbit = RabbitServer.start(folder.resolve("rabbit"));
        redis = RedisServer.start(folder.resolve("redis"));
        cassandra = CassandraServer.start(folder.resolve("cassandra"));
        peer = SmtpPeer.named("mx.partner.example").start().answers("RCPT", this::greylist);
        first = ClusterNode.lay(
                folder.resolve("first/home"), cassandra, rabbit, redis, peer, DELAY.toSeconds() + "s, 1h");
        second = ClusterNode.lay(
                folder.resolve("second/home"), cassandra, rabbit, redis, peer, DELAY.toSeconds() + "s, 1h");
        first.start();
        Administration administration = new Administration(first.endpoints().webadmin(), Optional.empty());
        administration.addDomain(first.endpoints().domain());
        administration.addUser(first.endpoints().user(), first.endpoints().password());
        second.start();
    }

    @AfterAll
    void stop() throws IOException {
        IOException failed = null;
        for (AutoCloseable one : new AutoCloseable[] {first, second, redis, cassandra, rabbit, peer}) {
            try {
                if (one != null) {
                    one.close();
                }
            } catch (Exception unstopped) {
                // The others are stopped all the same.
                failed = new IOException(unstopped);
            }
        }
        if (failed != null) {
            throw failed;
        }
    }

    private String greylist(String command) {
        String recipient = command.replaceAll("(?i)RCPT TO:<([^>]*)>.*", "$1");
        List<Instant> before = tries.computeIfAbsent(recipient, none -> new CopyOnWriteArrayList<>());
        try {
            answering.await();
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        before.add(Instant.now());
        return before.size() == 1 ? "450 4.7.1 Greylisted" : null;
    }

    @BeforeEach
    void forget() {
        tries.clear();
    }

    /** Sends mails through one of the servers, and waits until the peer was asked for each. */
    private List<String> greylisted(ClusterNode node, int count) throws Exception {
        List<String> sent = new ArrayList<>();
        Endpoints account = first.endpoints();
        try (SmtpClient client = SmtpClient.connect(node.endpoints().submission())) {
            client.command("EHLO client.example");
            client.startTls(Mails.tls(node.endpoints()));
            client.command("EHLO client.example");
            assertThat(client.authPlain(account.user(), account.password()).code())
                    .isEqualTo(235);
            for (int i = 0; i < count; i++) {
                String recipient = "bob" + ++recipients + "@partner.example";
                assertThat(client.send(
                                        account.user(),
                                        List.of(recipient),
                                        Mails.message(account.user(), recipient, Mails.marker()))
                                .code())
                        .isEqualTo(250);
                sent.add(recipient);
            }
        }
        await("the first try").atMost(PATIENCE).until(() -> tries.keySet().containsAll(sent));
        return sent;
    }

    private void awaitDelivery(List<String> sent) {
        await("the second try of " + sent)
                .atMost(PATIENCE)
                .until(() -> sent.stream().allMatch(recipient -> copies(recipient) > 0));
    }

    private long copies(String recipient) {
        return peer.mails().stream()
                .filter(mail -> mail.recipients().contains(recipient))
                .count();
    }

    /** Each was tried twice, the second time when it was due, and is there once. */
    private void assertThatEachCameAtItsTime(List<String> sent) throws InterruptedException {
        assertThatEachCame(sent, LATE);
    }

    private void assertThatEachCame(List<String> sent, Duration late) throws InterruptedException {
        // What would come twice has time to do so.
        Thread.sleep(LATE.toMillis());
        for (String recipient : sent) {
            List<Instant> all = tries.get(recipient);
            assertThat(all).as(recipient).hasSize(2);
            assertThat(Duration.between(all.get(0), all.get(1)))
                    .as(recipient)
                    .isBetween(DELAY.minusMillis(500), DELAY.plus(late));
            assertThat(copies(recipient)).as(recipient).isEqualTo(1);
        }
    }

    @Test
    @Tag("quick")
    void eachRetryComesAtItsTimeFromOneServer() throws Exception {
        List<String> sent = greylisted(first, 20);
        sent.addAll(greylisted(second, 20));

        awaitDelivery(sent);

        assertThatEachCameAtItsTime(sent);
    }

    @Test
    @Tag("quick")
    void whatAServerThatIsKilledHasPutOffAnotherTries() throws Exception {
        List<String> sent = greylisted(first, 10);
        Thread.sleep(5_000);
        first.kill();
        try {
            awaitDelivery(sent);
            assertThatEachCameAtItsTime(sent);
        } finally {
            first.start();
        }
    }

    /** At the time when it has leases. */
    @Test
    void aServerThatIsKilledWhileItHandsOnLosesNothing() throws Exception {
        List<String> sent = greylisted(first, 40);
        sent.addAll(greylisted(second, 1));
        Instant due = tries.get(sent.get(0)).get(0).plus(DELAY);
        Thread.sleep(Math.max(0, Duration.between(Instant.now(), due).toMillis()));
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> copies(sent.get(0)) > 0 || sent.stream().anyMatch(recipient -> copies(recipient) > 0));
        first.kill();
        try {
            awaitDelivery(sent);
            for (String recipient : sent) {
                // What was under way at that moment may come twice (RFC 5321, section 4.5.3.2.6).
                assertThat(copies(recipient)).as(recipient).isBetween(1L, 2L);
            }
        } finally {
            first.start();
        }
    }

    @Test
    void aStoreThatLosesAllItKnewIsFilledAgain() throws Exception {
        List<String> sent = greylisted(first, 10);
        Thread.sleep(3_000);
        redis.kill();
        Thread.sleep(3_000);
        redis.resume();

        awaitDelivery(sent);

        assertThatEachCameAtItsTime(sent);
    }

    /** What is put off meanwhile is kept. */
    @Test
    void whileTheStoreIsPausedNothingIsLostOrEarly() throws Exception {
        answering = new CountDownLatch(1);
        List<String> sent = greylisted(second, 5);
        redis.pause();
        try {
            answering.countDown();
            Thread.sleep(DELAY.toMillis() / 2);
        } finally {
            redis.proceed();
        }

        awaitDelivery(sent);

        assertThatEachCameAtItsTime(sent);
    }

    /** James takes its time to have a connection again. */
    @Test
    @Order(Integer.MAX_VALUE)
    void aBrokerThatIsKilledDuringTheDelayIsMissedByNobody() throws Exception {
        List<String> sent = greylisted(first, 10);
        Thread.sleep(2_000);
        rabbit.kill();
        rabbit.resume();
        try {
            awaitDelivery(sent);
            assertThatEachCame(sent, LATE.multipliedBy(2));
        } finally {
            startAgain();
        }
    }

    /** After a new connection, James's spool has readers that are none any more, and hold mail until their server ends. */
    private void startAgain() throws Exception {
        for (ClusterNode node : List.of(first, second)) {
            node.kill();
            node.start();
        }
    }

    /** Over the time when they are due: they come as soon as it answers. */
    @Test
    @Order(Integer.MAX_VALUE)
    void aBrokerThatIsPausedWhenTheyAreDueGetsThemAfterwards() throws Exception {
        List<String> sent = greylisted(first, 10);
        Thread.sleep(DELAY.toMillis() / 2);
        rabbit.pause();
        Thread.sleep(DELAY.toMillis());
        rabbit.proceed();
        try {
            awaitDelivery(sent);
            for (String recipient : sent) {
                assertThat(copies(recipient)).as(recipient).isBetween(1L, 2L);
            }
        } finally {
            startAgain();
        }
    }

    @Test
    void aRepositoryThatIsKilledDuringTheDelayIsThereAgain() throws Exception {
        List<String> sent = greylisted(first, 10);
        Thread.sleep(1_000);
        cassandra.kill();
        cassandra.resume();

        awaitDelivery(sent);

        for (String recipient : sent) {
            assertThat(copies(recipient)).as(recipient).isEqualTo(1);
        }
    }

    @Test
    void anAdministratorSeesHoldsAndReleasesFromEitherServer() throws Exception {
        List<String> sent = greylisted(first, 3);
        await("what waits").atMost(PATIENCE).until(() -> waiting().size() == 3);

        assertThat(second.command("queue", "hold", "--all")).contains("Done.");
        Thread.sleep(DELAY.plusSeconds(5).toMillis());
        assertThat(tries.get(sent.get(0))).hasSize(1);
        assertThat(waiting()).hasSize(3);

        assertThat(first.command("queue", "delete", waiting().get(0))).contains("Done.");
        assertThat(first.command("queue", "release", "--all")).contains("Done.");
        await("the second try")
                .atMost(PATIENCE)
                .until(() -> sent.stream()
                                .filter(recipient -> copies(recipient) == 1)
                                .count()
                        == 2);
        await("nothing waits").atMost(PATIENCE).until(() -> waiting().isEmpty());
    }

    /** The keys of delayed mails, as James's administration interface lists them. */
    private List<String> waiting() throws IOException, InterruptedException {
        String keys = new Administration(second.endpoints().webadmin(), Optional.empty())
                .ask("GET", "/mailRepositories/var%2Fmail%2Fdelayed%2Foutgoing/mails", "", "application/json")
                .body();
        return Pattern.compile("\"([^\"]+)\"")
                .matcher(keys)
                .results()
                .map(key -> key.group(1))
                .toList();
    }
}
