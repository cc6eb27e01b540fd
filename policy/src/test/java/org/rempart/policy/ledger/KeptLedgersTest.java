/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.policy.Rule;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.submission.RateLimit;
import org.rempart.policy.submission.RateLimit.Quantity;
import org.rempart.policy.submission.RateLimit.Then;
import org.rempart.policy.submission.UnusualUse;

/** What a restart leaves of holds, counts and blocks. */
class KeptLedgersTest {
    private static final Username ALICE = Username.of("alice@ours.example");
    private static final Username BOB = Username.of("bob@ours.example");
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Instant START = Instant.parse("2026-11-25T12:00:00Z");

    private final AtomicLong now = new AtomicLong(42);

    @TempDir
    private Path home;

    private final class Home implements FileSystem {
        @Override
        public InputStream getResource(String url) {
            throw new UnsupportedOperationException(url);
        }

        @Override
        public File getFile(String url) {
            return home.resolve(url.substring(FILE_PROTOCOL.length())).toFile();
        }

        @Override
        public File getBasedir() {
            return home.toFile();
        }
    }

    private Clock clock() {
        return new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                throw new UnsupportedOperationException();
            }

            @Override
            public Instant instant() {
                return START.plusNanos(now.get());
            }
        };
    }

    private KeptSubmissionLedger submissions() {
        return new KeptSubmissionLedger(new Home(), clock(), new MemorySubmissionLedger(now::get));
    }

    private KeptLoginFailureLedger failures() {
        return new KeptLoginFailureLedger(new Home(), clock(), new MemoryLoginFailureLedger(now::get, 1000));
    }

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    private static List<RateLimit> limit(Integer messages, Integer recipients, Then then) {
        return List.of(RateLimit.of(
                messages == null ? null : Quantity.of(messages, HOUR),
                recipients == null ? null : Quantity.of(recipients, HOUR),
                then,
                Rule.byDefault("<rate/>")));
    }

    @Test
    void aHoldIsOnTheDiskAtOnceAndSoIsARelease() {
        KeptSubmissionLedger killed = submissions();
        killed.enter(ALICE, limit(1, null, Then.HOLD), 1);
        assertThat(killed.enter(ALICE, limit(1, null, Then.HOLD), 1).holds()).isTrue();
        killed.hold(Hold.of(BOB, START, "looks \"odd\"\n\u00e9", 0, 0));

        KeptSubmissionLedger next = submissions();
        assertThat(next.ask(ALICE, List.of(), 1).isAdmitted()).isFalse();
        assertThat(next.held(ALICE).orElseThrow().messages()).isEqualTo(1);
        assertThat(next.held(BOB).orElseThrow().reason()).isEqualTo("looks \"odd\"\n\u00e9");
        assertThat(next.held(BOB).orElseThrow().since()).isEqualTo(START);
        assertThat(next.usages()).hasSize(2);
        assertThat(next.release(ALICE)).isTrue();

        assertThat(submissions().held(ALICE)).isEmpty();
        assertThat(submissions().held(BOB)).isPresent();
    }

    @Test
    void countsGoOnWhereTheyWere() {
        List<RateLimit> limits = limit(3, 100, Then.DEFER);
        KeptSubmissionLedger before = submissions();
        before.enter(ALICE, limits, 40);
        pass(Duration.ofMinutes(30));
        before.enter(ALICE, limits, 20);
        before.flush();

        pass(Duration.ofMinutes(10));
        KeptSubmissionLedger after = submissions();
        assertThat(after.usage(ALICE).messages()).containsEntry(HOUR, 2L);
        assertThat(after.usage(ALICE).recipients()).containsEntry(HOUR, 60L);
        assertThat(after.enter(ALICE, limits, 41).isAdmitted()).isFalse();
        assertThat(after.enter(ALICE, limits, 1).isAdmitted()).isTrue();
        assertThat(after.enter(ALICE, limits, 1).isAdmitted()).isFalse();
        pass(Duration.ofMinutes(21));
        assertThat(after.enter(ALICE, limits, 1).isAdmitted()).isTrue();
    }

    @Test
    void whatWasCountedIsNeverLessAfterwardsThanBefore() {
        List<RateLimit> limits = limit(100_000, null, Then.DEFER);
        KeptSubmissionLedger before = submissions();
        for (int i = 0; i < 5_000; i++) {
            before.enter(ALICE, limits, 1);
            pass(Duration.ofMillis(600));
        }
        before.flush();
        KeptSubmissionLedger after = submissions();
        for (int minute = 0; minute < 61; minute++) {
            assertThat(after.usage(ALICE).messages().getOrDefault(HOUR, 0L))
                    .isGreaterThanOrEqualTo(before.usage(ALICE).messages().getOrDefault(HOUR, 0L));
            pass(Duration.ofMinutes(1));
        }
        assertThat(after.usage(ALICE).messages().getOrDefault(HOUR, 0L)).isZero();
    }

    private static final List<FailureLimit> FAILURES = List.of(FailureLimit.of(
            FailureLimit.Per.ADDRESS, Quantity.of(2, HOUR), Duration.ofHours(2), Rule.byDefault("<failures/>")));

    private static LoginFailureLedger.Answer guess(LoginFailureLedger ledger, int network, String password)
            throws Exception {
        return ledger.begin(FAILURES, LoginFailureLedger.Login.of(network(network), ALICE.asString(), password));
    }

    @Test
    void blocksFailuresAndKnownNetworksGoOn() throws Exception {
        KeptLoginFailureLedger before = failures();
        guess(before, 1, "a").attempt().orElseThrow().failed();
        assertThat(guess(before, 1, "b").attempt().orElseThrow().failed()).hasSize(1);
        guess(before, 2, "a").attempt().orElseThrow().failed();
        guess(before, 3, "right").attempt().orElseThrow().succeeded(ALICE.asString());
        before.flush();

        pass(Duration.ofMinutes(30));
        KeptLoginFailureLedger after = failures();
        assertThat(guess(after, 1, "c").brake()).isPresent();
        assertThat(after.refused(FAILURES, network(1))).isPresent();
        assertThat(guess(after, 2, "b").attempt().orElseThrow().failed()).hasSize(1);
        for (int i = 0; i < 2; i++) {
            assertThat(guess(after, 3, "wrong" + i).attempt().orElseThrow().failed())
                    .isEmpty();
        }
        assertThat(guess(after, 3, "right").attempt()).isEmpty();
        pass(Duration.ofSeconds(10));
        assertThat(guess(after, 3, "right").attempt()).isPresent();
        pass(Duration.ofMinutes(90));
        assertThat(guess(after, 1, "right").attempt()).isPresent();
    }

    @Test
    void afterAMonthAnAccountIsNoLongerKnown() throws Exception {
        KeptLoginFailureLedger before = failures();
        guess(before, 3, "right").attempt().orElseThrow().succeeded(ALICE.asString());
        before.flush();
        pass(Duration.ofDays(31));
        KeptLoginFailureLedger after = failures();
        for (int i = 0; i < 2; i++) {
            guess(after, 3, "wrong" + i).attempt().orElseThrow().failed();
        }
        assertThat(guess(after, 3, "right").brake()).isPresent();
    }

    /** What a crash of another program, a full disk or a hand leaves of a file. */
    static Stream<String> notWhole() {
        return Stream.of(
                "",
                " ",
                "null",
                "[]",
                "{}",
                "{\"v\":1}",
                "{\"v\":2}",
                "{\"v\":3,\"time\":1,\"holds\":[],\"subjects\":[],\"known\":[]}",
                "{\"v\":1,\"time\":1,\"holds\":null}",
                "{\"v\":1,\"time\":1,\"held\":[]}",
                "{\"v\":1,\"time\":1,\"holds\":[{}]}",
                "{\"v\":1,\"time\":1,\"holds\":[{\"account\":\"a@ours.example\"}]}",
                "{\"v\":1,\"time\":1,\"holds\":[],\"more\":[]}",
                "{\"v\":1,\"time\":1,\"holds\":[]}{}",
                "{\"v\":2,\"time\":1,\"subjects\":[{\"per\":\"ADDRESS\"}],\"known\":[]}",
                "{\"v\":2,\"time\":1,\"subjects\":[],\"known\":[{\"account\":\"a\"}]}");
    }

    @ParameterizedTest
    @MethodSource("notWhole")
    void holdsThatAreNotWholeStopTheStart(String content) throws Exception {
        submissions().hold(Hold.of(ALICE, START, "", 0, 0));
        Files.writeString(home.resolve("var/accounts/holds.json"), content);

        assertThatThrownBy(this::submissions).hasMessageContaining("holds.json").hasMessageContaining("restore it");
    }

    @ParameterizedTest
    @MethodSource("notWhole")
    void failuresThatAreNotWholeArePutAside(String content) throws Exception {
        failures();
        Path file = home.resolve("var/accounts/login-failures.json");
        Files.writeString(file, content);

        assertThat(guess(failures(), 1, "right").attempt()).isPresent();
        assertThat(home.resolve("var/accounts/login-failures.json.unreadable")).hasContent(content);
        assertThat(file).doesNotExist();
    }

    @Test
    void noLoginWaitsForTheCopyOfManyFailures() throws Exception {
        MemoryLoginFailureLedger ledger = new MemoryLoginFailureLedger(now::get, 200_000);
        List<FailureLimit> limits = List.of(
                FailureLimit.of(FailureLimit.Per.ADDRESS, Quantity.of(9, HOUR), HOUR, Rule.byDefault("<failures/>")),
                FailureLimit.of(FailureLimit.Per.ACCOUNT, Quantity.of(9, HOUR), HOUR, Rule.byDefault("<failures/>")));
        for (int i = 0; i < 100_000; i++) {
            InetAddress client = InetAddress.getByAddress(new byte[] {10, (byte) (i >> 16), (byte) (i >> 8), (byte) i});
            ledger.begin(limits, LoginFailureLedger.Login.of(client, "name" + i, "guess"))
                    .attempt()
                    .orElseThrow()
                    .failed();
        }
        CompletableFuture<Integer> copies =
                CompletableFuture.supplyAsync(() -> ledger.exportBrakes().size());
        int during = 0;
        while (!copies.isDone()) {
            ledger.begin(limits, LoginFailureLedger.Login.of(network(1), "alice", "right"))
                    .attempt()
                    .orElseThrow()
                    .dismissed();
            during++;
        }
        assertThat(copies.get()).isEqualTo(200_000);
        assertThat(during).as("logins while the copy was made").isGreaterThan(10);
    }

    private KeptUnusualUseLedger unusual() {
        return new KeptUnusualUseLedger(new Home(), clock(), new MemoryUnusualUseLedger(now::get));
    }

    private static UnusualUse sign(UnusualUse.Sign sign, int count) {
        return UnusualUse.of(sign, Quantity.of(count, HOUR), UnusualUse.Then.NOTIFY, Rule.byDefault("<unusual/>"));
    }

    private static InetAddress network(int third) throws Exception {
        return InetAddress.getByAddress(new byte[] {(byte) 192, 0, (byte) third, 1});
    }

    @Test
    void networksAndRefusalsGoOn() throws Exception {
        UnusualUse networks = sign(UnusualUse.Sign.NETWORKS, 3);
        UnusualUse refused = sign(UnusualUse.Sign.REFUSED, 3);
        KeptUnusualUseLedger before = unusual();
        for (int i = 0; i < 3; i++) {
            assertThat(before.loggedIn(ALICE, network(i), networks)).isFalse();
            assertThat(before.refused(BOB, refused)).isFalse();
            pass(Duration.ofMinutes(10));
        }
        before.flush();

        pass(Duration.ofMinutes(10));
        KeptUnusualUseLedger after = unusual();
        assertThat(after.loggedIn(BOB, network(9), networks)).isFalse();
        assertThat(after.loggedIn(ALICE, network(2), networks)).isFalse();
        assertThat(after.loggedIn(ALICE, network(3), networks)).isTrue();
        assertThat(after.refused(BOB, refused)).isTrue();
        after.flush();

        // Who was told is told no second time within the window, by this server or the next.
        KeptUnusualUseLedger third = unusual();
        assertThat(third.loggedIn(ALICE, network(4), networks)).isFalse();
        assertThat(third.refused(BOB, refused)).isFalse();
        pass(HOUR);
        for (int i = 0; i < 3; i++) {
            assertThat(third.loggedIn(ALICE, network(i), networks)).isFalse();
        }
        assertThat(third.loggedIn(ALICE, network(3), networks)).isTrue();
    }

    @Test
    void whatHasLeftTheWindowMeanwhileDoesNotCount() throws Exception {
        UnusualUse networks = sign(UnusualUse.Sign.NETWORKS, 1);
        KeptUnusualUseLedger before = unusual();
        before.loggedIn(ALICE, network(1), networks);
        before.flush();
        pass(Duration.ofMinutes(61));
        assertThat(unusual().loggedIn(ALICE, network(2), networks)).isFalse();
    }

    @Test
    void whoIsReleasedBeginsAnew() throws Exception {
        UnusualUse networks = sign(UnusualUse.Sign.NETWORKS, 1);
        KeptUnusualUseLedger before = unusual();
        before.loggedIn(ALICE, network(1), networks);
        assertThat(before.loggedIn(ALICE, network(2), networks)).isTrue();
        before.forget(ALICE);
        before.flush();
        KeptUnusualUseLedger after = unusual();
        assertThat(after.loggedIn(ALICE, network(2), networks)).isFalse();
        assertThat(after.loggedIn(ALICE, network(1), networks)).isTrue();
    }

    @Test
    void unusualUseThatCannotBeReadIsCountedAnew() throws Exception {
        UnusualUse networks = sign(UnusualUse.Sign.NETWORKS, 1);
        unusual();
        Path file = home.resolve("var/accounts/unusual-use.json");
        for (String broken : List.of(
                "{\"v\":1,\"entries\":[{\"account\":\"x",
                "",
                "{}",
                "{\"v\":1,\"entries\":[{\"account\":\"x\",\"sign\":\"OTHER\"}]}",
                "{\"v\":1,\"entries\":[{\"account\":\"x\"}]}")) {
            Files.writeString(file, broken);
            assertThat(unusual().loggedIn(ALICE, network(1), networks))
                    .as(broken)
                    .isFalse();
        }
    }

    @Test
    void holdsThatCannotBeReadStopTheStartAndCountsThatCannotDoNot() throws Exception {
        submissions().hold(Hold.of(ALICE, START, "", 0, 0));
        Path counts = home.resolve("var/accounts/submissions.json");
        Files.writeString(counts, "{\"v\":1,\"windows\":[{\"account\":\"x");
        assertThat(submissions().held(ALICE)).isPresent();
        Path holds = home.resolve("var/accounts/holds.json");
        Files.writeString(holds, "{\"v\":1,\"holds\":[{\"account\":\"x");
        assertThatThrownBy(this::submissions).hasMessageContaining("holds.json").hasMessageContaining("restore it");
    }

    private Path order(String ledger, String text) throws Exception {
        Path folder =
                Files.createDirectories(home.resolve("var/accounts/orders").resolve(ledger));
        return Files.writeString(Files.createTempFile(folder, "", ".order"), text);
    }

    @Test
    void anOrderIsCarriedOutOnce() throws Exception {
        KeptSubmissionLedger ledger = submissions();
        Path hold = order("holds", "hold alice@ours.example her password is known\n");

        assertThat(ledger.held(ALICE))
                .hasValueSatisfying(
                        held -> assertThat(held.reason()).isEqualTo("administrator: her password is known"));
        assertThat(hold).doesNotExist();

        Path release = order("holds", "release Alice@Ours.example\n");
        KeptSubmissionLedger next = submissions();
        assertThat(next.ask(ALICE, List.of(), 1).isAdmitted()).isTrue();
        assertThat(release).doesNotExist();
        assertThat(submissions().held(ALICE)).isEmpty();
    }

    /** It may be the thief's place. */
    @Test
    void aReleaseForgetsWhereTheAccountIsKnown() throws Exception {
        KeptLoginFailureLedger before = failures();
        guess(before, 3, "right").attempt().orElseThrow().succeeded(ALICE.asString());
        before.flush();

        order("logins", "release alice@ours.example\n");
        KeptLoginFailureLedger after = failures();
        guess(after, 3, "a").attempt().orElseThrow().failed();
        assertThat(guess(after, 3, "b").attempt().orElseThrow().failed()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "release", "delete alice@ours.example", "release a@b@c d\u0007", "release \n", "hold"})
    void whatIsNoOrderIsPutAside(String text) throws Exception {
        Path order = order("holds", text);
        KeptSubmissionLedger ledger = submissions();
        ledger.hold(Hold.of(ALICE, START, "test", 0, 0));

        assertThat(ledger.held(ALICE)).isPresent();
        assertThat(order).doesNotExist();
        assertThat(order.resolveSibling(order.getFileName() + ".unreadable")).exists();
    }

    @Test
    void ordersAreLookedForOnceASecond() throws Exception {
        Orders orders = Orders.in(new Home(), "holds", now::get);
        List<Username> released = new ArrayList<>();
        orders.carryOut(released::add);
        order("holds", "release alice@ours.example");
        orders.carryOut(released::add);
        assertThat(released).isEmpty();
        pass(Duration.ofSeconds(1));
        orders.carryOut(released::add);
        assertThat(released).containsExactly(ALICE);
    }
}
