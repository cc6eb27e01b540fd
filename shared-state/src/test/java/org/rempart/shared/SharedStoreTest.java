/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.ScriptOutputType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.shared.SharedPolicy;
import org.rempart.testsupport.CertificateAuthority;
import org.rempart.testsupport.FreePort;
import org.rempart.testsupport.RedisServer;

@Timeout(60)
class SharedStoreTest {
    private static final Script<Long> COUNT = Script.of(SharedStoreTest.class, ScriptOutputType.INTEGER, "count.lua");

    @TempDir
    private Path folder;

    private RedisServer redis;

    @BeforeEach
    void start() throws Exception {
        RedisServer.require();
        redis = RedisServer.start(folder);
    }

    @AfterEach
    void stop() {
        if (redis != null) {
            redis.close();
        }
    }

    private SharedStore store() throws IOException {
        return SharedStore.open(Store.at(redis).build(), Store::file);
    }

    private static long count(SharedStore store) {
        return store.run(COUNT, List.of(store.key("some", "count")), List.of("1"));
    }

    @Test
    void aScriptRunsWhetherTheStoreHasSeenItOrNot() throws Exception {
        try (SharedStore store = store()) {
            assertThat(store.away()).isEmpty();
            assertThat(count(store)).isEqualTo(1);
            assertThat(count(store)).isEqualTo(2);
            redis.cli("SCRIPT", "FLUSH");
            assertThat(count(store)).isEqualTo(3);
        }
        assertThat(redis.cli("GET", "rempart:{some}:count")).isEqualTo("3");
    }

    @Test
    void ofAStoreThatIsStoppedEverybodyIsToldAtOnceAndItComesBack() throws Exception {
        try (SharedStore store = store()) {
            assertThat(count(store)).isEqualTo(1);
            redis.close();
            assertThatThrownBy(() -> count(store)).isInstanceOf(LedgerAwayException.class);
            long begin = System.nanoTime();
            for (int i = 0; i < 100; i++) {
                assertThatThrownBy(() -> count(store))
                        .isInstanceOf(LedgerAwayException.class)
                        .hasMessageStartingWith("the shared store is away (");
            }
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Store.TIMEOUT);
            redis.resume();
            await().atMost(Duration.ofSeconds(10)).until(() -> store.away().isEmpty());
            assertThat(count(store)).isEqualTo(1);
        }
    }

    /** A paused process takes connections, and answers nothing on them. */
    @Test
    void ofAStoreThatIsPausedOneAnswerIsWaitedForAndItComesBack() throws Exception {
        try (SharedStore store = store()) {
            assertThat(count(store)).isEqualTo(1);
            redis.pause();
            long begin = System.nanoTime();
            for (int i = 0; i < 100; i++) {
                assertThatThrownBy(() -> count(store)).isInstanceOf(LedgerAwayException.class);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Store.TIMEOUT.multipliedBy(3));
            redis.proceed();
            await().atMost(Duration.ofSeconds(10)).until(() -> store.away().isEmpty());
            assertThat(count(store)).isPositive();
        }
    }

    @Test
    void aServerStartsWithoutItsStore() throws Exception {
        redis.close();
        try (SharedStore store = store()) {
            assertThat(store.away()).isPresent();
            assertThatThrownBy(() -> count(store)).isInstanceOf(LedgerAwayException.class);
            redis.resume();
            await().atMost(Duration.ofSeconds(10)).until(() -> store.away().isEmpty());
        }
    }

    @Test
    void withAnotherPasswordItIsAwayAndSaysWhy() throws Exception {
        try (SharedStore store = SharedStore.open(
                Store.at(redis).build(), url -> new ByteArrayInputStream("another".getBytes(StandardCharsets.UTF_8)))) {
            assertThat(store.away()).get().asString().contains("WRONGPASS");
        }
    }

    @Test
    void aPasswordThatCanNotBeReadStopsTheStart() {
        assertThatThrownBy(() -> SharedStore.open(
                        SharedPolicy.of(List.of(Store.address(redis)), false, "absent", Store.RULE)
                                .build(),
                        Store::file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("<shared/>")
                .hasMessageContaining("file://absent");
        assertThatThrownBy(() ->
                        SharedStore.open(Store.at(redis).build(), url -> new ByteArrayInputStream(new byte[] {'\n'})))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("holds no password in its first line");
    }

    /** Before a connection is used, and while it is. */
    @Test
    void aCheckKeepsTheStoreFromBeingUsed() throws Exception {
        AtomicInteger checks = new AtomicInteger();
        try (SharedStore store = SharedStore.open(Store.at(redis).build(), Store::file, commands -> {
            checks.incrementAndGet();
            if (commands.ask(asked -> asked.exists("wrong")) > 0) {
                throw new LedgerAwayException("something is wrong");
            }
        })) {
            assertThat(store.away()).isEmpty();
            redis.cli("SET", "wrong", "yes");
            await().atMost(Duration.ofSeconds(5)).until(() -> store.away().isPresent());
            assertThatThrownBy(() -> count(store)).hasMessageContaining("something is wrong");
            redis.cli("DEL", "wrong");
            await().atMost(Duration.ofSeconds(5)).until(() -> store.away().isEmpty());
        }
        assertThat(checks).hasPositiveValue();
    }

    @Test
    void aMasterThatIsNoneAnyMoreIsAway() throws Exception {
        try (SharedStore store = store()) {
            redis.cli("REPLICAOF", "127.0.0.1", String.valueOf(FreePort.next()));
            assertThatThrownBy(() -> count(store)).isInstanceOf(LedgerAwayException.class);
            redis.cli("REPLICAOF", "NO", "ONE");
            await().atMost(Duration.ofSeconds(10))
                    .ignoreException(LedgerAwayException.class)
                    .until(() -> count(store) > 0);
        }
    }

    @Test
    void overTlsItsCertificateIsLookedAt() throws Exception {
        CertificateAuthority authority = CertificateAuthority.create("Store CA");
        Path encrypted = Files.createDirectory(folder.resolve("tls"));
        Path trust = folder.resolve("ca.pem");
        authority.writePem(trust);
        try (RedisServer tls = RedisServer.startEncrypted(encrypted, authority.issue(List.of("localhost")))) {
            assertThat(away(tls, "localhost", trust)).isEmpty();
            // The certificate is for another name.
            assertThat(away(tls, "127.0.0.2", trust)).isNotEmpty();
        }
    }

    private static String away(RedisServer server, String host, Path trust) throws IOException {
        SharedPolicy policy = SharedPolicy.of(
                        List.of(InetSocketAddress.createUnresolved(host, server.port())), true, "password", Store.RULE)
                .trust("trust")
                .timeout(Duration.ofSeconds(5))
                .build();
        try (SharedStore store = SharedStore.open(
                policy, url -> url.equals("file://trust") ? Files.newInputStream(trust) : Store.file(url))) {
            return store.away().orElse("");
        }
    }

    @Test
    void aSentinelTellsWhichServerIsTheMaster() throws Exception {
        try (RedisServer second = RedisServer.start(folder.resolve("second"), "replicaof 127.0.0.1 " + redis.port());
                RedisServer sentinel = RedisServer.startSentinel(folder.resolve("sentinel"), "mail", redis)) {
            SharedPolicy policy = SharedPolicy.of(List.of(Store.address(sentinel)), false, "password", Store.RULE)
                    .sentinels("mail", null)
                    .timeout(Store.TIMEOUT)
                    .build();
            try (SharedStore store = SharedStore.open(policy, Store::file)) {
                assertThat(store.away()).isEmpty();
                assertThat(count(store)).isEqualTo(1);
                await().atMost(Duration.ofSeconds(20))
                        .until(() -> second.cli("GET", "rempart:{some}:count").equals("1"));
                // The sentinel has to have seen the replica.
                Thread.sleep(Duration.ofSeconds(2).toMillis());
                redis.kill();
                await().atMost(Duration.ofSeconds(40))
                        .ignoreException(LedgerAwayException.class)
                        .until(() -> count(store) >= 2);
                assertThat(second.cli("GET", "rempart:{some}:count")).isNotEqualTo("1");
            }
        }
    }

    @Test
    void aClusterIsAsOneStore() throws Exception {
        try (RedisServer only = RedisServer.start(folder.resolve("cluster"), "cluster-enabled yes")) {
            only.cli("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> only.cli("CLUSTER", "INFO").contains("cluster_state:ok"));
            try (SharedStore store = SharedStore.open(Store.at(only).cluster().build(), Store::file)) {
                assertThat(store.away()).isEmpty();
                assertThat(count(store)).isEqualTo(1);
                only.kill();
                assertThatThrownBy(() -> count(store)).isInstanceOf(LedgerAwayException.class);
                only.resume();
                await().atMost(Duration.ofSeconds(20))
                        .ignoreException(LedgerAwayException.class)
                        .until(() -> count(store) > 0);
            }
        }
    }
}
