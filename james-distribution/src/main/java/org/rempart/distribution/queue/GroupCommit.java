/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that writes what all threads ask for: whatever has come together while the last commit went to the disk goes
 * into the next one. A change that fails alone fails alone. While the database is away, all fail at once.
 */
final class GroupCommit implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(GroupCommit.class);

    private static final int CHANGES_A_COMMIT = 256;
    private static final int PENDING = 10_000;
    private static final Duration CLOSING = Duration.ofSeconds(10);
    private static final long IDLE_BEFORE_CHECK = TimeUnit.SECONDS.toNanos(20);
    private static final int SECONDS_TO_CHECK = 5;

    private final DataSource database;
    private final Availability availability;
    private final Thread thread = new Thread(this::run, "mail-store-commit");
    private final BlockingQueue<Change> pending = new LinkedBlockingQueue<>();
    private volatile boolean closing;

    // Only the thread uses what follows.
    private Connection connection;
    private long lastUse;
    /** Whether the transaction's commit was asked for, so that a failure leaves it unknown whether it happened. */
    private boolean committing;

    GroupCommit(DataSource database, Availability availability) {
        this.database = database;
        this.availability = availability;
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** What is written. */
    abstract static class Change {
        /** Rows changed; completes when this is committed or has failed. */
        private final CompletableFuture<Long> outcome = new CompletableFuture<>();

        /** What has to be on the disk first. */
        void beforeAll() throws IOException {}

        /** Writes it; part of a transaction. Its statements are of few shapes, for the pool keeps them. */
        abstract long apply(Connection connection) throws SQLException;

        /** Runs after the commit, before the next change of the writing thread. */
        void committed(long rows) {}

        /**
         * Runs when it has failed.
         *
         * @param unknown whether it may have been committed all the same
         */
        void failed(boolean unknown) {}
    }

    /** Ends the wait of the writing thread at its end. */
    private static final class End extends Change {
        @Override
        long apply(Connection connection) {
            return 0;
        }
    }

    /**
     * Writes something and waits for it.
     *
     * @return rows changed
     * @throws MailStoreException when it is not written, or when that is unknown
     */
    long write(Change change) throws MailStoreException {
        try {
            submit(change);
        } catch (MailStoreException refused) {
            change.failed(false);
            throw refused;
        }
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return change.outcome.get();
                } catch (InterruptedException stop) {
                    // The change can't be taken back, so its outcome is waited for.
                    interrupted = true;
                } catch (ExecutionException failure) {
                    throw new MailStoreException(failure.getCause().getMessage(), failure.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void submit(Change change) throws MailStoreException {
        availability.refuseIfAway();
        if (pending.size() >= PENDING) {
            availability.noteFailure();
            throw new MailStoreException("the database is too slow: " + PENDING + " changes wait for it");
        }
        // The same lock as at the end, so that nothing is left behind in the queue.
        synchronized (pending) {
            if (closing || !thread.isAlive()) {
                throw new MailStoreException("the server is stopping");
            }
            pending.add(change);
        }
    }

    /**
     * Writes something at once, by itself, over a connection of its own.
     *
     * @throws SQLException when it is not written, or when that is unknown
     */
    void writeApart(Change change) throws SQLException {
        long rows;
        try (Connection own = database.getConnection()) {
            own.setAutoCommit(false);
            try {
                rows = change.apply(own);
                own.commit();
            } catch (SQLException | RuntimeException failure) {
                rollBackQuietly(own);
                throw failure;
            }
        }
        change.committed(rows);
    }

    private void run() {
        boolean ended = false;
        while (!ended) {
            List<Change> batch = new ArrayList<>();
            try {
                batch.add(pending.take());
                pending.drainTo(batch, CHANGES_A_COMMIT - 1);
                ended = batch.removeIf(End.class::isInstance);
                writeAll(batch);
            } catch (InterruptedException nobodyDoesThat) {
                LOGGER.debug("Interrupted", nobodyDoesThat);
            } catch (RuntimeException | Error failure) {
                // Out of memory, for instance: nothing that a thread is waiting for may be forgotten.
                LOGGER.error("The database could not be written to", failure);
                closeConnection();
                batch.forEach(change -> fail(change, failure, true));
            }
        }
        closeConnection();
        MailStoreException stopped = new MailStoreException("the server is stopping");
        pending.forEach(change -> fail(change, stopped, false));
    }

    private void writeAll(List<Change> batch) {
        List<Change> ready = new ArrayList<>();
        for (Change change : batch) {
            try {
                availability.refuseIfAway();
                change.beforeAll();
                ready.add(change);
            } catch (IOException | MailStoreException failure) {
                availability.noteFailure();
                fail(change, failure, false);
            }
        }
        if (ready.isEmpty() || writeTogether(ready) || ready.size() == 1) {
            return;
        }
        for (int at = 0; at < ready.size(); at++) {
            if (availability.isAway()) {
                Throwable gone = new MailStoreException("the database does not answer");
                ready.subList(at, ready.size()).forEach(change -> fail(change, gone, false));
                return;
            }
            writeTogether(ready.subList(at, at + 1));
        }
    }

    /** @return false when a transaction of several changes failed over a connection that works: each is to be tried alone */
    private boolean writeTogether(List<Change> changes) {
        committing = false;
        try {
            write(changes);
            return true;
        } catch (SQLException | RuntimeException failure) {
            if (!isConnected()) {
                availability.lost(failure);
                changes.forEach(change -> fail(change, failure, committing));
                return true;
            }
            if (changes.size() > 1) {
                LOGGER.debug("A commit of {} changes failed; they are written one by one", changes.size(), failure);
                return false;
            }
            availability.suspect();
            fail(changes.get(0), failure, false);
            return true;
        }
    }

    /** Writes in one transaction. */
    private void write(List<Change> changes) throws SQLException {
        connect();
        long[] rows = new long[changes.size()];
        for (int at = 0; at < rows.length; at++) {
            rows[at] = changes.get(at).apply(connection);
        }
        committing = true;
        connection.commit();
        lastUse = System.nanoTime();
        for (int at = 0; at < rows.length; at++) {
            Change change = changes.get(at);
            try {
                change.committed(rows[at]);
            } catch (RuntimeException | Error failure) {
                // It is committed, whatever follows.
                LOGGER.error("What follows a commit has failed", failure);
            }
            change.outcome.complete(rows[at]);
        }
    }

    private static void fail(Change change, Throwable failure, boolean unknown) {
        if (change.outcome.isDone()) {
            return;
        }
        try {
            change.failed(unknown);
        } finally {
            change.outcome.completeExceptionally(failure);
        }
    }

    private void connect() throws SQLException {
        if (connection != null
                && System.nanoTime() - lastUse > IDLE_BEFORE_CHECK
                && !connection.isValid(SECONDS_TO_CHECK)) {
            closeConnection();
        }
        if (connection == null) {
            connection = database.getConnection();
            connection.setAutoCommit(false);
        }
    }

    /** Whether the connection has survived a failure; it is given up otherwise. */
    private boolean isConnected() {
        if (connection == null) {
            return false;
        }
        try {
            connection.rollback();
            if (connection.isValid(SECONDS_TO_CHECK)) {
                // The check may have begun a transaction.
                connection.rollback();
                return true;
            }
        } catch (SQLException gone) {
            LOGGER.debug("The connection is gone", gone);
        }
        closeConnection();
        return false;
    }

    private void closeConnection() {
        if (connection == null) {
            return;
        }
        rollBackQuietly(connection);
        try {
            connection.close();
        } catch (SQLException gone) {
            LOGGER.debug("Already closed", gone);
        }
        connection = null;
    }

    private static void rollBackQuietly(Connection connection) {
        try {
            connection.rollback();
        } catch (SQLException gone) {
            LOGGER.debug("Nothing to roll back", gone);
        }
    }

    /** Writes what is pending, and ends. */
    @Override
    public void close() {
        synchronized (pending) {
            if (!closing) {
                closing = true;
                pending.add(new End());
            }
        }
        try {
            thread.join(CLOSING.toMillis());
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
