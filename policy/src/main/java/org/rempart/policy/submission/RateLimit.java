/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.submission;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.rempart.policy.Rule;

/**
 * How much an account may submit: a {@code <rate>} element such as
 * {@code <rate per="account" messages="200/1h" recipients="1000/1d" then="hold"/>}.
 */
public final class RateLimit {
    /** What follows when the limit is passed. */
    public enum Then {
        /** The message is refused for now; the account may go on when the window has moved. */
        DEFER,
        /** The account may not send any more until an administrator releases it. */
        HOLD
    }

    private final Quantity messages;
    private final Quantity recipients;
    private final Then then;
    private final Rule rule;

    private RateLimit(Quantity messages, Quantity recipients, Then then, Rule rule) {
        this.messages = messages;
        this.recipients = recipients;
        this.then = Objects.requireNonNull(then);
        this.rule = Objects.requireNonNull(rule);
    }

    /**
     * @param messages messages in a window, or null for no such limit
     * @param recipients recipients in a window, or null for no such limit
     * @throws IllegalArgumentException when neither is limited
     */
    public static RateLimit of(Quantity messages, Quantity recipients, Then then, Rule rule) {
        if (messages == null && recipients == null) {
            throw new IllegalArgumentException("limits nothing: " + rule);
        }
        return new RateLimit(messages, recipients, then, rule);
    }

    public Optional<Quantity> messages() {
        return Optional.ofNullable(messages);
    }

    public Optional<Quantity> recipients() {
        return Optional.ofNullable(recipients);
    }

    public Then then() {
        return then;
    }

    public Rule rule() {
        return rule;
    }

    /** So many within a sliding window: {@code 200/1h}. */
    public static final class Quantity {
        private final int count;
        private final Duration window;

        private Quantity(int count, Duration window) {
            this.count = count;
            this.window = Objects.requireNonNull(window);
        }

        /**
         * @param count at least 1
         * @param window longer than nothing
         */
        public static Quantity of(int count, Duration window) {
            if (count < 1 || window.isNegative() || window.isZero()) {
                throw new IllegalArgumentException(count + "/" + window);
            }
            return new Quantity(count, window);
        }

        public int count() {
            return count;
        }

        public Duration window() {
            return window;
        }

        @Override
        public String toString() {
            return count + "/" + Quantities.format(window);
        }
    }
}
