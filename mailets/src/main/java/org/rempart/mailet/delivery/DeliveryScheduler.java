/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.james.queue.api.MailQueue.MailQueueItem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shares threads among destinations. Each destination has a {@link Lane} of waiting mails; lanes that may go on stand in a
 * line, and a thread takes one mail of the first, which then goes to the line's end. So a destination with ten thousand
 * mails has no more of the threads than one with ten, and one that is away has none.
 */
final class DeliveryScheduler {
    private static final Logger LOGGER = LoggerFactory.getLogger(DeliveryScheduler.class);

    private static final Duration TICK = Duration.ofMillis(250);
    private static final Duration BUSY_PAUSE = Duration.ofMillis(200);
    private static final Duration THREAD_REST = Duration.ofSeconds(30);
    private static final Duration LANE_AGE = Duration.ofMinutes(15);
    private static final Duration CROWD_CHECK = Duration.ofSeconds(10);

    private final String name;
    private final DeliverySettings settings;
    private final Worker worker;
    private final Runnable tick;
    private final ScheduledExecutorService clock;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final Condition calm = lock.newCondition();
    private final Map<String, Lane> lanes = new HashMap<>();
    private final Deque<Lane> line = new ArrayDeque<>();
    private final Deque<Runnable> errands = new ArrayDeque<>();
    private final List<Postponed> postponed = new ArrayList<>();
    private ScheduledFuture<?> ticking;
    private int inFlight;
    private int threads;
    private int restingThreads;
    private int threadNumber;
    private boolean stopping;
    private long lastCrowdCheck = System.nanoTime();

    /** How a try ended, for its destination. */
    static final class Verdict {
        private enum Kind {
            TALKED,
            UNREACHABLE,
            UNTRIED,
            BUSY
        }

        /** Somebody was talked to, or nobody had to be. */
        static final Verdict TALKED = new Verdict(Kind.TALKED, "");

        /** Nobody was asked; the mail is off the lane's hands. */
        static final Verdict UNTRIED = new Verdict(Kind.UNTRIED, "");

        /** There are too many connections already; nothing was done. */
        static final Verdict BUSY = new Verdict(Kind.BUSY, "");

        private final Kind kind;
        private final String reason;

        private Verdict(Kind kind, String reason) {
            this.kind = kind;
            this.reason = reason;
        }

        static Verdict unreachable(String reason) {
            return new Verdict(Kind.UNREACHABLE, reason);
        }
    }

    /** What is done with a mail. */
    interface Worker {
        /** Tries to deliver it, and settles what came of it, unless the destination was busy. */
        Verdict deliver(MailQueueItem item);

        /** Whether it may wait for a while without a try. */
        boolean mayBePutOff(MailQueueItem item);

        /** Puts it off without a try. */
        void putOff(MailQueueItem item, String reason, Duration delay);

        /** Puts it back into the queue, without counting a try: others have to get their turn. */
        void makeRoom(MailQueueItem item);

        /** Gives it back, untouched, since delivery stops. */
        void giveBack(MailQueueItem item);

        /** Is told that there is room for so many mails more. */
        void roomFor(int mails);
    }

    /** @param tick called every quarter of a second or so */
    DeliveryScheduler(String name, DeliverySettings settings, Worker worker, Runnable tick) {
        this.name = name;
        this.settings = settings;
        this.worker = worker;
        this.tick = tick;
        this.clock = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "delivery-" + name + "-clock");
            thread.setDaemon(true);
            return thread;
        });
    }

    void start() {
        worker.roomFor(settings.inFlight());
        ticking = clock.scheduleWithFixedDelay(this::onTick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Takes over a mail. */
    void submit(String destination, MailQueueItem item) {
        lock.lock();
        try {
            inFlight++;
            if (!stopping) {
                long now = System.nanoTime();
                Lane lane =
                        lanes.computeIfAbsent(destination, key -> new Lane(key, settings.connectionsPerDestination()));
                lane.add(item, now);
                lineUp(lane, now);
                return;
            }
        } finally {
            lock.unlock();
        }
        worker.giveBack(item);
        finished();
    }

    /** Has something done by one of the threads, after a while. What is due when delivery stops is done before it ends. */
    void later(Runnable errand, Duration delay) {
        lock.lock();
        try {
            if (delay.isZero()) {
                errands.add(errand);
                wake();
            } else {
                postponed.add(new Postponed(errand, System.nanoTime() + delay.toNanos()));
            }
        } finally {
            lock.unlock();
        }
    }

    private static final class Postponed {
        private final Runnable errand;
        private final long due;

        Postponed(Runnable errand, long due) {
            this.errand = errand;
            this.due = due;
        }
    }

    /** A mail is off the hands of this delivery. */
    void finished() {
        boolean room;
        lock.lock();
        try {
            inFlight--;
            room = !stopping;
            calm.signalAll();
        } finally {
            lock.unlock();
        }
        if (room) {
            worker.roomFor(1);
        }
    }

    int inFlight() {
        lock.lock();
        try {
            return inFlight;
        } finally {
            lock.unlock();
        }
    }

    // Under the lock

    private void lineUp(Lane lane, long now) {
        if (!lane.isQueued() && lane.isReady(now)) {
            lane.queued(true);
            line.addLast(lane);
            wake();
        }
    }

    private void wake() {
        if (restingThreads > 0) {
            work.signal();
        } else if (threads < settings.threads()) {
            threads++;
            Thread thread = new Thread(this::run, "delivery-" + name + "-" + ++threadNumber);
            thread.setDaemon(true);
            thread.start();
        }
    }

    /** Of two threads that were called, the first may have taken both calls. */
    private void wakeForTheRest() {
        if (!line.isEmpty() || !errands.isEmpty()) {
            wake();
        }
    }

    // The threads

    private void run() {
        try {
            while (true) {
                Task task = next();
                if (task == null) {
                    return;
                }
                try {
                    task.run();
                } catch (RuntimeException | Error unexpected) {
                    LOGGER.error("A thread of the delivery {} failed", name, unexpected);
                }
            }
        } finally {
            lock.lock();
            try {
                threads--;
                calm.signalAll();
                if (!line.isEmpty()) {
                    wake();
                }
            } finally {
                lock.unlock();
            }
        }
    }

    @FunctionalInterface
    private interface Task {
        void run();
    }

    /** What is to be done next; null when there was nothing for a while. */
    private Task next() {
        lock.lock();
        try {
            long left = THREAD_REST.toNanos();
            while (true) {
                if (!errands.isEmpty()) {
                    Runnable errand = errands.poll();
                    wakeForTheRest();
                    return errand::run;
                }
                long now = System.nanoTime();
                Lane lane = line.pollFirst();
                if (lane != null) {
                    lane.queued(false);
                    if (!lane.isReady(now)) {
                        continue;
                    }
                    MailQueueItem item = lane.begin(now);
                    lineUp(lane, now);
                    wakeForTheRest();
                    return () -> process(lane, item);
                }
                if (left <= 0 || stopping) {
                    return null;
                }
                restingThreads++;
                try {
                    left = work.awaitNanos(left);
                } catch (InterruptedException nobodyDoesThat) {
                    return null;
                } finally {
                    restingThreads--;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void process(Lane lane, MailQueueItem item) {
        String blockedReason = null;
        Duration block = Duration.ZERO;
        boolean giveBack;
        lock.lock();
        try {
            giveBack = stopping;
            long now = System.nanoTime();
            if (lane.isBlocked(now)) {
                blockedReason = lane.blockedReason();
                block = lane.blockedFor(now);
            }
        } finally {
            lock.unlock();
        }
        Verdict verdict = null;
        boolean handled = false;
        try {
            if (giveBack) {
                worker.giveBack(item);
                finished();
            } else if (blockedReason != null && worker.mayBePutOff(item)) {
                worker.putOff(item, blockedReason, block);
            } else {
                verdict = worker.deliver(item);
            }
            handled = true;
        } catch (RuntimeException | Error unexpected) {
            LOGGER.error("A thread of the delivery {} failed; the mail is given back to its queue", name, unexpected);
        } finally {
            if (!handled) {
                worker.giveBack(item);
                finished();
            }
            note(lane, item, verdict);
        }
    }

    private void note(Lane lane, MailQueueItem item, Verdict verdict) {
        lock.lock();
        try {
            long now = System.nanoTime();
            if (verdict == null || verdict.kind == Verdict.Kind.UNTRIED) {
                lane.passed(now);
            } else if (verdict.kind == Verdict.Kind.TALKED) {
                lane.succeeded(now);
            } else if (verdict.kind == Verdict.Kind.UNREACHABLE) {
                lane.failed(verdict.reason, now);
            } else {
                lane.postponed(item, BUSY_PAUSE, now);
            }
            lineUp(lane, now);
        } finally {
            lock.unlock();
        }
    }

    // The clock

    private void onTick() {
        try {
            tick.run();
            List<MailQueueItem> crowd;
            lock.lock();
            try {
                long now = System.nanoTime();
                runDue(now);
                lanes.values().forEach(lane -> lineUp(lane, now));
                lanes.values().removeIf(lane -> !lane.isQueued() && lane.isForgettable(now, LANE_AGE));
                crowd = crowd(now);
            } finally {
                lock.unlock();
            }
            for (MailQueueItem item : crowd) {
                later(() -> worker.makeRoom(item), Duration.ZERO);
            }
        } catch (RuntimeException | Error unexpected) {
            LOGGER.error("The clock of the delivery {} failed", name, unexpected);
        }
    }

    private void runDue(long now) {
        for (Iterator<Postponed> all = postponed.iterator(); all.hasNext(); ) {
            Postponed next = all.next();
            if (now - next.due >= 0) {
                all.remove();
                errands.add(next.errand);
                wake();
            }
        }
    }

    /**
     * When no more mail can be taken from the queue, and one destination has so many of those taken that they will need more
     * than a minute, those beyond a quarter of all give way to what waits behind them.
     */
    private List<MailQueueItem> crowd(long now) {
        List<MailQueueItem> crowd = new ArrayList<>();
        if (now - lastCrowdCheck < CROWD_CHECK.toNanos()) {
            return crowd;
        }
        lastCrowdCheck = now;
        Map<Lane, Integer> finished = new HashMap<>();
        lanes.values().forEach(lane -> finished.put(lane, lane.finishedSinceLastAsked()));
        Lane largest = lanes.values().stream()
                .max(Comparator.comparingInt(Lane::waiting))
                .orElse(null);
        int share = settings.inFlight() / 4;
        if (inFlight < settings.inFlight() || largest == null || largest.waiting() <= share || stopping) {
            return crowd;
        }
        if (finished.get(largest) * 6L >= largest.waiting()) {
            return crowd;
        }
        LOGGER.info(
                "{} mails wait for {}, which takes {} in {} s: the last of them give way to others",
                largest.waiting(),
                largest.name(),
                finished.get(largest),
                CROWD_CHECK.toSeconds());
        while (largest.waiting() > share) {
            crowd.add(largest.takeLast());
        }
        return crowd;
    }

    /**
     * Stops: what waits is given back, what is being delivered has some time to end.
     *
     * @param patience how long
     * @return whether all has ended
     */
    boolean stop(Duration patience) {
        List<MailQueueItem> untouched = new ArrayList<>();
        lock.lock();
        try {
            stopping = true;
            for (Lane lane : lanes.values()) {
                while (lane.waiting() > 0) {
                    untouched.add(lane.takeLast());
                }
            }
            line.clear();
            work.signalAll();
        } finally {
            lock.unlock();
        }
        for (MailQueueItem item : untouched) {
            worker.giveBack(item);
            finished();
        }
        lock.lock();
        try {
            long left = patience.toNanos();
            while (inFlight > 0 && left > 0) {
                left = calm.awaitNanos(left);
            }
            return inFlight == 0;
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
            ticking.cancel(false);
            clock.shutdown();
        }
    }
}
