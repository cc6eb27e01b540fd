/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.util.concurrent.locks.Condition;

/** Waits in the queue's own threads, which nobody interrupts. */
final class Waiting {
    private Waiting() {}

    /**
     * Waits for a condition, or for a while. The caller holds the lock, and looks in a loop whether it has waited enough.
     *
     * @return the nanoseconds that are left; 0 or less when the time is over
     */
    // The callers wait in loops.
    @SuppressWarnings("WaitNotInLoop")
    static long awaitNanos(Condition condition, long nanos) {
        try {
            return condition.awaitNanos(nanos);
        } catch (InterruptedException nobodyDoesThat) {
            return 0;
        }
    }
}
