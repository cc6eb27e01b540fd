/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/**
 * What a run may take of the server: time, connections (in all and at once), wrong logins, bytes of a reply. Once the server
 * holds the client off, it allows nothing more. Used by several threads.
 */
public final class Budget {
    /** The most that a reply, or what is read without an end, may have. */
    public static final int REPLY_BYTES = 64 * 1024;

    private static final int WRONG_LOGINS = 2;
    private static final int CROWDED = 6;
    private static final long ROOM_MILLIS = 200;

    /** How many connections there may be at the same time; it can become fewer. */
    private static final class Room extends Semaphore {
        private static final long serialVersionUID = 1;

        private int size;

        Room(int size) {
            super(size, true);
            this.size = size;
        }

        synchronized void halve() {
            if (size > 1) {
                reducePermits(size - size / 2);
                size /= 2;
            }
        }
    }

    private final LongSupplier clock;
    private final long start;
    private final Duration time;
    private final Duration patience;
    private final int connections;
    private final Optional<InetAddress> from;
    private final Room atOnce;
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger wrongLogins = new AtomicInteger();
    private final AtomicReference<String> heldOff = new AtomicReference<>();

    /**
     * A budget; its time begins now.
     *
     * @param time for the whole run
     * @param patience for one reply, and one connection's making
     * @param connections in all
     * @param atOnce connections at the same time
     * @param from the address of this machine to connect from; empty lets the system choose
     * @param clock nanoseconds, as {@link System#nanoTime}
     */
    public Budget(
            Duration time,
            Duration patience,
            int connections,
            int atOnce,
            Optional<InetAddress> from,
            LongSupplier clock) {
        this.time = time;
        this.patience = patience;
        this.connections = connections;
        this.atOnce = new Room(atOnce);
        this.from = from;
        this.clock = clock;
        this.start = clock.getAsLong();
    }

    /**
     * Takes a connection, waiting while too many are open. Each needs a {@link #closed()}.
     *
     * @throws RateLimitedException if the server holds us off
     * @throws BudgetSpentException if nothing is left
     */
    void open() throws IOException {
        check();
        try {
            if (!atOnce.tryAcquire(Math.max(1, leftNanos()), TimeUnit.NANOSECONDS)) {
                throw spent();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BudgetSpentException("interrupted");
        }
        if (opened.incrementAndGet() > connections) {
            atOnce.release();
            throw new BudgetSpentException(
                    "the run's " + connections + " connections are used up (--connections allows more)");
        }
    }

    void closed() {
        atOnce.release();
    }

    /** The time by which a reply that is asked for now has to be there: a value of the clock. */
    long replyBy() throws IOException {
        check();
        return clock.getAsLong() + Math.min(patience.toNanos(), leftNanos());
    }

    /** The time by which something has to be there that is waited for no longer than {@code atMost}. */
    long by(Duration atMost) throws IOException {
        check();
        return clock.getAsLong() + Math.min(atMost.toNanos(), leftNanos());
    }

    long now() {
        return clock.getAsLong();
    }

    /** Milliseconds until a time of this clock, at least 1 so that it serves as a socket's time-out; 0 when it is over. */
    int millisUntil(long end) {
        long left = end - clock.getAsLong();
        return left <= 0 ? 0 : (int) Math.min(Integer.MAX_VALUE, Math.max(1, left / 1_000_000));
    }

    /** Whether one more login that is bound to fail may be tried, and counts it. Two a run: more look like an attack. */
    public boolean wrongLogin() {
        return wrongLogins.incrementAndGet() <= WRONG_LOGINS;
    }

    /**
     * Comes back to a server that has too many connections, with fewer at the same time, and after a while.
     *
     * @param times how often it has said so to this attempt
     * @throws RateLimitedException if it has said so too often
     */
    void crowded(int times, String answer) throws IOException {
        check();
        if (times >= CROWDED) {
            throw heldOff(answer);
        }
        atOnce.halve();
        try {
            Thread.sleep(Math.min(ROOM_MILLIS << times, Math.max(1, leftNanos() / 1_000_000)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BudgetSpentException("interrupted");
        }
    }

    /** Notes that the server holds this client off: no connection is made after that. */
    public RateLimitedException heldOff(String answer) {
        heldOff.compareAndSet(null, answer);
        return new RateLimitedException("the server holds this client off: " + answer);
    }

    /** What the server said when it began to hold us off, if it has. */
    public Optional<String> heldOff() {
        return Optional.ofNullable(heldOff.get());
    }

    /** Connections so far. */
    public int opened() {
        return Math.min(opened.get(), connections);
    }

    public Duration elapsed() {
        return Duration.ofNanos(clock.getAsLong() - start);
    }

    public Duration time() {
        return time;
    }

    public Duration patience() {
        return patience;
    }

    public int connections() {
        return connections;
    }

    /** The address of this machine that was asked for; empty if the system chooses. */
    public Optional<InetAddress> from() {
        return from;
    }

    /** Whether this run's time or connections are used up. */
    public boolean isSpent() {
        return leftNanos() <= 0 || opened.get() >= connections;
    }

    private long leftNanos() {
        return time.toNanos() - (clock.getAsLong() - start);
    }

    private void check() throws IOException {
        String answer = heldOff.get();
        if (answer != null) {
            throw new RateLimitedException("the server holds this client off: " + answer);
        }
        if (leftNanos() <= 0) {
            throw spent();
        }
    }

    private BudgetSpentException spent() {
        return new BudgetSpentException("the run's " + time.toSeconds() + " seconds are used up (--time allows more)");
    }
}
