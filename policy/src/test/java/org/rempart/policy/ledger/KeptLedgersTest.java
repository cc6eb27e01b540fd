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
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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

    @Test
    void blocksAndFailuresGoOn() {
        FailureLimit limit = FailureLimit.of(
                FailureLimit.Per.ADDRESS, Quantity.of(2, HOUR), Duration.ofHours(2), Rule.byDefault("<failures/>"));
        LoginFailureLedger.Subject blocked = LoginFailureLedger.Subject.of(limit, "192.0.2.1");
        LoginFailureLedger.Subject counted = LoginFailureLedger.Subject.of(limit, "192.0.2.2");
        KeptLoginFailureLedger before = failures();
        before.begin(List.of(blocked)).orElseThrow().failed();
        before.begin(List.of(blocked)).orElseThrow().failed();
        before.begin(List.of(counted)).orElseThrow().failed();
        before.flush();

        pass(Duration.ofMinutes(30));
        KeptLoginFailureLedger after = failures();
        assertThat(after.blocked(List.of(blocked))).isPresent();
        assertThat(after.begin(List.of(counted)).orElseThrow().failed()).hasSize(1);
        pass(Duration.ofMinutes(90));
        assertThat(after.blocked(List.of(blocked))).isEmpty();
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
    void signsOfOtherWindowsAreCountedApart() throws Exception {
        MemoryUnusualUseLedger ledger = new MemoryUnusualUseLedger(now::get);
        UnusualUse hour = sign(UnusualUse.Sign.NETWORKS, 1);
        UnusualUse minute = UnusualUse.of(
                UnusualUse.Sign.NETWORKS,
                Quantity.of(1, Duration.ofMinutes(1)),
                UnusualUse.Then.NOTIFY,
                Rule.byDefault("<unusual/>"));
        for (UnusualUse sign : List.of(hour, minute)) {
            assertThat(ledger.loggedIn(ALICE, network(1), sign)).isFalse();
        }
        pass(Duration.ofMinutes(2));
        assertThat(ledger.loggedIn(ALICE, network(2), minute)).isFalse();
        assertThat(ledger.loggedIn(ALICE, network(2), hour)).isTrue();
    }

    @Test
    void unusualUseThatCannotBeReadIsCountedAnew() throws Exception {
        UnusualUse networks = sign(UnusualUse.Sign.NETWORKS, 1);
        unusual();
        Path file = home.resolve("var/accounts/unusual-use.json");
        for (String broken : List.of(
                "{\"v\":1,\"entries\":[{\"account\":\"x",
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
}
