/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.time.Instant;
import java.util.Objects;
import org.apache.james.core.Username;

/** That an account may not send any more, since when, and why. */
public final class Hold {
    private final Username account;
    private final Instant since;
    private final String reason;
    private final long messages;
    private final long recipients;

    private Hold(Username account, Instant since, String reason, long messages, long recipients) {
        this.account = Objects.requireNonNull(account);
        this.since = Objects.requireNonNull(since);
        this.reason = Objects.requireNonNull(reason);
        this.messages = messages;
        this.recipients = recipients;
    }

    /**
     * A hold.
     *
     * @param reason the policy's rule, or what the administrator wrote
     * @param messages how many were in the window of the limit; 0 where no limit was the reason
     * @param recipients how many of them were
     */
    public static Hold of(Username account, Instant since, String reason, long messages, long recipients) {
        return new Hold(account, since, reason, messages, recipients);
    }

    public Username account() {
        return account;
    }

    public Instant since() {
        return since;
    }

    public String reason() {
        return reason;
    }

    public long messages() {
        return messages;
    }

    public long recipients() {
        return recipients;
    }
}
