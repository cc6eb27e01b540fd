/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.util.Objects;
import java.util.Optional;
import org.rempart.policy.submission.RateLimit;

/** What a {@link SubmissionLedger} answers: admitted, one too many, or held. */
public final class Admission {
    private static final Admission HELD = new Admission(null, 0, 0, () -> {});

    private final RateLimit exceeded;
    private final long messages;
    private final long recipients;
    private final Runnable withdrawal;

    private Admission(RateLimit exceeded, long messages, long recipients, Runnable withdrawal) {
        this.exceeded = exceeded;
        this.messages = messages;
        this.recipients = recipients;
        this.withdrawal = withdrawal;
    }

    /**
     * There was room.
     *
     * @param withdrawal takes the entry back
     */
    public static Admission admitted(Runnable withdrawal) {
        return new Admission(null, 0, 0, Objects.requireNonNull(withdrawal));
    }

    /**
     * There was none.
     *
     * @param limit the limit that is reached
     * @param messages how many messages are in its window
     * @param recipients how many recipients are in its window
     */
    public static Admission exceeded(RateLimit limit, long messages, long recipients) {
        return new Admission(Objects.requireNonNull(limit), messages, recipients, () -> {});
    }

    /** The account was held before. */
    public static Admission held() {
        return HELD;
    }

    /** Whether the account is held by this: the limit that is reached says so. */
    public boolean holds() {
        return exceeded != null && exceeded.then() == RateLimit.Then.HOLD;
    }

    /** Whether the account may submit this. */
    public boolean isAdmitted() {
        return this != HELD && exceeded == null;
    }

    /** The limit that is reached; empty when the message was admitted, and when the account was held before. */
    public Optional<RateLimit> limit() {
        return Optional.ofNullable(exceeded);
    }

    /** How many messages are in the window of the limit that is reached; 0 where it does not count messages. */
    public long messages() {
        return messages;
    }

    /** How many recipients are in the window of the limit that is reached; 0 where it does not count recipients. */
    public long recipients() {
        return recipients;
    }

    /** Takes an admitted message back, since it was not accepted after all. */
    public void withdraw() {
        withdrawal.run();
    }
}
