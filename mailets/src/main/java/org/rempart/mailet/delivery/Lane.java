/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.james.queue.api.MailQueue.MailQueueItem;

/**
 * The mails that wait for one destination, and how it fares. It starts with a few mails at once, gets one more for each that
 * went well, up to its limit, and none for a while when nobody there could be talked to. It knows no thread and no clock:
 * {@link DeliveryScheduler} guards it by its lock, and tells the time.
 */
final class Lane {
    private static final int FIRST_LIMIT = 5;
    private static final Duration FIRST_BLOCK = Duration.ofSeconds(30);
    private static final Duration LONGEST_BLOCK = Duration.ofMinutes(10);

    private final String name;
    private final int mostAtOnce;
    private final Deque<MailQueueItem> waiting = new ArrayDeque<>();
    private int active;
    private int limit;
    private int failuresInARow;
    private boolean blocked;
    private String blockedReason = "";
    private long blockedUntil;
    private boolean pausing;
    private long pausedUntil;
    private boolean queued;
    private long lastUsed;
    private int finished;

    Lane(String name, int mostAtOnce) {
        this.name = name;
        this.mostAtOnce = mostAtOnce;
        this.limit = Math.min(FIRST_LIMIT, mostAtOnce);
    }

    String name() {
        return name;
    }

    void add(MailQueueItem item, long now) {
        waiting.addLast(item);
        lastUsed = now;
    }

    int waiting() {
        return waiting.size();
    }

    /** Whether a mail may be begun now. */
    boolean isReady(long now) {
        return !waiting.isEmpty() && active < limit && !(pausing && pausedUntil - now > 0);
    }

    /** Whether it stands in the line of lanes that are ready. */
    boolean isQueued() {
        return queued;
    }

    void queued(boolean value) {
        this.queued = value;
    }

    MailQueueItem begin(long now) {
        active++;
        lastUsed = now;
        pausing = false;
        return waiting.pollFirst();
    }

    /** A mail was tried, and somebody was talked to. */
    void succeeded(long now) {
        end(now);
        finished++;
        failuresInARow = 0;
        blocked = false;
        limit = Math.min(mostAtOnce, limit + 1);
    }

    /** Nobody could be talked to; mails that wait are put off for this reason, without another try, for some time. */
    void failed(String reason, long now) {
        end(now);
        finished++;
        if (isBlocked(now)) {
            // Others had been on their way when the first came back.
            return;
        }
        Duration block = FIRST_BLOCK.multipliedBy(1L << Math.min(failuresInARow, 6));
        failuresInARow++;
        limit = Math.min(FIRST_LIMIT, mostAtOnce);
        blocked = true;
        blockedReason = reason;
        blockedUntil = now + (block.compareTo(LONGEST_BLOCK) < 0 ? block : LONGEST_BLOCK).toNanos();
    }

    /** A mail was put off, or ended, without any try. */
    void passed(long now) {
        end(now);
        finished++;
    }

    /** A mail could not be begun, for there were too many connections already; it is the first again, after a moment. */
    void postponed(MailQueueItem item, Duration pause, long now) {
        end(now);
        waiting.addFirst(item);
        pausing = true;
        pausedUntil = now + pause.toNanos();
    }

    private void end(long now) {
        active--;
        lastUsed = now;
    }

    boolean isBlocked(long now) {
        return blocked && blockedUntil - now > 0;
    }

    /** How long it is still blocked. */
    Duration blockedFor(long now) {
        return Duration.ofNanos(Math.max(0, blockedUntil - now));
    }

    String blockedReason() {
        return blockedReason;
    }

    /** Whether nothing would be missed if it was forgotten. */
    boolean isForgettable(long now, Duration age) {
        return waiting.isEmpty() && active == 0 && !isBlocked(now) && now - lastUsed > age.toNanos();
    }

    /** The mail that came last. */
    MailQueueItem takeLast() {
        return waiting.pollLast();
    }

    /** How many mails were dealt with since this was asked last. */
    int finishedSinceLastAsked() {
        int count = finished;
        finished = 0;
        return count;
    }
}
