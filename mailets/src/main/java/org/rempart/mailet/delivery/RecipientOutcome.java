/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.util.Locale;
import java.util.Objects;

/** What came of the try to deliver to one recipient, and why. */
final class RecipientOutcome {
    /** What follows from a try. */
    enum Fate {
        /** The peer has the mail. */
        DELIVERED,
        /** To be tried again. */
        DEFERRED,
        /** Never to be tried again. */
        FAILED;

        String keyword() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Fate fate;
    private final String reason;

    private RecipientOutcome(Fate fate, String reason) {
        this.fate = fate;
        this.reason = Objects.requireNonNull(reason);
    }

    /** The outcome that a reply means for those whom it is about. */
    static RecipientOutcome of(SmtpReply reply) {
        if (reply.isPositive()) {
            return new RecipientOutcome(Fate.DELIVERED, reply.toString());
        }
        return new RecipientOutcome(reply.isPermanent() ? Fate.FAILED : Fate.DEFERRED, reply.toString());
    }

    /** @param reason in the form of a reply, an enhanced status code in it: {@code 451 4.4.2 …} */
    static RecipientOutcome deferred(String reason) {
        return new RecipientOutcome(Fate.DEFERRED, reason);
    }

    /** @param reason in the form of a reply, an enhanced status code in it: {@code 556 5.1.10 …} */
    static RecipientOutcome failed(String reason) {
        return new RecipientOutcome(Fate.FAILED, reason);
    }

    Fate fate() {
        return fate;
    }

    /** The peer's reply, or why it was not asked for one, in the same form. */
    String reason() {
        return reason;
    }

    @Override
    public String toString() {
        return fate.keyword() + ": " + reason;
    }
}
