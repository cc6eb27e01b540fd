/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.time.Clock;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** The time of the day, which may be set back while mail waits, beside the steady one, which shows that. */
final class StoreClock {
    /** A clock set back by less than that makes mail late by less than that; milliseconds. */
    static final long TOLERANCE = 5_000;

    private final Clock clock;
    /** The time of the day less the steady one, in milliseconds, at its latest: what it is now is less when it was set back. */
    private final AtomicLong latestOffset;

    StoreClock(Clock clock) {
        this.clock = clock;
        this.latestOffset = new AtomicLong(offset());
    }

    private long offset() {
        return clock.millis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    /** Milliseconds since 1970. */
    long now() {
        latestOffset.accumulateAndGet(offset(), Math::max);
        return clock.millis();
    }

    /** Whether it was set back, so that delays have to be counted again from now. */
    boolean wasSetBack() {
        return latestOffset.get() - offset() > TOLERANCE;
    }

    /** What was to be done about that is done. */
    void noteSetBack() {
        latestOffset.set(offset());
    }
}
