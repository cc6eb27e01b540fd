/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Saves a while after the first change since the last time, so that what changes often is not written as often. */
final class DelayedSave {
    private static final ScheduledExecutorService TIMER = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "rempart-ledger");
        thread.setDaemon(true);
        return thread;
    });

    private final Runnable save;
    private final Duration delay;
    private final AtomicBoolean pending = new AtomicBoolean();

    /**
     * Saves later.
     *
     * @param save fails with no exception
     */
    DelayedSave(Runnable save, Duration delay) {
        this.save = save;
        this.delay = delay;
    }

    /** Something has changed. */
    // What the save does is its own affair.
    @SuppressWarnings("FutureReturnValueIgnored")
    void touch() {
        if (!pending.get() && pending.compareAndSet(false, true)) {
            TIMER.schedule(this::flush, delay.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** Saves now, if something has changed. */
    void flush() {
        if (pending.compareAndSet(true, false)) {
            save.run();
        }
    }
}
