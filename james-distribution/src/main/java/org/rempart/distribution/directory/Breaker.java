/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Keeps a directory that does not answer from holding a thread for each question: after some failures in a row nobody is
 * let through for a while, then one question goes as a probe, and its answer decides for all.
 */
final class Breaker {
    private final int failures;
    private final long pauseNanos;
    private final LongSupplier nanoTime;
    private int inARow;
    private long openedAt;
    private boolean probing;

    /**
     * Starts closed: everybody is let through.
     *
     * @param failures so many in a row open it
     * @param pause how long it is open before a probe goes
     * @param nanoTime a clock as {@link System#nanoTime()} is one
     */
    Breaker(int failures, Duration pause, LongSupplier nanoTime) {
        this.failures = failures;
        this.pauseNanos = pause.toNanos();
        this.nanoTime = nanoTime;
    }

    /** Whether a question may go; if so, {@link #succeeded()} or {@link #failed()} has to be told how it ended. */
    synchronized boolean letsThrough() {
        if (inARow < failures) {
            return true;
        }
        if (probing || nanoTime.getAsLong() - openedAt < pauseNanos) {
            return false;
        }
        probing = true;
        return true;
    }

    synchronized void succeeded() {
        inARow = 0;
        probing = false;
    }

    synchronized void failed() {
        inARow = Math.min(inARow + 1, failures);
        probing = false;
        openedAt = nanoTime.getAsLong();
    }
}
