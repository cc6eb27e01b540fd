/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.rempart.policy.Rule;
import org.rempart.policy.ledger.LoginFailureLedger;
import org.rempart.policy.ledger.LoginFailureLedger.Login;
import org.rempart.policy.ledger.LoginFailureLedgerContract;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.submission.RateLimit.Quantity;

class SharedLoginFailureLedgerTest extends LoginFailureLedgerContract {
    @RegisterExtension
    static final SharedLedgers SHARED = new SharedLedgers();

    private static final List<FailureLimit> LIMITS = List.of(FailureLimit.of(
            FailureLimit.Per.ADDRESS,
            Quantity.of(3, Duration.ofHours(1)),
            Duration.ofHours(1),
            Rule.byDefault("<failures/>")));

    private LoginFailureLedger ledger;

    @Override
    protected LoginFailureLedger ledger() {
        if (ledger == null) {
            ledger = new SharedLoginFailureLedger(SHARED.store(), SHARED.home(), SHARED::offset);
        }
        return ledger;
    }

    @Override
    protected void pass(Duration time) {
        SHARED.pass(time);
    }

    private static void fail(LoginFailureLedger server, String password) {
        server.begin(LIMITS, Login.of(client(1), ALICE, password))
                .attempt()
                .orElseThrow()
                .failed();
    }

    @Test
    void serversCountTogetherAndKnowTheSame() {
        LoginFailureLedger other = new SharedLoginFailureLedger(SHARED.store(), SHARED.home(), SHARED::offset);
        fail(ledger(), "a");
        fail(other, "b");
        // The same wrong password, wherever it is tried.
        fail(other, "a");
        assertThat(other.refused(LIMITS, client(1))).isEmpty();
        fail(ledger(), "c");
        assertThat(other.refused(LIMITS, client(1))).isPresent();

        LoginFailureLedger.Attempt attempt =
                other.begin(LIMITS, Login.of(client(2), BOB, "right")).attempt().orElseThrow();
        attempt.succeeded(BOB);
        for (int i = 0; i < 4; i++) {
            ledger().begin(LIMITS, Login.of(client(2), ALICE, "x" + i))
                    .attempt()
                    .orElseThrow()
                    .failed();
        }
        // The address is braked, and Bob is known there.
        assertThat(ledger().begin(LIMITS, Login.of(client(2), ALICE, "y")).brake())
                .isPresent();
        assertThat(ledger().begin(LIMITS, Login.of(client(2), BOB, "right")).attempt())
                .isPresent();
    }

    /** Of a server that was killed the attempts take their places for a while only. */
    @Test
    void anAttemptThatNeverEndsGivesItsPlaceBack() {
        for (int i = 0; i < 3; i++) {
            assertThat(ledger().begin(LIMITS, Login.of(client(1), "user" + i, "x"))
                            .attempt())
                    .isPresent();
        }
        pass(Duration.ofMinutes(3));
        assertThat(ledger().begin(LIMITS, Login.of(client(1), ALICE, "right")).attempt())
                .isPresent();
    }

    @Test
    void noPasswordIsInTheStore() throws Exception {
        fail(ledger(), "Sesame");
        for (String key : SHARED.redis().cli("KEYS", "*").split("\n", -1)) {
            assertThat(key).doesNotContain("Sesame");
            String type = SHARED.redis().cli("TYPE", key);
            assertThat(type.equals("zset") ? SHARED.redis().cli("ZRANGE", key, "0", "-1") : type)
                    .doesNotContain("Sesame");
        }
    }
}
