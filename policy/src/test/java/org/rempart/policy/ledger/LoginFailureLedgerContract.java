/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.rempart.policy.Networks;
import org.rempart.policy.Rule;
import org.rempart.policy.ledger.LoginFailureLedger.Answer;
import org.rempart.policy.ledger.LoginFailureLedger.Attempt;
import org.rempart.policy.ledger.LoginFailureLedger.Login;
import org.rempart.policy.ledger.LoginFailureLedger.Subject;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.submission.FailureLimit.Per;
import org.rempart.policy.submission.RateLimit.Quantity;

/** What every ledger of login failures does, wherever it keeps its counts. */
public abstract class LoginFailureLedgerContract {
    protected static final String ALICE = "alice@ours.example";
    protected static final String BOB = "bob@ours.example";
    private static final Duration MOMENT = Duration.ofSeconds(30);

    private static final FailureLimit ADDRESS = limit(Per.ADDRESS, 3, Duration.ofMinutes(10), Duration.ofHours(1));
    private static final FailureLimit ACCOUNT = limit(Per.ACCOUNT, 5, Duration.ofHours(1), Duration.ofMinutes(30));
    private static final FailureLimit PASSWORD = limit(Per.PASSWORD, 4, Duration.ofHours(1), Duration.ofHours(1));
    private static final List<FailureLimit> LIMITS = List.of(ADDRESS, ACCOUNT, PASSWORD);

    private final AtomicInteger guesses = new AtomicInteger();

    /** The ledger under test: one and the same, in a test. */
    protected abstract LoginFailureLedger ledger();

    /** Lets time pass for the ledger. */
    protected abstract void pass(Duration time);

    private static FailureLimit limit(Per per, int count, Duration window, Duration block) {
        return FailureLimit.of(per, Quantity.of(count, window), block, Rule.byDefault("<failures/>"));
    }

    protected static InetAddress client(int last) {
        try {
            return InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, (byte) last});
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private Answer begin(int from, String account, String password) {
        return ledger().begin(LIMITS, Login.of(client(from), account, password));
    }

    /** Fails with another password each time. */
    private List<Subject> fail(int from, String account) {
        return fail(from, account, "guess " + guesses.incrementAndGet());
    }

    private List<Subject> fail(int from, String account, String password) {
        return begin(from, account, password).attempt().orElseThrow().failed();
    }

    private void succeed(int from, String account) {
        begin(from, account, "right").attempt().orElseThrow().succeeded(account);
    }

    @Test
    void anAddressIsBrakedAtItsLimitAndLaterNoMore() {
        assertThat(fail(1, ALICE)).isEmpty();
        assertThat(fail(1, BOB)).isEmpty();
        assertThat(ledger().refused(LIMITS, client(1))).isEmpty();
        assertThat(fail(1, "nobody")).containsExactly(Subject.of(ADDRESS, "192.0.2.1"));

        assertThat(ledger().refused(LIMITS, client(1))).contains(Subject.of(ADDRESS, "192.0.2.1"));
        assertThat(begin(1, ALICE, "right").brake()).contains(Subject.of(ADDRESS, "192.0.2.1"));
        assertThat(ledger().refused(LIMITS, client(2))).isEmpty();
        succeed(2, ALICE);
        // Another listener may have read another limit: it has a count of its own.
        assertThat(ledger().refused(List.of(limit(Per.ADDRESS, 9, MOMENT, MOMENT)), client(1)))
                .isEmpty();

        pass(Duration.ofMinutes(59));
        assertThat(ledger().refused(LIMITS, client(1))).isPresent();
        pass(Duration.ofMinutes(1));
        assertThat(ledger().refused(LIMITS, client(1))).isEmpty();
        succeed(1, ALICE);
    }

    @Test
    void failuresThatLieFarApartDoNotBrake() {
        for (int i = 0; i < 20; i++) {
            assertThat(fail(1, "user" + i)).isEmpty();
            pass(Duration.ofMinutes(6));
        }
    }

    @Test
    void anAccountIsBrakedWhereverItIsGuessedAt() {
        for (int i = 0; i < 4; i++) {
            assertThat(fail(10 + i, ALICE)).isEmpty();
        }
        assertThat(fail(20, "ALICE@ours.example")).containsExactly(Subject.of(ACCOUNT, ALICE));
        assertThat(begin(21, ALICE, "right").brake()).contains(Subject.of(ACCOUNT, ALICE));
        succeed(21, BOB);
        pass(Duration.ofMinutes(31));
        succeed(22, ALICE);
    }

    @Test
    void aPasswordThatIsWrongAtManyAccountsIsBraked() {
        for (int i = 0; i < 3; i++) {
            assertThat(fail(30 + i, "user" + i, "Summer2026")).isEmpty();
        }
        assertThat(fail(40, "another", "Summer2026")).hasSize(1).allMatch(brake -> brake.limit() == PASSWORD);
        assertThat(begin(41, "one more", "Summer2026").brake()).hasValueSatisfying(brake -> {
            assertThat(brake.limit()).isSameAs(PASSWORD);
            assertThat(brake.name()).doesNotContain("Summer");
        });
        assertThat(begin(42, "one more", "Winter2026").attempt()).isPresent();
    }

    @Test
    void theSameWrongPasswordCountsOnce() {
        for (int i = 0; i < 20; i++) {
            assertThat(fail(1, ALICE, "last year's")).isEmpty();
        }
        assertThat(ledger().refused(LIMITS, client(1))).isEmpty();
    }

    @Test
    void aSuccessTakesBackWhatTheAccountFailedThereAndNoMore() {
        for (int i = 0; i < 10; i++) {
            ledger().forget(ALICE);
            assertThat(fail(1, ALICE)).isEmpty();
            assertThat(fail(1, ALICE)).isEmpty();
            succeed(1, ALICE);
        }
        ledger().forget(ALICE);
        assertThat(fail(1, BOB)).isEmpty();
        assertThat(fail(1, BOB)).isEmpty();
        succeed(1, ALICE);
        ledger().forget(ALICE);
        assertThat(fail(1, BOB)).isNotEmpty();
    }

    @Test
    void whereAnAccountIsKnownItGoesOnWhateverStrangersDo() {
        succeed(1, ALICE);
        for (int i = 0; i < 4; i++) {
            fail(10 + i, ALICE);
        }
        assertThat(fail(20, ALICE)).isNotEmpty();
        assertThat(begin(21, ALICE, "right").brake()).isPresent();
        succeed(1, ALICE);

        // Behind its address more are borne, one for each account that is known there, and nobody is refused at
        // connect.
        for (int i = 0; i < 3; i++) {
            assertThat(fail(1, "stranger" + i)).isEmpty();
        }
        assertThat(fail(1, "stranger3")).isNotEmpty();
        assertThat(ledger().refused(LIMITS, client(1))).isEmpty();
        assertThat(begin(1, "stranger4", "x").brake()).isPresent();
        succeed(1, ALICE);
    }

    @Test
    void whereItIsKnownAnAccountThatIsGuessedAtOnlyWaits() {
        succeed(1, ALICE);
        for (int i = 0; i < 20; i++) {
            Answer answer = begin(1, ALICE, "guess" + i);
            if (i < 3) {
                assertThat(answer.attempt()).isPresent();
            } else {
                assertThat(answer.attempt()).isEmpty();
                assertThat(answer.brake()).isEmpty();
                pass(Duration.ofSeconds(11));
                answer = begin(1, ALICE, "guess" + i);
            }
            assertThat(answer.attempt().orElseThrow().failed()).isEmpty();
        }
        pass(Duration.ofSeconds(11));
        succeed(1, ALICE);
        assertThat(begin(1, ALICE, "right").attempt()).isPresent();
    }

    @Test
    void anAccountIsKnownForAMonthAndNotWhenItIsForgotten() {
        succeed(1, ALICE);
        pass(Duration.ofDays(29));
        for (int i = 0; i < 5; i++) {
            fail(10 + i, ALICE);
        }
        succeed(1, ALICE);
        ledger().forget("Alice@ours.example");
        assertThat(begin(1, ALICE, "right").brake()).isPresent();

        succeed(2, BOB);
        pass(Duration.ofDays(31));
        for (int i = 0; i < 5; i++) {
            fail(20 + i, BOB);
        }
        assertThat(begin(2, BOB, "right").brake()).isPresent();
    }

    @Test
    void afterEachFailureTheNextAttemptHasToWaitTwiceAsLong() {
        List<FailureLimit> delayed = List.of(
                limit(Per.ADDRESS, 9, Duration.ofHours(1), Duration.ofHours(1)).withDelay(Duration.ofSeconds(8)));
        for (int seconds = 8; seconds <= 60; seconds *= 2) {
            ledger().begin(delayed, Login.of(client(1), ALICE, "wrong" + seconds))
                    .attempt()
                    .orElseThrow()
                    .failed();
            pass(Duration.ofSeconds(seconds - 5));
            Answer soon = ledger().begin(delayed, Login.of(client(1), ALICE, "right"));
            assertThat(soon.attempt()).isEmpty();
            assertThat(soon.brake()).isEmpty();
            assertThat(ledger().begin(delayed, Login.of(client(1), BOB, "right"))
                            .attempt())
                    .hasValueSatisfying(Attempt::dismissed);
            pass(Duration.ofSeconds(5));
        }
        assertThat(ledger().begin(delayed, Login.of(client(1), ALICE, "right")).attempt())
                .isPresent();
    }

    @Test
    void anExemptNetworkIsNotCounted() throws Exception {
        Networks.Builder office = Networks.builder();
        office.put("office", "192.0.2.0/28");
        List<FailureLimit> limits = List.of(ADDRESS.exempting(office.build(), Set.of("office")));
        for (int i = 0; i < 9; i++) {
            assertThat(ledger().begin(limits, Login.of(client(1), ALICE, "wrong" + i))
                            .attempt()
                            .orElseThrow()
                            .failed())
                    .isEmpty();
        }
        assertThat(ledger().refused(limits, client(1))).isEmpty();
    }

    @Test
    void aTokenThatFailsCountsForTheAddress() {
        for (int i = 0; i < 3; i++) {
            ledger().begin(LIMITS, Login.ofToken(client(1), "token" + i))
                    .attempt()
                    .orElseThrow()
                    .failed();
        }
        assertThat(ledger().refused(LIMITS, client(1))).isPresent();
    }

    @Test
    void whatEndsTwiceOrWithoutAnOutcomeCountsAsItBeganToEnd() {
        for (int i = 0; i < 9; i++) {
            begin(1, "user" + i, "x").attempt().orElseThrow().dismissed();
        }
        Attempt once = begin(1, ALICE, "x").attempt().orElseThrow();
        once.failed();
        once.failed();
        once.succeeded(ALICE);
        assertThat(fail(1, BOB)).isEmpty();
        assertThat(fail(1, BOB)).isNotEmpty();
    }

    /** As many are looked at as the limit bears; the others wait for them. */
    @Test
    void attemptsAtTheSameTimeAreNoWayAroundTheLimit() throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(20);
        CountDownLatch start = new CountDownLatch(1);
        AtomicInteger lookedAt = new AtomicInteger();
        try {
            List<Future<Boolean>> answers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                int number = i;
                answers.add(clients.submit(() -> {
                    start.await();
                    Answer answer = begin(1, "user" + number, "wrong" + number);
                    answer.attempt().ifPresent(attempt -> {
                        lookedAt.incrementAndGet();
                        attempt.failed();
                    });
                    return answer.attempt().isPresent();
                }));
            }
            start.countDown();
            for (Future<Boolean> answer : answers) {
                answer.get(30, TimeUnit.SECONDS);
            }
        } finally {
            clients.shutdownNow();
        }
        assertThat(lookedAt).hasValue(3);
    }

    @Test
    void whoWaitsGoesOnWhenAnotherHasEnded() throws Exception {
        List<Attempt> three = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            three.add(begin(1, "user" + i, "x" + i).attempt().orElseThrow());
        }
        CompletableFuture<Answer> fourth = CompletableFuture.supplyAsync(() -> begin(1, "user4", "x4"));
        Thread.sleep(500);
        assertThat(fourth).isNotDone();
        three.get(0).dismissed();
        assertThat(fourth.get(5, TimeUnit.SECONDS).attempt()).isPresent();
    }
}
