/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.rempart.distribution.queue.GroupCommit.Change;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has become of mail, and could not be written: the mail is left alone until it is. Each is tried again by itself, ever
 * less often, over a connection of its own, so that one that fails for ever keeps nothing else waiting. There are never
 * more of them than mails in flight.
 */
final class Unsettled implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Unsettled.class);
    private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
    private static final Duration CLOSING = Duration.ofSeconds(10);

    private final GroupCommit commits;
    private final Availability availability;
    private final Set<Change> open = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread made = new Thread(task, "mail-store-settle");
        made.setDaemon(true);
        return made;
    });

    Unsettled(GroupCommit commits, Availability availability) {
        this.commits = commits;
        this.availability = availability;
    }

    /** Writes it as soon as it can be written. */
    void add(Change change, Throwable failure) {
        open.add(change);
        if (!availability.isAway()) {
            LOGGER.error(
                    "What has become of a processed mail can't be written; that mail is left alone, and it is tried again"
                            + " every {} seconds at least",
                    Availability.LAST_RETRY.toSeconds(),
                    failure);
        }
        tryIn(change, FIRST_RETRY);
    }

    private void tryIn(Change change, Duration wait) {
        if (!thread.isShutdown()) {
            var unused = thread.schedule(() -> tryAgain(change, wait), wait.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void tryAgain(Change change, Duration wait) {
        if (availability.isAway()) {
            tryIn(change, wait);
            return;
        }
        try {
            commits.writeApart(change);
            open.remove(change);
        } catch (SQLException | RuntimeException | Error failure) {
            LOGGER.debug("What has become of a mail can't be written yet", failure);
            availability.suspect();
            tryIn(change, Availability.longer(wait));
        }
    }

    /** Tries all once more, and ends. */
    @Override
    public void close() {
        thread.shutdownNow();
        try {
            thread.awaitTermination(CLOSING.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
        int left = 0;
        for (Change change : open) {
            try {
                if (availability.isAway()) {
                    left++;
                } else {
                    commits.writeApart(change);
                }
            } catch (SQLException | RuntimeException failure) {
                left++;
            }
        }
        if (left > 0) {
            LOGGER.warn("What has become of {} processed mails could not be written; they are processed again", left);
        }
    }
}
