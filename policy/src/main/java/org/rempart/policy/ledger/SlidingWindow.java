/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

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

    /** What was counted: how long ago, at the latest, and how many. */
    static final class Mark {
        private final long age;
        private final long count;

        Mark(long age, long count) {
            this.age = age;
            this.count = count;
        }

        /** In nanoseconds. */
        long age() {
            return age;
        }

        long count() {
            return count;
        }
    }

    /** What is in the window, oldest first, in not many more than so many marks; none tells less than what is true. */
    List<Mark> marks(long now, int most) {
        expire(now);
        List<Mark> marks = new ArrayList<>();
        long grain = Math.max(1, length / most);
        long count = 0;
        Bucket last = null;
        long begin = 0;
        for (Bucket bucket : buckets) {
            if (last != null && bucket.end - begin >= grain) {
                marks.add(new Mark(now - last.end, count));
                count = 0;
                last = null;
            }
            begin = last == null ? bucket.begin : begin;
            last = bucket;
            count += bucket.count;
        }
        if (last != null) {
            marks.add(new Mark(now - last.end, count));
        }
        return marks;
    }

    /** Puts in what was counted earlier; marks come oldest first, and before anything that is counted now. */
    void restore(long now, Mark mark) {
        Bucket bucket = new Bucket(now - mark.age());
        bucket.end = bucket.begin;
        bucket.count = mark.count();
        buckets.addLast(bucket);
        total += mark.count();
    }

    /** Forgets everything. */
    void clear() {
        buckets.clear();
        total = 0;
    }
}
