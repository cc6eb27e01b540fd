/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.apache.james.imap.api.process.ImapSession;
import reactor.core.publisher.Mono;

/**
 * What is written to a client: in the order in which it was said, and all by the thread of the connection.
 *
 * <p>James writes in the thread that has something to say. What any other thread writes waits for the connection's own,
 * which overtakes it when it writes for itself: the answer to DONE then comes before what was told while the client idled,
 * and that stands in the middle of the next command's answers.
 */
final class Outbox {
    private static final String ATTRIBUTE = "org.rempart.imap.outbox";

    private static final int AT_ONCE = 100;

    private final Executor connection;
    private final Queue<Runnable> writes = new ArrayDeque<>();
    private boolean busy;
    // Of the connection's thread alone.
    private Throwable fault;

    private Outbox(Executor connection) {
        this.connection = connection;
    }

    /**
     * Has all that a session writes written by one thread.
     *
     * @param connection runs what it is given in its thread, one after the other
     */
    static void introduce(ImapSession session, Executor connection) {
        session.setAttribute(ATTRIBUTE, new Outbox(connection));
    }

    /** The session's; of one that has no connection, where all is written at once. */
    static Outbox of(ImapSession session) {
        if (session.getAttribute(ATTRIBUTE) == null) {
            introduce(session, Runnable::run);
        }
        return (Outbox) session.getAttribute(ATTRIBUTE);
    }

    /** Has it written after all that is in here. */
    void add(Runnable write) {
        synchronized (writes) {
            writes.add(write);
            if (busy) {
                return;
            }
            busy = true;
        }
        run();
    }

    /** Ends when all that is in here now has been written, in the thread of the connection; fails if that failed. */
    Mono<Void> written() {
        return Mono.defer(() -> {
            CompletableFuture<Void> written = new CompletableFuture<>();
            add(() -> {
                Throwable failed = fault;
                fault = null;
                if (failed == null) {
                    written.complete(null);
                } else {
                    written.completeExceptionally(failed);
                }
            });
            return Mono.fromFuture(written);
        });
    }

    private void write() {
        for (int i = 0; i < AT_ONCE; i++) {
            Runnable next;
            synchronized (writes) {
                next = writes.poll();
                if (next == null) {
                    busy = false;
                    return;
                }
            }
            try {
                next.run();
            } catch (RuntimeException | StackOverflowError failed) {
                fault = failed;
            }
        }
        // Other connections have the same thread.
        run();
    }

    private void run() {
        try {
            connection.execute(this::write);
        } catch (RejectedExecutionException stopped) {
            // The server stops: nobody reads it, but who waits for it must not.
            write();
        }
    }
}
