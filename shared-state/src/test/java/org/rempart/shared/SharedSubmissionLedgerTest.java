/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.james.core.Username;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.rempart.policy.ledger.Hold;
import org.rempart.policy.ledger.HoldsCopy;
import org.rempart.policy.ledger.SubmissionLedger;
import org.rempart.policy.ledger.SubmissionLedgerContract;
import org.rempart.policy.submission.RateLimit;
import org.rempart.policy.submission.RateLimit.Then;

class SharedSubmissionLedgerTest extends SubmissionLedgerContract {
    @RegisterExtension
    static final SharedLedgers SHARED = new SharedLedgers();

    private SubmissionLedger ledger;

    private static SubmissionLedger server(SharedStore store) {
        return new SharedSubmissionLedger(
                store,
                new SharedHolds(HoldsCopy.in(SHARED.home()), new StoreNames("rempart")),
                SHARED.home(),
                SHARED::offset);
    }

    @Override
    protected SubmissionLedger ledger() {
        if (ledger == null) {
            ledger = server(SHARED.store());
        }
        return ledger;
    }

    @Override
    protected SubmissionLedger another() {
        return server(SHARED.empty());
    }

    @Override
    protected void pass(Duration time) {
        SHARED.pass(time);
    }

    @Override
    protected Duration tolerance() {
        return Duration.ofSeconds(60);
    }

    /** 200 messages an hour, on two servers, with 50 clients on each. */
    @Test
    void overTwoServersExactlyTheLimitIsAdmitted() throws Exception {
        List<RateLimit> limits = List.of(limit(200, null, Then.DEFER));
        List<SubmissionLedger> servers = List.of(ledger(), server(SHARED.store()));
        ExecutorService clients = Executors.newFixedThreadPool(100);
        CountDownLatch start = new CountDownLatch(1);
        long admitted = 0;
        try {
            List<Future<Integer>> answers = new ArrayList<>();
            for (int client = 0; client < 100; client++) {
                SubmissionLedger server = servers.get(client % 2);
                answers.add(clients.submit(() -> {
                    start.await();
                    int mine = 0;
                    for (int i = 0; i < 10; i++) {
                        mine += server.enter(ALICE, limits, 1).isAdmitted() ? 1 : 0;
                    }
                    return mine;
                }));
            }
            start.countDown();
            for (Future<Integer> answer : answers) {
                admitted += answer.get();
            }
        } finally {
            clients.shutdownNow();
        }
        assertThat(admitted).isEqualTo(200);
    }

    @Test
    void aHoldAndAReleaseAreSeenOnTheOtherServerAtOnce() {
        SubmissionLedger other = server(SHARED.store());
        assertThat(ledger().hold(Hold.of(ALICE, Instant.now(), "administrator", 0, 0)))
                .isTrue();
        assertThat(other.held(ALICE)).isPresent();
        assertThat(other.ask(ALICE, List.of(), 1).isAdmitted()).isFalse();
        assertThat(other.release(ALICE)).isTrue();
        assertThat(ledger().held(ALICE)).isEmpty();
        assertThat(ledger().enter(ALICE, List.of(), 1).isAdmitted()).isTrue();
    }

    /** What nobody counts any more leaves the store by itself. */
    @Test
    void whatIsCountedExpires() throws Exception {
        ledger().enter(ALICE, List.of(limit(9, 9, Then.DEFER)), 1);
        String keys = SHARED.redis().cli("KEYS", "*");
        assertThat(keys.lines()).hasSize(3);
        for (String key : keys.split("\n", -1)) {
            assertThat(Long.parseLong(SHARED.redis().cli("TTL", key))).as(key).isBetween(3000L, 3700L);
        }
    }

    @Test
    void manyMessagesTakeABoundedRoom() throws Exception {
        List<RateLimit> limits = List.of(limit(1_000_000, null, Then.DEFER));
        for (int i = 0; i < 3000; i++) {
            ledger().enter(ALICE, limits, 1);
            pass(Duration.ofSeconds(2));
        }
        Username account = ALICE;
        assertThat(Long.parseLong(SHARED.redis().cli("HLEN", "rempart:{" + account.asString() + "}:m3600000000")))
                .isLessThan(4 + 3 * 1100);
        assertThat(ledger().usage(account).messages().values()).allMatch(count -> count >= 1799 && count < 1900);
    }
}
