/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Counts what happened within the last so-and-so long. What lies close together is kept as one bucket, which leaves as a
 * whole when its youngest part has left the window: at no moment does it count less than what truly lies in the window,
 * and it needs room for at most about {@value #BUCKETS} buckets. Times are those of {@link System#nanoTime()}. Not
 * thread-safe.
 */
final class SlidingWindow {
    private static final int BUCKETS = 1024;

    /** What was counted at nearly the same time. */
    static final class Bucket {
        private final long begin;
        private long end;
        private long count;

        private Bucket(long begin) {
            this.begin = begin;
        }
    }

    private final long length;
    private final Deque<Bucket> buckets = new ArrayDeque<>();
    private long total;

    /**
     * @param length in nanoseconds
     */
    SlidingWindow(long length) {
        this.length = length;
    }

    /**
     * Counts.
     *
     * @return what {@link #takeBack} takes it from
     */
    Bucket add(long now, long count) {
        expire(now);
        Bucket last = buckets.peekLast();
        if (last == null || now - last.begin >= Math.max(1, length / BUCKETS)) {
            last = new Bucket(now);
            buckets.addLast(last);
        }
        last.end = now;
        last.count += count;
        total += count;
        return last;
    }

    /** Takes back what was counted into a bucket, unless it has left the window by itself. */
    void takeBack(long now, Bucket bucket, long count) {
        expire(now);
        if (buckets.contains(bucket)) {
            bucket.count -= count;
            total -= count;
            if (bucket.count == 0) {
                buckets.remove(bucket);
            }
        }
    }

    /** What is in the window now. */
    long total(long now) {
        expire(now);
        return total;
    }

    private void expire(long now) {
        for (Bucket first = buckets.peekFirst();
                first != null && now - first.end >= length;
                first = buckets.peekFirst()) {
            total -= first.count;
            buckets.removeFirst();
        }
    }

    /** Forgets everything. */
    void clear() {
        buckets.clear();
        total = 0;
    }
}
