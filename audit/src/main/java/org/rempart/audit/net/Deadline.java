/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Closes a socket when what is done with it takes too long: for work whose parts have time-outs, and whose whole has none. */
final class Deadline implements AutoCloseable {
    private static final ScheduledExecutorService CLOCK = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "deadlines");
        thread.setDaemon(true);
        return thread;
    });

    private final ScheduledFuture<?> end;

    private Deadline(ScheduledFuture<?> end) {
        this.end = end;
    }

    static Deadline closing(Socket socket, Duration limit) {
        return new Deadline(CLOCK.schedule(
                () -> {
                    try {
                        socket.close();
                    } catch (IOException e) {
                        // It is of no more use either way.
                    }
                },
                limit.toMillis(),
                TimeUnit.MILLISECONDS));
    }

    void met() {
        end.cancel(false);
    }

    @Override
    public void close() {
        end.cancel(false);
    }
}
