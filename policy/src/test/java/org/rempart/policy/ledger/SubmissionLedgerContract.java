/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.james.core.Username;
import org.junit.jupiter.api.Test;
import org.rempart.policy.Rule;
import org.rempart.policy.submission.RateLimit;
import org.rempart.policy.submission.RateLimit.Quantity;
import org.rempart.policy.submission.RateLimit.Then;

/** What every ledger of submissions does, wherever it keeps its counts. */
public abstract class SubmissionLedgerContract {
    protected static final Username ALICE = Username.of("alice@ours.example");
    protected static final Username BOB = Username.of("bob@ours.example");
    protected static final Duration HOUR = Duration.ofHours(1);

    /** The ledger under test: one and the same, in a test. */
    protected abstract SubmissionLedger ledger();

    /** Another one that is empty, and has the same clock. */
    protected abstract SubmissionLedger another();

    /** Lets time pass for the ledgers. */
    protected abstract void pass(Duration time);

    /** What the ledgers' clock may run ahead in a test. */
    protected abstract Duration tolerance();

    protected static RateLimit limit(Integer messages, Integer recipients, Then then) {
        return RateLimit.of(
                messages == null ? null : Quantity.of(messages, HOUR),
                recipients == null ? null : Quantity.of(recipients, HOUR),
                then,
                Rule.byDefault("<rate/>"));
    }

    @Test
    void messagesAreLimitedPerAccount() {
        List<RateLimit> two = List.of(limit(2, null, Then.DEFER));
        assertThat(ledger().enter(ALICE, two, 1).isAdmitted()).isTrue();
        assertThat(ledger().enter(ALICE, two, 1).isAdmitted()).isTrue();
        Admission third = ledger().enter(ALICE, two, 1);
        assertThat(third.isAdmitted()).isFalse();
        assertThat(third.limit()).contains(two.get(0));
        assertThat(third.messages()).isEqualTo(2);
        assertThat(ledger().enter(BOB, two, 1).isAdmitted()).isTrue();
    }

    @Test
    void recipientsCountEach() {
        List<RateLimit> ten = List.of(limit(null, 10, Then.DEFER));
        assertThat(ledger().enter(ALICE, ten, 7).isAdmitted()).isTrue();
        assertThat(ledger().ask(ALICE, ten, 4).isAdmitted()).isFalse();
        assertThat(ledger().enter(ALICE, ten, 4).recipients()).isEqualTo(7);
        assertThat(ledger().enter(ALICE, ten, 3).isAdmitted()).isTrue();
    }

    @Test
    void aMessageThatOneLimitRefusesCountsForNone() {
        List<RateLimit> limits = List.of(limit(2, null, Then.DEFER), limit(null, 5, Then.DEFER));
        assertThat(ledger().enter(ALICE, limits, 6).isAdmitted()).isFalse();
        assertThat(ledger().enter(ALICE, limits, 2).isAdmitted()).isTrue();
        assertThat(ledger().enter(ALICE, limits, 3).isAdmitted()).isTrue();
    }

    @Test
    void whatIsWithdrawnDoesNotCount() {
        List<RateLimit> one = List.of(limit(1, 9, Then.DEFER));
        Admission admission = ledger().enter(ALICE, one, 9);
        assertThat(ledger().enter(ALICE, one, 1).isAdmitted()).isFalse();
        admission.withdraw();
        assertThat(ledger().enter(ALICE, one, 9).isAdmitted()).isTrue();
        assertThat(ledger().enter(ALICE, one, 1).isAdmitted()).isFalse();
    }

    @Test
    void aWithdrawalAfterTheWindowHasMovedTakesNothingFromOthers() {
        List<RateLimit> one = List.of(limit(1, null, Then.DEFER));
        Admission old = ledger().enter(ALICE, one, 1);
        pass(HOUR);
        assertThat(ledger().enter(ALICE, one, 1).isAdmitted()).isTrue();
        old.withdraw();
        assertThat(ledger().enter(ALICE, one, 1).isAdmitted()).isFalse();
    }

    @Test
    void holdLastsUntilReleased() {
        List<RateLimit> one = List.of(limit(1, null, Then.HOLD));
        assertThat(ledger().enter(ALICE, one, 1).isAdmitted()).isTrue();
        assertThat(ledger().enter(ALICE, one, 1).limit()).contains(one.get(0));
        pass(HOUR.multipliedBy(100));
        Admission held = ledger().ask(ALICE, one, 1);
        assertThat(held.isAdmitted()).isFalse();
        assertThat(held.limit()).isEmpty();
        assertThat(ledger().enter(BOB, one, 1).isAdmitted()).isTrue();
        assertThat(ledger().release(ALICE)).isTrue();
        assertThat(ledger().release(ALICE)).isFalse();
        assertThat(ledger().enter(ALICE, one, 1).isAdmitted()).isTrue();
    }

    @Test
    void theWindowSlidesOn() {
        List<RateLimit> two = List.of(limit(2, null, Then.DEFER));
        assertThat(ledger().enter(ALICE, two, 1).isAdmitted()).isTrue();
        pass(Duration.ofMinutes(30));
        assertThat(ledger().enter(ALICE, two, 1).isAdmitted()).isTrue();
        pass(Duration.ofMinutes(29));
        assertThat(ledger().enter(ALICE, two, 1).isAdmitted()).isFalse();
        pass(Duration.ofMinutes(1));
        assertThat(ledger().enter(ALICE, two, 1).isAdmitted()).isTrue();
        assertThat(ledger().enter(ALICE, two, 1).isAdmitted()).isFalse();
    }

    @Test
    void askingDoesNotCount() {
        List<RateLimit> one = List.of(limit(1, 1, Then.DEFER));
        for (int i = 0; i < 5; i++) {
            assertThat(ledger().ask(ALICE, one, 1).isAdmitted()).isTrue();
        }
        assertThat(ledger().usages()).isEmpty();
        assertThat(ledger().enter(ALICE, one, 1).isAdmitted()).isTrue();
        assertThat(ledger().ask(ALICE, one, 1).isAdmitted()).isFalse();
    }

    @Test
    void severalWindowsHoldEach() {
        List<RateLimit> limits = List.of(
                RateLimit.of(
                        Quantity.of(2, Duration.ofMinutes(10)),
                        Quantity.of(100, Duration.ofDays(1)),
                        Then.DEFER,
                        Rule.byDefault("<rate/>")),
                RateLimit.of(Quantity.of(5, HOUR), null, Then.HOLD, Rule.byDefault("<rate then='hold'/>")));
        for (int i = 0; i < 2; i++) {
            assertThat(ledger().enter(ALICE, limits, 10).isAdmitted()).isTrue();
            assertThat(ledger().enter(ALICE, limits, 10).isAdmitted()).isTrue();
            Admission tooSoon = ledger().enter(ALICE, limits, 10);
            assertThat(tooSoon.limit()).contains(limits.get(0));
            assertThat(tooSoon.holds()).isFalse();
            pass(Duration.ofMinutes(11));
        }
        assertThat(ledger().enter(ALICE, limits, 10).isAdmitted()).isTrue();
        Admission tooMuch = ledger().enter(ALICE, limits, 10);
        assertThat(tooMuch.limit()).contains(limits.get(1));
        assertThat(tooMuch.holds()).isTrue();
        assertThat(tooMuch.messages()).isEqualTo(5);
        assertThat(ledger().held(ALICE)).hasValueSatisfying(hold -> {
            assertThat(hold.reason()).isEqualTo(limits.get(1).rule().toString());
            assertThat(hold.messages()).isEqualTo(5);
            assertThat(hold.since()).isBetween(Instant.now().minusSeconds(60), Instant.now());
        });
    }

    @Test
    void whatIsKnownOfAnAccountIsToldAndListed() {
        List<RateLimit> limits = List.of(RateLimit.of(
                Quantity.of(9, HOUR), Quantity.of(90, Duration.ofDays(1)), Then.DEFER, Rule.byDefault("<rate/>")));
        ledger().enter(BOB, limits, 3);
        ledger().enter(BOB, limits, 4);
        Hold hold = Hold.of(ALICE, Instant.parse("2026-11-25T12:00:00Z"), "administrator: a {thief} 50%", 7, 8);
        assertThat(ledger().hold(hold)).isTrue();
        assertThat(ledger().hold(Hold.of(ALICE, Instant.now(), "again", 0, 0))).isFalse();

        assertThat(ledger().usage(Username.of("nobody@ours.example")).messages())
                .isEmpty();
        assertThat(ledger().usage(BOB).messages()).containsOnly(Map.entry(HOUR, 2L));
        assertThat(ledger().usage(BOB).recipients()).containsOnly(Map.entry(Duration.ofDays(1), 7L));
        assertThat(ledger().usage(BOB).hold()).isEmpty();
        List<Usage> all = ledger().usages();
        assertThat(all.stream().map(Usage::account).collect(Collectors.toList()))
                .containsExactly(ALICE, BOB);
        assertThat(all.get(0).hold()).hasValueSatisfying(held -> {
            assertThat(held.since()).isEqualTo(hold.since());
            assertThat(held.reason()).isEqualTo(hold.reason());
            assertThat(held.messages()).isEqualTo(7);
            assertThat(held.recipients()).isEqualTo(8);
        });
        pass(HOUR.multipliedBy(25));
        assertThat(ledger().usages().stream().map(Usage::account).collect(Collectors.toList()))
                .containsExactly(ALICE);
    }

    @Test
    void aReleaseForgetsWhatWasCounted() {
        List<RateLimit> one = List.of(limit(1, null, Then.HOLD));
        ledger().enter(ALICE, one, 1);
        assertThat(ledger().enter(ALICE, one, 1).holds()).isTrue();
        assertThat(ledger().release(ALICE)).isTrue();
        assertThat(ledger().held(ALICE)).isEmpty();
        assertThat(ledger().usage(ALICE).messages().values()).allMatch(count -> count == 0);
        assertThat(ledger().release(BOB)).isFalse();
    }

    @Test
    void accountsWithOddNamesAreKeptApart() {
        List<RateLimit> one = List.of(limit(1, null, Then.DEFER));
        List<Username> names = List.of(
                Username.of("a}b"), Username.of("a_b"), Username.of("a%7db"), Username.of("{a}b"), Username.of("a*"));
        for (Username name : names) {
            assertThat(ledger().enter(name, one, 1).isAdmitted())
                    .as(name.asString())
                    .isTrue();
        }
        assertThat(ledger().usages().stream().map(Usage::account).collect(Collectors.toList()))
                .containsExactlyInAnyOrderElementsOf(names);
    }

    @Test
    void underConcurrencyExactlyTheLimitIsAdmitted() throws Exception {
        List<RateLimit> limits = List.of(limit(137, null, Then.DEFER), limit(null, 1000, Then.DEFER));
        assertThat(admitted(another(), limits, 200)).isEqualTo(137);
        assertThat(admitted(another(), limits, 130)).isEqualTo(130);
    }

    private static long admitted(SubmissionLedger ledger, List<RateLimit> limits, int threads) throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(threads);
        CountDownLatch start = new CountDownLatch(1);
        try {
            List<Future<Boolean>> answers = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                answers.add(clients.submit(() -> {
                    start.await();
                    return ledger.enter(ALICE, limits, 1).isAdmitted();
                }));
            }
            start.countDown();
            long admitted = 0;
            for (Future<Boolean> answer : answers) {
                admitted += answer.get() ? 1 : 0;
            }
            return admitted;
        } finally {
            clients.shutdownNow();
        }
    }

    /** Against every entry kept by itself: never too many in a window, never refused for more than its granularity. */
    @Test
    void atAnyTimeNoWindowHoldsMoreThanTheLimit() {
        Random random = new Random(20261124);
        for (int round = 0; round < 10; round++) {
            int most = 1 + random.nextInt(20);
            List<RateLimit> limits = List.of(limit(most, null, Then.DEFER));
            SubmissionLedger tried = another();
            List<Long> entered = new ArrayList<>();
            long time = 0;
            for (int i = 0; i < 500; i++) {
                long step = (long) (random.nextDouble() * random.nextDouble() * HOUR.toNanos() / 5);
                pass(Duration.ofNanos(step));
                time += step;
                long now = time;
                boolean admitted = tried.enter(ALICE, limits, 1).isAdmitted();
                long inWindow = entered.stream()
                        .filter(entry ->
                                now - entry < HOUR.toNanos() - tolerance().toNanos())
                        .count();
                long surelyInWindow = entered.stream()
                        .filter(entry -> now - entry
                                < HOUR.toNanos()
                                        + HOUR.toNanos() / 1000
                                        + tolerance().toNanos())
                        .count();
                if (admitted) {
                    assertThat(inWindow).isLessThan(most);
                    entered.add(time);
                } else {
                    assertThat(surelyInWindow).isGreaterThanOrEqualTo(most);
                }
            }
        }
    }
}
