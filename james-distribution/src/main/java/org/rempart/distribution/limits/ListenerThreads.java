/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.limits;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads in which a protocol's listeners read and write their connections, and what is being worked on for their clients.
 * James ends one listener after the other, each as Netty does by default: its connections are closed at once, and then its
 * threads wait for two seconds without work, of which there is none any more. With five listeners that is longer than the ten
 * seconds that container engines leave a server until they kill it.
 */
public final class ListenerThreads {
    /** So long the handlers, which have threads of their own, may be silent until they have taken leave of a connection. */
    private static final int SILENCE_MILLIS = 250;

    /** Netty's own. */
    private static final int LONGEST_MILLIS = 15_000;

    private static final Duration LONGEST_WORK = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofMillis(10);

    private final AtomicInteger works = new AtomicInteger();
    private volatile boolean ending;

    // Guarded by this.
    private final List<EventLoopGroup> groups = new ArrayList<>();

    /** Remembers a listener, to end its threads with those of the others. */
    public synchronized void add(ServerBootstrap listener) {
        groups.add(listener.config().group());
        groups.add(listener.config().childGroup());
    }

    /**
     * Asks whether something that a client has sent may still be worked on; if so, {@link #finish} has to follow.
     *
     * @return false when the listeners end
     */
    public boolean begin() {
        works.incrementAndGet();
        if (ending) {
            works.decrementAndGet();
            return false;
        }
        return true;
    }

    /** Says that the work is done, and its answer on its way. */
    public void finish() {
        works.decrementAndGet();
    }

    /**
     * Waits for what is being worked on, five seconds at most: the client of a message that was stored and not answered
     * sends it again. Then closes all connections, has the threads end when there is nothing left to do, and waits for it.
     */
    public synchronized void end() {
        ending = true;
        long deadline = System.nanoTime() + LONGEST_WORK.toNanos();
        while (works.get() > 0 && System.nanoTime() < deadline) {
            LockSupport.parkNanos(LOOK.toNanos());
        }
        List<Future<?>> ends = new ArrayList<>();
        for (EventLoopGroup group : groups) {
            ends.add(group.shutdownGracefully(SILENCE_MILLIS, LONGEST_MILLIS, TimeUnit.MILLISECONDS));
        }
        for (Future<?> end : ends) {
            end.awaitUninterruptibly(LONGEST_MILLIS);
        }
        groups.clear();
    }
}
