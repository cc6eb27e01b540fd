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
 * The threads in which a listener's connections are read and written. James ends them as Netty does by default: all
 * connections are closed at once, and then the threads wait two seconds for work that nobody has for them any more. With
 * several listeners that is most of what a stop takes, and container engines kill who takes ten seconds.
 */
public final class ListenerThreads {
    /** Netty's own. */
    private static final int LONGEST_SECONDS = 15;

    // Guarded by this.
    private final List<EventLoopGroup> groups = new ArrayList<>();

    /** Remembers whose threads are ended. */
    public synchronized void of(ServerBootstrap listener) {
        groups.add(listener.config().group());
        groups.add(listener.config().childGroup());
    }

    /** Has them end as soon as they have done what there is to do, and waits for it. */
    public synchronized void end() {
        List<Future<?>> ends = new ArrayList<>();
        for (EventLoopGroup group : groups) {
            ends.add(group.shutdownGracefully(0, LONGEST_SECONDS, TimeUnit.SECONDS));
        }
        for (Future<?> end : ends) {
            end.awaitUninterruptibly(LONGEST_SECONDS, TimeUnit.SECONDS);
        }
        groups.clear();
    }
}
