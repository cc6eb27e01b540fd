/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.policy.KeyFile;
import org.rempart.policy.Rule;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.ledger.Hold;
import org.rempart.policy.ledger.Keys;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.ledger.LoginFailureLedger;
import org.rempart.policy.ledger.LoginFailureLedger.Login;
import org.rempart.policy.ledger.SharedState;
import org.rempart.policy.ledger.SubmissionLedger;
import org.rempart.policy.shared.SharedPolicy;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.submission.RateLimit;
import org.rempart.policy.submission.RateLimit.Quantity;
import org.rempart.testsupport.RedisServer;

/** Servers of one cluster, each with a folder of its own, and what becomes of them without their store. */
@Timeout(120)
class SharedStateTest {
    private static final Username ALICE = Username.of("alice@ours.example");
    private static final Username BOB = Username.of("bob@ours.example");
    private static final String KEY = "file://var/message-ids.key";
    private static final Duration BACK = Duration.ofSeconds(15);

    private static final List<RateLimit> LIMITS = List.of(
            RateLimit.of(Quantity.of(2, Duration.ofHours(1)), null, RateLimit.Then.HOLD, Rule.byDefault("<rate/>")));

    private final List<SharedState> opened = new ArrayList<>();

    @TempDir
    private Path folder;

    private RedisServer redis;

    @BeforeEach
    void start() throws Exception {
        RedisServer.require();
        redis = RedisServer.start(folder.resolve("redis"));
    }

    @AfterEach
    void stop() throws Exception {
        for (SharedState state : opened) {
            ((AutoCloseable) state).close();
        }
        if (redis != null) {
            redis.close();
        }
    }

    private FileSystem home(String server) throws IOException {
        Path home = folder.resolve(server);
        if (!Files.exists(home)) {
            Files.createDirectories(home.resolve("conf"));
            Files.writeString(home.resolve("conf/redis.password"), RedisServer.PASSWORD + "\n");
            Files.writeString(
                    home.resolve("conf/rempart.xml"),
                    "<policy><shared store='redis://127.0.0.1:" + redis.port()
                            + "' password='conf/redis.password' timeout='1s'/></policy>");
        }
        return new Home(home);
    }

    private SharedState server(String name) throws IOException {
        SharedState state =
                SharedState.Source.find().orElseThrow().open(home(name)).orElseThrow();
        opened.add(state);
        return state;
    }

    /** Whether the account is held; empty while nobody can tell. */
    private static Optional<Boolean> held(SubmissionLedger ledger, Username account) {
        try {
            return Optional.of(!ledger.ask(account, LIMITS, 1).isAdmitted());
        } catch (LedgerAwayException away) {
            return Optional.empty();
        }
    }

    private static void back(SharedState server) {
        await().atMost(BACK).until(() -> server.away().isEmpty());
    }

    @Test
    void aServerWhosePolicyNamesNoStoreIsAlone() throws Exception {
        Path home = Files.createDirectories(folder.resolve("alone/conf"));
        Files.writeString(home.resolve("rempart.xml"), "<policy/>");
        SharedState.Source source = SharedState.Source.find().orElseThrow();
        FileSystem alone = new Home(folder.resolve("alone"));
        assertThat(source.open(alone)).isEmpty();
        assertThat(source.agree(alone, "audit.key", Optional.empty())).isEmpty();
        assertThat(Keys.read(alone, KEY, "a key")).isEqualTo(Keys.read(alone, KEY, "a key"));
    }

    @Test
    void aFaultInThePolicyStopsTheStart() throws Exception {
        home("odd");
        Files.writeString(folder.resolve("odd/conf/rempart.xml"), "<policy><shared/></policy>");
        assertThatThrownBy(() -> server("odd"))
                .hasMessageContaining("rempart.xml:1:")
                .hasMessageContaining("its store");
    }

    @Test
    void theServersAgreeOnEachKey() throws Exception {
        byte[] first = Keys.read(home("first"), KEY, "the key of message ids");
        assertThat(Keys.read(home("second"), KEY, "the key of message ids")).isEqualTo(first);
        assertThat(folder.resolve("second/var/message-ids.key")).exists();
        assertThat(Keys.read(home("second"), "file://var/audit.key", "another")).isNotEqualTo(first);

        KeyFile.read(home("third").getFile(KEY), "the key of message ids");
        assertThatThrownBy(() -> Keys.read(home("third"), KEY, "the key of message ids"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("var/message-ids.key")
                .hasMessageContaining("have another one")
                .hasMessageContaining("Delete the file to take theirs");
    }

    @Test
    void withoutItsStoreAServerStartsWithTheKeysThatItHas() throws Exception {
        byte[] first = Keys.read(home("first"), KEY, "the key of message ids");
        redis.close();
        assertThat(Keys.read(home("first"), KEY, "the key of message ids")).isEqualTo(first);
        assertThatThrownBy(() -> Keys.read(home("second"), KEY, "the key of message ids"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("copy the file from another server");
        assertThat(folder.resolve("second/var/message-ids.key")).doesNotExist();
    }

    /** Stopped, and started again with nothing in it. */
    @Test
    void noHoldIsLostWithTheStore() throws Exception {
        SharedState first = server("first");
        SharedState second = server("second");
        first.submissions().hold(Hold.of(ALICE, Instant.now(), "a thief", 0, 0));
        for (int i = 0; i < 2; i++) {
            assertThat(second.submissions().enter(BOB, LIMITS, 1).isAdmitted()).isTrue();
        }
        assertThat(second.submissions().enter(BOB, LIMITS, 1).holds()).isTrue();
        // As long as the copies may lag behind.
        Thread.sleep(1000);

        for (int round = 0; round < 3; round++) {
            redis.kill();
            assertThat(held(first.submissions(), ALICE)).isEmpty();
            redis.resume();
            AtomicInteger answers = new AtomicInteger();
            await().atMost(BACK).pollInterval(Duration.ofMillis(5)).until(() -> {
                for (SharedState server : List.of(first, second)) {
                    for (Username account : List.of(ALICE, BOB)) {
                        Optional<Boolean> held = held(server.submissions(), account);
                        held.ifPresent(answer -> answers.incrementAndGet());
                        assertThat(held.orElse(true)).as(account.asString()).isTrue();
                    }
                }
                return answers.get() > 200
                        && first.away().isEmpty()
                        && second.away().isEmpty();
            });
        }
        assertThat(first.submissions().held(ALICE))
                .hasValueSatisfying(hold -> assertThat(hold.reason()).isEqualTo("a thief"));

        assertThat(first.submissions().release(ALICE)).isTrue();
        Thread.sleep(1000);
        redis.kill();
        redis.resume();
        back(first);
        back(second);
        Thread.sleep(1000);
        assertThat(held(second.submissions(), ALICE)).contains(false);
        assertThat(held(second.submissions(), BOB)).contains(true);
    }

    @Test
    void whatSomebodyDeletesFromTheStoreIsHeldAgainWithinASecond() throws Exception {
        SharedState first = server("first");
        first.submissions().hold(Hold.of(ALICE, Instant.now(), "a thief", 0, 0));
        Thread.sleep(1000);
        redis.cli("FLUSHALL");
        Thread.sleep(1000);
        assertThat(first.submissions().held(ALICE)).isPresent();
    }

    /** Its copy is of the same store: what was released meanwhile stays so. */
    @Test
    void aServerThatWasDownHoldsNobodyAgain() throws Exception {
        SharedState first = server("first");
        SharedState second = server("second");
        first.submissions().hold(Hold.of(ALICE, Instant.now(), "a thief", 0, 0));
        Thread.sleep(1000);
        ((AutoCloseable) second).close();
        first.submissions().release(ALICE);
        SharedState again = server("second");
        assertThat(again.submissions().held(ALICE)).isEmpty();
        Thread.sleep(1000);
        assertThat(again.submissions().held(ALICE)).isEmpty();
        assertThat(Files.readString(folder.resolve("second/var/accounts/shared-holds.json")))
                .doesNotContain("alice");
    }

    @Test
    void aCopyThatCanNotBeReadStopsTheStart() throws Exception {
        home("first");
        Files.createDirectories(folder.resolve("first/var/accounts"));
        Files.writeString(folder.resolve("first/var/accounts/shared-holds.json"), "{\"v\":1,");
        assertThatThrownBy(() -> server("first"))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("shared-holds.json")
                .hasMessageContaining("restore it");
    }

    /** On another server than the one whose folder the order lies in. */
    @Test
    void anOrderHoldsOnAllServersWithinASecond() throws Exception {
        SharedState first = server("first");
        SharedState second = server("second");
        Path orders = folder.resolve("first/var/accounts/orders/holds");
        Files.writeString(orders.resolve("1.order"), "hold alice@ours.example her password is known");
        await().atMost(Duration.ofSeconds(2))
                .until(() -> first.submissions().held(ALICE).isPresent());
        assertThat(second.submissions().held(ALICE)).isPresent();

        redis.close();
        Path order = Files.writeString(orders.resolve("2.order"), "release alice@ours.example");
        await().during(Duration.ofSeconds(2)).atMost(Duration.ofSeconds(4)).until(() -> {
            held(first.submissions(), ALICE);
            return Files.exists(order);
        });
        redis.resume();
        await().atMost(BACK).until(() -> held(first.submissions(), ALICE).equals(Optional.of(false)));
        assertThat(order).doesNotExist();
        Thread.sleep(1000);
        assertThat(second.submissions().held(ALICE)).isEmpty();
    }

    @Test
    void whileTheStoreIsAwayEachServerCountsLoginsByItself() throws Exception {
        List<FailureLimit> limits = List.of(FailureLimit.of(
                FailureLimit.Per.ADDRESS,
                Quantity.of(3, Duration.ofHours(1)),
                Duration.ofHours(1),
                Rule.byDefault("<failures/>")));
        InetAddress thief = InetAddress.getByName("192.0.2.1");
        InetAddress office = InetAddress.getByName("192.0.2.2");
        LoginFailureLedger logins = server("first").logins();
        logins.begin(limits, Login.of(office, "alice", "right"))
                .attempt()
                .orElseThrow()
                .succeeded("alice");
        LoginFailureLedger.Attempt underWay =
                logins.begin(limits, Login.of(thief, "bob", "0")).attempt().orElseThrow();
        redis.pause();
        try {
            assertThat(underWay.failed()).isEmpty();
            assertThat(logins.begin(limits, Login.of(thief, "bob", "1"))
                            .attempt()
                            .orElseThrow()
                            .failed())
                    .isEmpty();
            assertThat(logins.begin(limits, Login.of(thief, "bob", "2"))
                            .attempt()
                            .orElseThrow()
                            .failed())
                    .isNotEmpty();
            assertThat(logins.refused(limits, thief)).isPresent();
            assertThat(logins.refused(limits, office)).isEmpty();
            logins.begin(limits, Login.of(office, "alice", "right"))
                    .attempt()
                    .orElseThrow()
                    .succeeded("alice");
        } finally {
            redis.proceed();
        }
    }

    /** No more than docs/shared-state.md says. */
    @Test
    void aUserWithFewRightsIsEnough() throws Exception {
        redis.cli(
                "ACL",
                "SETUSER",
                "mail",
                "on",
                ">" + RedisServer.PASSWORD,
                "~rempart:*",
                "+@read",
                "+@write",
                "+@scripting",
                "+@connection",
                "+time",
                "+scan",
                "+info");
        FileSystem home = home("first");
        Path policy = folder.resolve("first/conf/rempart.xml");
        Files.writeString(policy, Files.readString(policy).replace("password=", "user='mail' password="));
        assertThat(Keys.read(home, KEY, "a key")).hasSize(KeyFile.LENGTH);
        SharedState server = server("first");
        assertThat(server.away()).isEmpty();
        server.submissions().enter(BOB, LIMITS, 1);
        server.submissions().hold(Hold.of(ALICE, Instant.now(), "a thief", 0, 0));
        assertThat(server.submissions().usages()).hasSize(2);
        assertThat(server.submissions().release(ALICE)).isTrue();
        server.unusualUse().forget(ALICE);
        server.logins().forget("alice");
        Thread.sleep(1000);
        assertThat(server.away()).isEmpty();
        StoreReport report = StoreReport.of(
                PolicyFile.read(PolicyFile.DEFAULT_URL, home::getResource)
                        .shared()
                        .orElseThrow(),
                home::getResource);
        assertThat(report.away()).isEmpty();
        assertThat(report.oddities()).singleElement().asString().contains("appendonly yes");
    }

    @Test
    void theReportSaysWhatIsWrongWithAStore() throws Exception {
        FileSystem home = home("first");
        SharedPolicy policy = PolicyFile.read(PolicyFile.DEFAULT_URL, home::getResource)
                .shared()
                .orElseThrow();
        redis.cli("CONFIG", "SET", "appendonly", "yes");
        assertThat(StoreReport.of(policy, home::getResource).oddities()).isEmpty();
        redis.cli("CONFIG", "SET", "maxmemory", "100mb");
        redis.cli("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
        assertThat(StoreReport.of(policy, home::getResource).oddities())
                .singleElement()
                .asString()
                .contains("allkeys-lru", "maxmemory-policy noeviction");
        redis.close();
        assertThat(StoreReport.of(policy, home::getResource).away()).isPresent();
    }

    @Test
    void serversWithDifferentPoliciesAreNoticed() throws Exception {
        FileSystem home = home("first");
        SharedPolicy policy = PolicyFile.read(PolicyFile.DEFAULT_URL, home::getResource)
                .shared()
                .orElseThrow();
        redis.cli("CONFIG", "SET", "appendonly", "yes");
        server("first");
        server("second");
        assertThat(StoreReport.of(policy, home::getResource).oddities()).isEmpty();

        home("third");
        Path other = folder.resolve("third/conf/rempart.xml");
        Files.writeString(other, Files.readString(other).replace("</policy>", "<relay/></policy>"));
        server("third");
        assertThat(StoreReport.of(policy, home::getResource).oddities())
                .singleElement()
                .asString()
                .contains("different policies", "/first, ", "/third", "give all the same conf/rempart.xml");
    }
}
