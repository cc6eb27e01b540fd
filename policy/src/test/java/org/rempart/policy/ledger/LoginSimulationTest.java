/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.rempart.policy.Rule;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.submission.FailureLimit.Per;
import org.rempart.policy.submission.RateLimit.Quantity;

/**
 * Whom the brakes of the packaged policy hit, in whole days of simulated time: what a thief gets, and what owners lose. The
 * table goes to target/login-brakes.md.
 */
class LoginSimulationTest {
    private static final Path TABLE = Path.of("target/login-brakes.md");
    private static final String RIGHT = "right";

    /** As conf/rempart.xml has them. */
    private static final List<FailureLimit> LIMITS = List.of(
            limit(Per.ADDRESS, 10, Duration.ofMinutes(10)).withDelay(Duration.ofSeconds(1)),
            limit(Per.ACCOUNT, 50, Duration.ofHours(1)),
            limit(Per.PASSWORD, 20, Duration.ofHours(1)));

    private final AtomicLong now = new AtomicLong();
    private final MemoryLoginFailureLedger ledger = new MemoryLoginFailureLedger(now::get, 100_000);
    private final Random random = new Random(20261130);

    private int tries;
    private int lookedAt;
    private int refusedToOwners;
    private int ownersLogins;

    private static FailureLimit limit(Per per, int count, Duration window) {
        return FailureLimit.of(per, Quantity.of(count, window), Duration.ofHours(1), Rule.byDefault("<failures/>"));
    }

    private static InetAddress address(int network, int host) throws Exception {
        return InetAddress.getByAddress(new byte[] {10, (byte) network, (byte) (host >> 8), (byte) host});
    }

    private void guess(String account, InetAddress from, String password) {
        tries++;
        ledger.begin(LIMITS, LoginFailureLedger.Login.of(from, account, password))
                .attempt()
                .ifPresent(attempt -> {
                    lookedAt++;
                    attempt.failed();
                });
    }

    private boolean owner(String account, InetAddress from) {
        ownersLogins++;
        LoginFailureLedger.Answer answer = ledger.begin(LIMITS, LoginFailureLedger.Login.of(from, account, RIGHT));
        answer.attempt().ifPresent(attempt -> attempt.succeeded(account));
        refusedToOwners += answer.attempt().isPresent() ? 0 : 1;
        return answer.attempt().isPresent();
    }

    private void record(String what) throws Exception {
        String line =
                String.format("| %s | %d | %d | %d | %d |%n", what, tries, lookedAt, ownersLogins, refusedToOwners);
        Files.createDirectories(TABLE.getParent());
        Files.writeString(TABLE, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    @Test
    void anOfficeBehindOneAddressWithStaleTelephones() throws Exception {
        InetAddress office = address(1, 1);
        List<Runnable> minute = new ArrayList<>();
        for (int m = 0; m < 8 * 60; m++) {
            minute.clear();
            for (int phone = 0; phone < 10; phone++) {
                String account = "user" + phone;
                minute.add(() -> guess(account, office, "last year's of " + account));
            }
            for (int user = m % 10; user < 200; user += 10) {
                String account = "user" + user;
                minute.add(() -> owner(account, office));
            }
            Collections.shuffle(minute, random);
            for (Runnable event : minute) {
                event.run();
                now.addAndGet(Duration.ofMinutes(1).toNanos() / minute.size());
            }
        }
        record("an office of 200, ten telephones with an old password, 8 hours");

        assertThat(ownersLogins).isEqualTo(9600);
        assertThat(refusedToOwners).isZero();
    }

    @Test
    void aBotnetAtOneAccount() throws Exception {
        InetAddress office = address(1, 1);
        InetAddress home = address(1, 2);
        owner("alice", office);
        owner("alice", home);
        int guesses = 0;
        int hotel = 0;
        for (int minutes = 0; minutes < 12 * 60; minutes += 5) {
            for (int bot = 0; bot < 5000; bot++) {
                guess("alice", address(2 + (bot >> 12), bot & 0xfff), "guess" + guesses++);
            }
            owner("alice", minutes % 2 == 0 ? office : home);
            // Somewhere new, where only an hour without a brake lets her in.
            hotel += ledger.begin(LIMITS, LoginFailureLedger.Login.of(address(9, 9), "alice", RIGHT))
                            .attempt()
                            .isPresent()
                    ? 1
                    : 0;
            now.addAndGet(Duration.ofMinutes(5).toNanos());
        }
        record("a botnet of 5000 addresses at one account, 12 hours");

        assertThat(refusedToOwners).isZero();
        assertThat(lookedAt).isLessThanOrEqualTo(12 * 50);
        assertThat(hotel).isLessThan(12 * 12);
    }

    @Test
    void aSprayOfOnePasswordAfterTheOther() throws Exception {
        for (int user = 0; user < 500; user++) {
            owner("user" + user, address(1, user));
        }
        int bot = 0;
        for (int hour = 0; hour < 12; hour++) {
            for (int user = 0; user < 500; user++) {
                guess("user" + user, address(2, bot++ % 5000), "Season" + hour);
                owner("user" + user, address(1, user));
                now.addAndGet(Duration.ofHours(1).toNanos() / 500);
            }
        }
        record("a spray of 12 passwords over 500 accounts from 5000 addresses, 12 hours");

        assertThat(refusedToOwners).isZero();
        assertThat(lookedAt).isLessThanOrEqualTo(12 * 20);
    }

    @Test
    void oneGuesserAtOneAccount() throws Exception {
        owner("alice", address(1, 1));
        for (int second = 0; second < 12 * 3600; second++) {
            guess("alice", address(2, 1), "guess" + second);
            if (second % 300 == 0) {
                owner("alice", address(1, 1));
            }
            now.addAndGet(Duration.ofSeconds(1).toNanos());
        }
        record("one address at one account, a guess a second, 12 hours");

        assertThat(refusedToOwners).isZero();
        assertThat(lookedAt).isLessThanOrEqualTo(12 * 10);
    }

    @Test
    void aColleagueWhoGuessesBesideTheOwner() throws Exception {
        InetAddress office = address(1, 1);
        owner("alice", office);
        int inARow = 0;
        int longest = 0;
        for (int second = 0; second < 3600; second++) {
            if (second % 20 == 7) {
                guess("alice", office, "guess" + second);
            }
            if (second % 60 == 0) {
                inARow = owner("alice", office) ? 0 : inARow + 1;
                longest = Math.max(longest, inARow);
            }
            now.addAndGet(Duration.ofSeconds(1).toNanos());
        }
        record("a colleague at the owner's address, a guess each 20 seconds, 1 hour");

        assertThat(longest).isZero();
    }
}
