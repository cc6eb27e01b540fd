/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.james.core.Username;
import org.junit.jupiter.api.Test;
import org.rempart.policy.Rule;
import org.rempart.policy.submission.RateLimit;
import org.rempart.policy.submission.RateLimit.Quantity;
import org.rempart.policy.submission.RateLimit.Then;

class SubmissionLedgerTest {
    private static final Username ALICE = Username.of("alice@ours.example");
    private static final Username BOB = Username.of("bob@ours.example");
    private static final Duration HOUR = Duration.ofHours(1);

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
    private final MemorySubmissionLedger ledger = new MemorySubmissionLedger(now::get);

    private static RateLimit limit(Integer messages, Integer recipients, Then then) {
        return RateLimit.of(
                messages == null ? null : Quantity.of(messages, HOUR),
                recipients == null ? null : Quantity.of(recipients, HOUR),
                then,
                Rule.byDefault("<rate/>"));
    }

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    @Test
    void messagesAreLimitedPerAccount() {
        List<RateLimit> two = List.of(limit(2, null, Then.DEFER));
        assertThat(ledger.enter(ALICE, two, 1).isAdmitted()).isTrue();
        assertThat(ledger.enter(ALICE, two, 1).isAdmitted()).isTrue();
        Admission third = ledger.enter(ALICE, two, 1);
        assertThat(third.isAdmitted()).isFalse();
        assertThat(third.limit()).contains(two.get(0));
        assertThat(third.messages()).isEqualTo(2);
        assertThat(ledger.enter(BOB, two, 1).isAdmitted()).isTrue();
    }

    @Test
    void theWindowSlides() {
        List<RateLimit> two = List.of(limit(2, null, Then.DEFER));
        assertThat(ledger.enter(ALICE, two, 1).isAdmitted()).isTrue();
        pass(Duration.ofMinutes(30));
        assertThat(ledger.enter(ALICE, two, 1).isAdmitted()).isTrue();
        pass(Duration.ofMinutes(30).minusNanos(1));
        assertThat(ledger.enter(ALICE, two, 1).isAdmitted()).isFalse();
        pass(Duration.ofNanos(1));
        assertThat(ledger.enter(ALICE, two, 1).isAdmitted()).isTrue();
        assertThat(ledger.enter(ALICE, two, 1).isAdmitted()).isFalse();
    }

    @Test
    void recipientsCountEach() {
        List<RateLimit> ten = List.of(limit(null, 10, Then.DEFER));
        assertThat(ledger.enter(ALICE, ten, 7).isAdmitted()).isTrue();
        assertThat(ledger.ask(ALICE, ten, 4).isAdmitted()).isFalse();
        assertThat(ledger.enter(ALICE, ten, 4).recipients()).isEqualTo(7);
        assertThat(ledger.enter(ALICE, ten, 3).isAdmitted()).isTrue();
    }

    @Test
    void aMessageThatOneLimitRefusesCountsForNone() {
        List<RateLimit> limits = List.of(limit(2, null, Then.DEFER), limit(null, 5, Then.DEFER));
        assertThat(ledger.enter(ALICE, limits, 6).isAdmitted()).isFalse();
        assertThat(ledger.enter(ALICE, limits, 2).isAdmitted()).isTrue();
        assertThat(ledger.enter(ALICE, limits, 3).isAdmitted()).isTrue();
    }

    @Test
    void askingEntersNothing() {
        List<RateLimit> one = List.of(limit(1, null, Then.DEFER));
        for (int i = 0; i < 5; i++) {
            assertThat(ledger.ask(ALICE, one, 1).isAdmitted()).isTrue();
        }
        assertThat(ledger.enter(ALICE, one, 1).isAdmitted()).isTrue();
        assertThat(ledger.size()).isEqualTo(1);
    }

    @Test
    void whatIsWithdrawnDoesNotCount() {
        List<RateLimit> one = List.of(limit(1, 9, Then.DEFER));
        Admission admission = ledger.enter(ALICE, one, 9);
        assertThat(ledger.enter(ALICE, one, 1).isAdmitted()).isFalse();
        admission.withdraw();
        assertThat(ledger.enter(ALICE, one, 9).isAdmitted()).isTrue();
        assertThat(ledger.enter(ALICE, one, 1).isAdmitted()).isFalse();
    }

    @Test
    void aWithdrawalAfterTheWindowHasMovedTakesNothingFromOthers() {
        List<RateLimit> one = List.of(limit(1, null, Then.DEFER));
        Admission old = ledger.enter(ALICE, one, 1);
        pass(HOUR);
        assertThat(ledger.enter(ALICE, one, 1).isAdmitted()).isTrue();
        old.withdraw();
        assertThat(ledger.enter(ALICE, one, 1).isAdmitted()).isFalse();
    }

    @Test
    void holdLastsUntilReleased() {
        List<RateLimit> one = List.of(limit(1, null, Then.HOLD));
        assertThat(ledger.enter(ALICE, one, 1).isAdmitted()).isTrue();
        assertThat(ledger.enter(ALICE, one, 1).limit()).contains(one.get(0));
        pass(HOUR.multipliedBy(100));
        Admission held = ledger.ask(ALICE, one, 1);
        assertThat(held.isAdmitted()).isFalse();
        assertThat(held.limit()).isEmpty();
        assertThat(ledger.enter(BOB, one, 1).isAdmitted()).isTrue();
        assertThat(ledger.release(ALICE)).isTrue();
        assertThat(ledger.release(ALICE)).isFalse();
        assertThat(ledger.enter(ALICE, one, 1).isAdmitted()).isTrue();
    }

    @Test
    void withoutLimitsNothingIsKept() {
        assertThat(ledger.enter(ALICE, List.of(), 1000).isAdmitted()).isTrue();
        assertThat(ledger.size()).isZero();
    }

    @Test
    void accountsWithEmptyWindowsAreLetGo() {
        List<RateLimit> one = List.of(limit(1, null, Then.DEFER));
        for (int i = 0; i < 5000; i++) {
            ledger.enter(Username.of("user" + i + "@ours.example"), one, 1);
        }
        pass(HOUR);
        for (int i = 0; i < 1024; i++) {
            ledger.enter(ALICE, one, 1);
        }
        assertThat(ledger.size()).isEqualTo(1);
    }

    @Test
    void underConcurrencyExactlyTheLimitIsAdmitted() throws Exception {
        for (int round = 0; round < 5; round++) {
            MemorySubmissionLedger concurrent = new MemorySubmissionLedger();
            List<RateLimit> limits = List.of(limit(137, null, Then.DEFER), limit(null, 1000, Then.DEFER));
            assertThat(admitted(concurrent, limits, 200)).isEqualTo(137);
            assertThat(admitted(new MemorySubmissionLedger(), limits, 130)).isEqualTo(130);
        }
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
        for (int round = 0; round < 50; round++) {
            int most = 1 + random.nextInt(20);
            List<RateLimit> limits = List.of(limit(most, null, Then.DEFER));
            MemorySubmissionLedger tried = new MemorySubmissionLedger(now::get);
            List<Long> entered = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                now.addAndGet((long) (random.nextDouble() * random.nextDouble() * HOUR.toNanos() / 5));
                long time = now.get();
                boolean admitted = tried.enter(ALICE, limits, 1).isAdmitted();
                long inWindow = entered.stream()
                        .filter(then -> time - then < HOUR.toNanos())
                        .count();
                long surelyInWindow = entered.stream()
                        .filter(then -> time - then < HOUR.toNanos() + HOUR.toNanos() / 1000)
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
