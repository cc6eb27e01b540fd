/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.james.core.Username;
import org.junit.jupiter.api.Test;
import org.rempart.policy.submission.RateLimit;
import org.rempart.policy.submission.RateLimit.Then;

/** The ledger in memory: what every one does, and how much room it takes. */
class SubmissionLedgerTest extends SubmissionLedgerContract {
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
    private final MemorySubmissionLedger ledger = new MemorySubmissionLedger(now::get);

    @Override
    protected SubmissionLedger ledger() {
        return ledger;
    }

    @Override
    protected SubmissionLedger another() {
        return new MemorySubmissionLedger(now::get);
    }

    @Override
    protected Duration tolerance() {
        return Duration.ZERO;
    }

    @Override
    protected void pass(Duration time) {
        now.addAndGet(time.toNanos());
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
    void askingEntersNothing() {
        List<RateLimit> one = List.of(limit(1, null, Then.DEFER));
        for (int i = 0; i < 5; i++) {
            assertThat(ledger.ask(ALICE, one, 1).isAdmitted()).isTrue();
        }
        assertThat(ledger.enter(ALICE, one, 1).isAdmitted()).isTrue();
        assertThat(ledger.size()).isEqualTo(1);
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
}
