/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that writes what all threads ask for: whatever has come together while the last commit went to the disk goes
 * into the next one. A change that fails alone fails alone.
 *
 * <p>While the database is away, changes that may fail do so at once. Those that must not, because what they record has
 * happened, wait here until it is back; there are never more of them than mails in flight.
 *
 * <p>One of the latter that fails though the database works, as another write shows, is tried again by itself, ever less
 * often, and keeps nothing else from being written: its mail alone is not touched until then, or until the next start. A
 * database that answers and writes nothing counts as away.
 */
final class GroupCommit implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(GroupCommit.class);

    private static final int CHANGES_A_COMMIT = 256;
    private static final int PENDING = 10_000;
    private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
    private static final Duration LAST_RETRY = Duration.ofSeconds(30);
    private static final Duration CLOSING = Duration.ofSeconds(10);
    private static final long IDLE_BEFORE_CHECK = TimeUnit.SECONDS.toNanos(20);
    private static final int SECONDS_TO_CHECK = 5;

    private final DataSource database;
    private final String probe;
    private final Thread thread = new Thread(this::run, "mail-store-commit");
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Change> pending = new ArrayDeque<>();
    /** Changes that must happen and could not yet; only the thread uses it. */
    private final List<Change> owed = new ArrayList<>();
    /** Changes that must happen and fail while others do not; only the thread uses it. */
    private final List<Change> stuck = new ArrayList<>();

    private final Map<String, PreparedStatement> statements = new HashMap<>();
    private Connection connection;
    private long lastUse;
    private volatile boolean away;
    private volatile boolean closing;
    private volatile long lastFailure = System.nanoTime() - TimeUnit.DAYS.toNanos(1);

    /** @param probe an update that changes nothing, and succeeds if the database can write at all */
    GroupCommit(DataSource database, String probe) {
        this.database = database;
        this.probe = probe;
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** What is written. */
    abstract static class Change {
        /** Rows changed; completes when this is committed, has failed, or has to wait for the database. */
        private final CompletableFuture<Long> outcome = new CompletableFuture<>();

        private final boolean owed;
        private boolean told;
        /** How long it waits for its next try since it is stuck, and when that is by {@link System#nanoTime}. */
        private Duration wait = FIRST_RETRY;

        private long nextTry;

        /** @param owed whether this must happen, however long it takes */
        Change(boolean owed) {
            this.owed = owed;
        }

        /** What has to be on the disk first. */
        void beforeAll() throws java.io.IOException {}

        /** Writes it; part of a transaction. */
        abstract long apply(Statements use) throws SQLException;

        /** Runs in the writing thread after the commit and before the next change. */
        void committed(long rows) {}

        /** What undoes it, when nobody knows whether it was committed before the database went away; null for nothing. */
        Change undoing() {
            return null;
        }

        /** Runs when it has failed for good and was not committed. */
        void failed() {}
    }

    /** Prepared statements of the connection. */
    interface Statements {
        PreparedStatement of(String sql) throws SQLException;
    }

    /** Whether the database did not answer, or could write nothing, at the last try. */
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

    /**
     * Writes something and waits for it.
     *
     * @return rows changed; 0 also when it is owed and will be written once the database is back
     * @throws MailStoreException when it is not written and not owed
     */
    long write(Change change) throws MailStoreException {
        try {
            submit(change);
        } catch (MailStoreException refused) {
            change.failed();
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

    /** @throws MailStoreException when what may fail would fail now */
    void refuseIfAway() throws MailStoreException {
        if (away) {
            noteFailure();
            throw new MailStoreException("the database does not answer; it is tried again every "
                    + LAST_RETRY.toSeconds() + " seconds at least");
        }
    }

    private void submit(Change change) throws MailStoreException {
        lock.lock();
        try {
            if ((closing && !change.owed) || !thread.isAlive()) {
                throw new MailStoreException("the server is stopping");
            }
            if (!change.owed) {
                refuseIfAway();
            }
            if (!change.owed && pending.size() >= PENDING) {
                noteFailure();
                throw new MailStoreException("the database is too slow: " + PENDING + " changes wait for it");
            }
            if (change.owed && away) {
                change.outcome.complete(0L);
            }
            pending.add(change);
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        Duration retry = FIRST_RETRY;
        while (true) {
            List<Change> batch = next(owed.isEmpty() && !away ? untilNextTry() : retry);
            if (batch.isEmpty() && closing) {
                break;
            }
            batch.addAll(0, owed);
            owed.clear();
            try {
                if (!batch.isEmpty()) {
                    writeAll(batch);
                } else if (away) {
                    probe();
                }
                if (!away) {
                    tryStuck();
                }
            } catch (RuntimeException | Error failure) {
                // Out of memory, for instance: nothing that a thread is waiting for may be forgotten.
                LOGGER.error("The database could not be written to", failure);
                closeConnection();
                batch.forEach(change -> postponeOrFail(change, failure));
            }
            retry = owed.isEmpty() && !away ? FIRST_RETRY : min(retry.multipliedBy(2), LAST_RETRY);
        }
        owed.addAll(stuck);
        if (!owed.isEmpty()) {
            LOGGER.warn(
                    "What has become of {} processed mails could not be written; they are processed again",
                    owed.size());
        }
        closeConnection();
        lock.lock();
        try {
            MailStoreException stopped = new MailStoreException("the server is stopping");
            pending.forEach(change -> change.outcome.completeExceptionally(stopped));
            pending.clear();
        } finally {
            lock.unlock();
        }
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    /**
     * What comes next, waiting for it; empty at the end, and when it is time to try again.
     *
     * @param patience null to wait for ever
     */
    private List<Change> next(Duration patience) {
        lock.lock();
        try {
            long left = patience == null ? 0 : patience.toNanos();
            // With changes owed it is their time that counts, else every new change would be a try.
            while (!closing && (patience == null ? pending.isEmpty() : left > 0)) {
                if (patience == null) {
                    changed.awaitUninterruptibly();
                } else {
                    left = Waiting.awaitNanos(changed, left);
                    if (!away && !pending.isEmpty()) {
                        break;
                    }
                }
            }
            List<Change> batch = new ArrayList<>();
            while (!pending.isEmpty() && batch.size() < CHANGES_A_COMMIT) {
                batch.add(pending.poll());
            }
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private void writeAll(List<Change> batch) {
        List<Change> ready = new ArrayList<>();
        for (Change change : batch) {
            try {
                change.beforeAll();
                ready.add(change);
            } catch (java.io.IOException failure) {
                postponeOrFail(change, failure);
            }
        }
        if (ready.isEmpty()) {
            return;
        }
        boolean[] committing = new boolean[1];
        try {
            write(ready, committing);
            return;
        } catch (SQLException | RuntimeException failure) {
            if (!isConnected()) {
                databaseWentAway(ready, failure, committing[0]);
                return;
            }
            if (ready.size() == 1) {
                failedAlone(ready.get(0), failure);
                return;
            }
            LOGGER.debug("A commit of {} changes failed; they are written one by one", ready.size(), failure);
        }
        for (int at = 0; at < ready.size(); at++) {
            Change change = ready.get(at);
            committing[0] = false;
            try {
                write(List.of(change), committing);
            } catch (SQLException | RuntimeException failure) {
                if (!isConnected()) {
                    databaseWentAway(ready.subList(at, ready.size()), failure, committing[0]);
                    return;
                }
                failedAlone(change, failure);
                if (away) {
                    databaseWentAway(ready.subList(at + 1, ready.size()), failure, false);
                    return;
                }
            }
        }
    }

    /** Something has failed by itself over a connection that works: it is its own fault, unless nothing can be written. */
    private void failedAlone(Change change, Exception failure) {
        if (!change.owed) {
            // Whoever asked for it hears of it. Should nothing be writable, the next owed one shows it.
            postponeOrFail(change, failure);
            return;
        }
        try {
            probeWriting();
        } catch (SQLException unwritable) {
            LOGGER.debug("The database answers, and writes nothing", unwritable);
            isConnected();
            databaseWentAway(List.of(change), failure, false);
            return;
        }
        noteReturn();
        noteFailure();
        if (!change.told) {
            change.told = true;
            LOGGER.error(
                    "What has become of a processed mail can't be written, though the database works; that mail is left"
                            + " alone, and it is tried again every {} seconds at least",
                    LAST_RETRY.toSeconds(),
                    failure);
        }
        change.outcome.complete(0L);
        change.nextTry = System.nanoTime() + change.wait.toNanos();
        change.wait = min(change.wait.multipliedBy(2), LAST_RETRY);
        stuck.add(change);
    }

    private void tryStuck() {
        List<Change> due = new ArrayList<>();
        for (Change change : stuck) {
            if (change.nextTry - System.nanoTime() <= 0) {
                due.add(change);
            }
        }
        for (Change change : due) {
            if (away) {
                return;
            }
            stuck.remove(change);
            writeAll(List.of(change));
        }
    }

    /** @return null when nothing is stuck */
    private Duration untilNextTry() {
        long now = System.nanoTime();
        return stuck.stream()
                .map(change -> Duration.ofNanos(Math.max(0, change.nextTry - now)))
                .min(Duration::compareTo)
                .orElse(null);
    }

    /** Looks whether the database is back, when nothing else does. */
    private void probe() {
        try {
            connect();
            probeWriting();
            noteReturn();
            return;
        } catch (SQLException gone) {
            LOGGER.debug("The database is still away", gone);
        }
        closeConnection();
    }

    private void probeWriting() throws SQLException {
        statement(probe).executeUpdate();
        connection.commit();
    }

    private void noteReturn() {
        lastUse = System.nanoTime();
        if (away) {
            away = false;
            LOGGER.info("The database answers again");
        }
    }

    /** Writes in one transaction. */
    private void write(List<Change> changes, boolean[] committing) throws SQLException {
        connect();
        long[] rows = new long[changes.size()];
        for (int at = 0; at < rows.length; at++) {
            rows[at] = changes.get(at).apply(this::statement);
        }
        committing[0] = true;
        connection.commit();
        noteReturn();
        for (int at = 0; at < rows.length; at++) {
            Change change = changes.get(at);
            try {
                change.committed(rows[at]);
            } catch (RuntimeException bug) {
                LOGGER.error("What follows a commit has failed", bug);
            }
            change.outcome.complete(rows[at]);
        }
    }

    private PreparedStatement statement(String sql) throws SQLException {
        PreparedStatement statement = statements.get(sql);
        if (statement == null) {
            statement = connection.prepareStatement(sql);
            statements.put(sql, statement);
        }
        return statement;
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
        noteFailure();
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
        statements.values().forEach(GroupCommit::closeQuietly);
        statements.clear();
        rollBackQuietly(connection);
        closeQuietly(connection);
        connection = null;
    }

    private static void rollBackQuietly(Connection connection) {
        try {
            connection.rollback();
        } catch (SQLException gone) {
            LOGGER.debug("Nothing to roll back", gone);
        }
    }

    private static void closeQuietly(AutoCloseable closed) {
        try {
            closed.close();
        } catch (Exception gone) {
            LOGGER.debug("Already closed", gone);
        }
    }

    /** @param unknown whether they may have been committed all the same */
    private void databaseWentAway(List<Change> changes, Exception failure, boolean unknown) {
        List<Change> waiting = new ArrayList<>(changes);
        lock.lock();
        try {
            if (!away) {
                LOGGER.error(
                        "The database does not answer; new mail is refused for now, and no mail is handed out: {}",
                        failure.getMessage());
            }
            away = true;
            // Nobody has to wait for the next try to hear that it fails.
            waiting.addAll(pending);
            pending.clear();
        } finally {
            lock.unlock();
        }
        for (int at = 0; at < waiting.size(); at++) {
            Change change = waiting.get(at);
            Change undoing = unknown && at < changes.size() && !change.owed ? change.undoing() : null;
            if (undoing == null) {
                postponeOrFail(change, failure);
            } else {
                owed.add(undoing);
                change.outcome.completeExceptionally(failure);
            }
        }
    }

    private void postponeOrFail(Change change, Throwable failure) {
        noteFailure();
        if (change.outcome.isDone() && !change.owed) {
            return;
        }
        if (change.owed) {
            if (!change.told && !away) {
                change.told = true;
                LOGGER.warn(
                        "What has become of processed mail can't be written, and is tried again: {}",
                        failure.toString());
            }
            owed.add(change);
            change.outcome.complete(0L);
            return;
        }
        change.failed();
        change.outcome.completeExceptionally(failure);
    }

    /** Writes what is pending, and ends. */
    @Override
    public void close() {
        lock.lock();
        try {
            closing = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
        try {
            thread.join(CLOSING.toMillis());
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
