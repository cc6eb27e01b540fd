/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the database takes what is written. Who sees it fail says so here; from then on a probe looks for its return, over
 * a connection of its own each time, so that nothing that was left in another connection can deceive it.
 */
final class Availability implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Availability.class);
    private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
    static final Duration LAST_RETRY = Duration.ofSeconds(30);

    private final Probe probe;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread made = new Thread(task, "mail-store-probe");
        made.setDaemon(true);
        return made;
    });
    /** Whether a probe is under way or will be. */
    private final AtomicBoolean probing = new AtomicBoolean();

    private volatile boolean away;
    private volatile long lastFailure = System.nanoTime() - TimeUnit.DAYS.toNanos(1);

    /** Writes something that changes nothing, over a connection of its own. */
    interface Probe {
        void write() throws SQLException;
    }

    Availability(Probe probe) {
        this.probe = probe;
    }

    boolean isAway() {
        return away;
    }

    /** When something could not be written, last; a value of {@link System#nanoTime}. */
    long lastFailure() {
        return lastFailure;
    }

    void noteFailure() {
        lastFailure = System.nanoTime();
    }

    /** @throws MailStoreException when what is written now would fail */
    void refuseIfAway() throws MailStoreException {
        if (away) {
            noteFailure();
            throw new MailStoreException("the database does not answer; it is tried again every "
                    + LAST_RETRY.toSeconds() + " seconds at least");
        }
    }

    /** The database has not answered. */
    void lost(Throwable failure) {
        noteFailure();
        if (!away) {
            LOGGER.error(
                    "The database does not answer; new mail is refused for now, and no mail is handed out: {}",
                    failure.getMessage());
        }
        away = true;
        probeIn(FIRST_RETRY, FIRST_RETRY);
    }

    /** Something could not be written: its own fault, unless the database writes nothing at all. */
    void suspect() {
        noteFailure();
        probeIn(Duration.ZERO, FIRST_RETRY);
    }

    private void probeIn(Duration wait, Duration nextWait) {
        if (!thread.isShutdown() && probing.compareAndSet(false, true)) {
            var unused = thread.schedule(() -> probe(nextWait), wait.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void probe(Duration wait) {
        try {
            probe.write();
            probing.set(false);
            if (away) {
                away = false;
                LOGGER.info("The database answers again");
            }
        } catch (SQLException | RuntimeException | Error failure) {
            LOGGER.debug("The database can't be written to", failure);
            probing.set(false);
            if (!away) {
                lost(failure);
            } else {
                probeIn(wait, longer(wait));
            }
        }
    }

    /** The wait after one that was in vain. */
    static Duration longer(Duration wait) {
        Duration twice = wait.multipliedBy(2);
        return twice.compareTo(LAST_RETRY) < 0 ? twice : LAST_RETRY;
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
