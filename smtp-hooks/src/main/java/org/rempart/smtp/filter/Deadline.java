/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Ends an exchange when its time is over, by closing what it goes over: a write to a filter that reads nothing has no time-out
 * of its own.
 */
final class Deadline implements AutoCloseable {
    private static final ScheduledThreadPoolExecutor CLOCK = clock();

    private final ScheduledFuture<?> end;
    private volatile boolean over;

    private Deadline(Duration time, Runnable close) {
        this.end = CLOCK.schedule(
                () -> {
                    over = true;
                    close.run();
                },
                time.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    private static ScheduledThreadPoolExecutor clock() {
        ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "filter-deadlines");
            thread.setDaemon(true);
            return thread;
        });
        clock.setRemoveOnCancelPolicy(true);
        return clock;
    }

    /** Begins one. */
    static Deadline in(Duration time, Runnable close) {
        return new Deadline(time, close);
    }

    /** Whether the time was over before this was closed. */
    boolean isOver() {
        return over;
    }

    @Override
    public void close() {
        end.cancel(false);
    }
}
