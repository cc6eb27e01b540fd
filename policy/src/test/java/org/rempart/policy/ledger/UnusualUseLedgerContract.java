/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import org.apache.james.core.Username;
import org.junit.jupiter.api.Test;
import org.rempart.policy.Rule;
import org.rempart.policy.submission.RateLimit.Quantity;
import org.rempart.policy.submission.UnusualUse;

/** What every ledger of unusual use does, wherever it keeps its counts. */
public abstract class UnusualUseLedgerContract {
    private static final Username ALICE = Username.of("alice@ours.example");
    private static final Username BOB = Username.of("bob@ours.example");
    private static final Duration HOUR = Duration.ofHours(1);

    /** The ledger under test: one and the same, in a test. */
    protected abstract UnusualUseLedger ledger();

    /** Lets time pass for the ledger. */
    protected abstract void pass(Duration time);

    private static UnusualUse sign(UnusualUse.Sign sign, int count, Duration window) {
        return UnusualUse.of(sign, Quantity.of(count, window), UnusualUse.Then.NOTIFY, Rule.byDefault("<unusual/>"));
    }

    private static InetAddress network(int third) {
        try {
            return InetAddress.getByAddress(new byte[] {(byte) 192, 0, (byte) third, 1});
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Test
    void moreNetworksThanUsualAreNewsOnce() {
        UnusualUse three = sign(UnusualUse.Sign.NETWORKS, 3, HOUR);
        for (int i = 0; i < 3; i++) {
            assertThat(ledger().loggedIn(ALICE, network(i), three)).isFalse();
            assertThat(ledger().loggedIn(ALICE, network(i), three)).isFalse();
        }
        assertThat(ledger().loggedIn(BOB, network(3), three)).isFalse();
        assertThat(ledger().loggedIn(ALICE, network(3), three)).isTrue();
        assertThat(ledger().loggedIn(ALICE, network(4), three)).isFalse();
        pass(HOUR);
        for (int i = 0; i < 3; i++) {
            assertThat(ledger().loggedIn(ALICE, network(i), three)).isFalse();
        }
        assertThat(ledger().loggedIn(ALICE, network(9), three)).isTrue();
    }

    @Test
    void networksThatWereLeftCountNoMore() {
        UnusualUse one = sign(UnusualUse.Sign.NETWORKS, 1, HOUR);
        for (int i = 0; i < 9; i++) {
            assertThat(ledger().loggedIn(ALICE, network(i), one)).isFalse();
            pass(Duration.ofMinutes(61));
        }
    }

    @Test
    void moreRefusedThanUsualAreNewsOnce() {
        UnusualUse three = sign(UnusualUse.Sign.REFUSED, 3, HOUR);
        for (int i = 0; i < 3; i++) {
            assertThat(ledger().refused(ALICE, three)).isFalse();
        }
        assertThat(ledger().refused(ALICE, three)).isTrue();
        assertThat(ledger().refused(ALICE, three)).isFalse();
        assertThat(ledger().refused(BOB, three)).isFalse();
        pass(HOUR.plusMinutes(1));
        assertThat(ledger().refused(ALICE, three)).isFalse();
    }

    @Test
    void signsOfOtherWindowsAreCountedApart() {
        UnusualUse hour = sign(UnusualUse.Sign.NETWORKS, 1, HOUR);
        UnusualUse minute = sign(UnusualUse.Sign.NETWORKS, 1, Duration.ofMinutes(1));
        assertThat(ledger().loggedIn(ALICE, network(1), hour)).isFalse();
        assertThat(ledger().loggedIn(ALICE, network(1), minute)).isFalse();
        pass(Duration.ofMinutes(2));
        assertThat(ledger().loggedIn(ALICE, network(2), minute)).isFalse();
        assertThat(ledger().loggedIn(ALICE, network(2), hour)).isTrue();
    }

    @Test
    void ofWhoIsReleasedNothingIsUnusual() {
        UnusualUse networks = sign(UnusualUse.Sign.NETWORKS, 1, HOUR);
        UnusualUse refused = sign(UnusualUse.Sign.REFUSED, 1, HOUR);
        for (int i = 0; i < 2; i++) {
            assertThat(ledger().loggedIn(ALICE, network(1), networks)).isFalse();
            assertThat(ledger().refused(ALICE, refused)).isFalse();
            assertThat(ledger().loggedIn(ALICE, network(2), networks)).isTrue();
            assertThat(ledger().refused(ALICE, refused)).isTrue();
            ledger().forget(ALICE);
        }
    }
}
