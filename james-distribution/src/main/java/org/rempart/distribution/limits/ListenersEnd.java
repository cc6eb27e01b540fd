/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.limits;

import java.util.List;
import org.apache.james.protocols.lib.netty.AbstractConfigurableAsyncServer;

/**
 * The end of a protocol's listeners. James ends one after the other; where one has work left, that is longer than the ten
 * seconds that container engines leave a server until they kill it. See also {@link ListenerThreads}.
 */
public final class ListenersEnd {
    private ListenersEnd() {}

    /** Ends all at the same time, and returns when they have ended. */
    public static void of(List<AbstractConfigurableAsyncServer> listeners) {
        List<Thread> ends = listeners.stream()
                .map(listener -> new Thread(listener::destroy, "end of a listener"))
                .toList();
        ends.forEach(Thread::start);
        boolean interrupted = false;
        for (Thread end : ends) {
            while (end.isAlive()) {
                try {
                    end.join();
                } catch (InterruptedException hurry) {
                    // What is on its way to the disk gets there all the same.
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
