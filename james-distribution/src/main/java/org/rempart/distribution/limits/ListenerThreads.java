/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.limits;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The threads in which a protocol's listeners read and write their connections. James ends one listener after the other, each as
 * Netty does by default: its connections are closed at once, and then its threads wait for two seconds without work, of which
 * there is none any more. That is longer than the ten seconds that container engines leave a server until they kill it.
 */
public final class ListenerThreads {
    /** So long the handlers, which have threads of their own, may be silent until they have taken leave of a connection. */
    private static final int SILENCE_MILLIS = 250;

    /** Netty's own. */
    private static final int LONGEST_MILLIS = 15_000;

    // Guarded by this.
    private final List<EventLoopGroup> groups = new ArrayList<>();

    /** Remembers a listener, to end its threads with those of the others. */
    public synchronized void add(ServerBootstrap listener) {
        groups.add(listener.config().group());
        groups.add(listener.config().childGroup());
    }

    /** Closes all connections, has the threads end when there is nothing left to do, and waits for it. */
    public synchronized void end() {
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
