/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.delay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayInputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.policy.Rule;
import org.rempart.policy.shared.SharedPolicy;
import org.rempart.shared.SharedStore;
import org.rempart.testsupport.RedisServer;

/** The index of two servers, in a Redis of its own. */
@Timeout(60)
class SharedDelayIndexTest {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration LEASE = Duration.ofSeconds(20);

    @TempDir
    private Path folder;

    private RedisServer redis;
    private DelayIndex first;
    private DelayIndex second;

    @BeforeEach
    void start() throws Exception {
        RedisServer.require();
        redis = RedisServer.start(folder);
        first = index();
        second = index();
    }

    @AfterEach
    void stop() {
        for (DelayIndex index : new DelayIndex[] {first, second}) {
            if (index != null) {
                index.close();
            }
        }
        if (redis != null) {
            redis.close();
        }
    }

    private DelayIndex index() throws Exception {
        SharedPolicy policy = SharedPolicy.of(
                        List.of(InetSocketAddress.createUnresolved("127.0.0.1", redis.port())),
                        false,
                        "password",
                        Rule.byDefault("<shared/>"))
                .timeout(Duration.ofSeconds(2))
                .build();
        return new SharedDelayIndex(
                SharedStore.open(
                        policy, url -> new ByteArrayInputStream(RedisServer.PASSWORD.getBytes(StandardCharsets.UTF_8))),
                "outgoing");
    }

    private static List<String> take(DelayIndex index) throws IndexAwayException {
        return index.take(100, LEASE).keys();
    }

    @Test
    void whatIsDueIsTakenByOneInItsOrder() throws Exception {
        first.due("later", HOUR);
        first.due("first", Duration.ZERO);
        Thread.sleep(5);
        first.due("second", Duration.ZERO);
        assertThat(first.unknown(List.of("first", "second", "later", "never"))).containsExactly("never");
        Thread.sleep(5);

        assertThat(first.take(1, LEASE).keys()).containsExactly("first");
        assertThat(take(second)).containsExactly("second");
        assertThat(take(first)).isEmpty();
    }

    @Test
    void aLeaseThatRunsOutIsAnothersAndTheFirstIsTold() throws Exception {
        first.due("mail", Duration.ZERO);
        assertThat(first.take(1, Duration.ofMillis(200)).keys()).containsExactly("mail");
        assertThat(first.renew(List.of("mail", "other"), Duration.ofMillis(200)))
                .containsExactly("mail");
        assertThat(second.renew(List.of("mail"), LEASE)).isEmpty();
        await().until(() -> take(second).equals(List.of("mail")));

        assertThat(first.renew(List.of("mail"), LEASE)).isEmpty();
        first.due("mail", HOUR);
        first.hold("mail");
        assertThat(second.renew(List.of("mail"), LEASE)).containsExactly("mail");

        second.forget("mail");
        assertThat(first.unknown(List.of("mail"))).containsExactly("mail");
    }

    @Test
    void whatIsHeldIsNotDueAndOneCanBeTakenAlone() throws Exception {
        first.due("mail", HOUR);
        assertThat(first.take("mail", LEASE)).isTrue();
        assertThat(second.take("mail", LEASE)).isFalse();
        first.hold("mail");
        first.dueIfUnknown("mail", Duration.ZERO);
        assertThat(take(second)).isEmpty();

        assertThat(second.take("mail", LEASE)).isTrue();
        second.due("mail", Duration.ZERO);
        assertThat(take(first)).containsExactly("mail");
        assertThat(first.take("never", LEASE)).isFalse();
    }

    @Test
    void itKnowsWhetherItHasLostSomething() throws Exception {
        assertThat(first.take(1, LEASE).isComplete()).isFalse();
        second.completed();
        assertThat(first.take(1, LEASE).isComplete()).isTrue();
        redis.cli("FLUSHALL");
        assertThat(first.take(1, LEASE).isComplete()).isFalse();
    }

    @Test
    void withoutTheStoreItIsAway() throws Exception {
        redis.close();

        assertThatThrownBy(() -> first.due("mail", HOUR)).isInstanceOf(IndexAwayException.class);
    }

    @Test
    void ofAThousandMailsEachIsTakenOnce() throws Exception {
        for (int i = 0; i < 1000; i++) {
            first.due("mail" + i, Duration.ZERO);
        }
        ExecutorService servers = Executors.newFixedThreadPool(2);
        try {
            List<Future<List<String>>> shares = new ArrayList<>();
            for (DelayIndex index : List.of(first, second)) {
                shares.add(servers.submit(() -> {
                    List<String> taken = new ArrayList<>();
                    for (int i = 0; i < 200; i++) {
                        taken.addAll(index.take(7, LEASE).keys());
                    }
                    return taken;
                }));
            }
            List<String> all = new ArrayList<>();
            for (Future<List<String>> share : shares) {
                all.addAll(share.get());
            }
            assertThat(all).hasSize(1000);
            assertThat(new HashSet<>(all)).hasSize(1000);
        } finally {
            servers.shutdownNow();
        }
    }
}
