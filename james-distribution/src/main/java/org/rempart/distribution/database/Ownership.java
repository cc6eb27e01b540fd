/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLNonTransientException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.rempart.distribution.home.FaultException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which server a PostgreSQL database is the data of. Two that used it at a time would deliver the mail of one queue, and
 * give out the same UIDs.
 *
 * <p>The owner holds an advisory lock by a session that stays open, which keeps others out while all is well. A session ends
 * when a cable is cut, though, and its server need not know. So each owner also gets an epoch, a number in a table, and every
 * commit asks for it, under a lock of its own that the next owner waits for before it raises the number: from then on no commit
 * of an earlier owner succeeds, and none was under way. An earlier owner that learns of it ends.
 *
 * <p>Derby locks its own folder, and needs none of this.
 */
public final class Ownership implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Ownership.class);

    /** The owner's lock among those of other programs in the database: "rempart" in ASCII. */
    private static final long OWNER = 0x72656d70617274L;

    /** The lock that each commit shares, and that the next owner waits for. */
    private static final long COMMIT = OWNER + 1;

    private static final Duration PERIOD = Duration.ofSeconds(1);

    /** Without an answer of the database for so long, an owner acts as if it were none; the next one waits for as long. */
    private static final Duration LEASE = Duration.ofSeconds(4);

    private static final int SECONDS_TO_ANSWER = 5;
    private static final Duration STANDBY_PAUSE = Duration.ofMillis(500);

    private static final String CHECK =
            "SELECT pg_try_advisory_xact_lock_shared(" + COMMIT + "); SELECT epoch FROM rempart_owner WHERE id = 1";

    private final Sessions sessions;
    private final String name;
    private final Timer timer = new Timer("database-owner", true);
    private final AtomicBoolean lost = new AtomicBoolean();
    private final Runnable whenLost;

    private Connection holder;
    private boolean holderLost;
    private long epoch;
    private volatile long confirmed;

    /** Opens sessions of the database, each of which ends when it is closed. */
    interface Sessions {
        Connection open() throws SQLException;
    }

    private Ownership(Sessions sessions, String name, Runnable whenLost) {
        this.sessions = sessions;
        this.name = name;
        this.whenLost = whenLost;
    }

    /**
     * Becomes the owner, and stays it until this is closed or another server has taken over.
     *
     * @param sessions of their own: neither pooled, nor such as ask this owner at each commit
     * @param name of this server, the same at its next start and no other's
     * @param standby whether to wait for the end of another owner
     * @param whenLost what to do when another server has taken over; runs in a thread of its own, once
     * @throws FaultException when another server is the owner, and this one does not wait
     * @throws SQLException when the database fails
     */
    static Ownership take(Sessions sessions, String name, boolean standby, Runnable whenLost)
            throws FaultException, SQLException {
        Ownership owner = new Ownership(sessions, name, whenLost);
        boolean told = false;
        while (!owner.hold(standby)) {
            if (!standby) {
                throw new FaultException(
                        "another server uses this database; stop it first, give each server a database of"
                                + " its own, or let this one wait for the other's end (bin/rempart run --standby)");
            }
            if (!told) {
                told = true;
                LOGGER.info("Another server uses this database; this one waits for its end");
            }
            pause(STANDBY_PAUSE);
        }
        owner.beginEpoch();
        owner.timer.schedule(
                new TimerTask() {
                    @Override
                    public void run() {
                        owner.watch();
                    }
                },
                PERIOD.toMillis(),
                PERIOD.toMillis());
        return owner;
    }

    private static void pause(Duration pause) throws FaultException {
        try {
            Thread.sleep(pause.toMillis());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new FaultException("the start was interrupted while another server used the database");
        }
    }

    /** @return false when another session has the owner's lock */
    private synchronized boolean hold(boolean standby) throws SQLException {
        Connection connection = null;
        try {
            connection = sessions.open();
            connection.setAutoCommit(true);
            try (Statement statement = connection.createStatement();
                    ResultSet result = statement.executeQuery("SELECT pg_try_advisory_lock(" + OWNER + ")")) {
                if (result.next() && result.getBoolean(1)) {
                    holder = connection;
                    return true;
                }
            }
        } catch (SQLException failed) {
            closeQuietly(connection);
            if (standby) {
                LOGGER.debug("The database does not answer", failed);
                return false;
            }
            throw failed;
        }
        closeQuietly(connection);
        return false;
    }

    private static void closeQuietly(Connection connection) {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (SQLException gone) {
            LOGGER.debug("Closed already", gone);
        }
    }

    private synchronized void beginEpoch() throws SQLException, FaultException {
        String before = "";
        try (Statement statement = holder.createStatement()) {
            statement.executeUpdate("CREATE TABLE IF NOT EXISTS rempart_owner (id INTEGER NOT NULL PRIMARY KEY,"
                    + " epoch BIGINT NOT NULL, owner VARCHAR(1000) NOT NULL)");
            statement.executeUpdate("INSERT INTO rempart_owner VALUES (1, 0, '') ON CONFLICT DO NOTHING");
            holder.setAutoCommit(false);
            // A commit of the last owner that is stuck half-way would be waited for, for ever.
            statement.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database ="
                            + " (SELECT oid FROM pg_database WHERE datname = current_database()) AND classid = "
                            + (COMMIT >> 32) + " AND objid = " + (COMMIT & 0xffffffffL)
                            + " AND objsubid = 1 AND pid <> pg_backend_pid()");
            statement.execute("SELECT pg_advisory_xact_lock(" + COMMIT + ")");
            try (ResultSet row = statement.executeQuery("SELECT epoch, owner FROM rempart_owner WHERE id = 1")) {
                row.next();
                epoch = row.getLong(1) + 1;
                before = row.getString(2);
            }
        }
        try (PreparedStatement raise =
                holder.prepareStatement("UPDATE rempart_owner SET epoch = ?, owner = ? WHERE id = 1")) {
            raise.setLong(1, epoch);
            raise.setString(2, name);
            raise.executeUpdate();
        }
        holder.commit();
        holder.setAutoCommit(true);
        if (!before.isEmpty() && !before.equals(name)) {
            LOGGER.info("{} was the owner of the database; this server takes over", before);
            // It may not know it yet, and hand out mail for as long.
            pause(LEASE);
        }
        confirmed = System.nanoTime();
    }

    /** Whether this server was the owner a moment ago: one that is cut off from the database can't know that it still is. */
    public boolean isConfirmed() {
        return !lost.get() && System.nanoTime() - confirmed < LEASE.toNanos();
    }

    /** Whether another server has taken over. */
    public boolean isLost() {
        return lost.get();
    }

    /**
     * Asks whether this server may commit; until the end of the transaction nobody takes over.
     *
     * @throws SQLException when it is not the owner any more, or the database fails
     */
    void check(Connection transaction) throws SQLException {
        try (PreparedStatement statement = transaction.prepareStatement(CHECK)) {
            boolean shared;
            statement.execute();
            try (ResultSet result = statement.getResultSet()) {
                shared = result.next() && result.getBoolean(1);
            }
            statement.getMoreResults();
            long current;
            try (ResultSet result = statement.getResultSet()) {
                current = result.next() ? result.getLong(1) : -1;
            }
            if (!shared || current != epoch) {
                lose();
            }
        }
        if (lost.get()) {
            throw new SQLNonTransientException("another server has taken over this database", "25006");
        }
    }

    private void lose() {
        if (!lost.getAndSet(true)) {
            LOGGER.error(
                    "Another server has taken over this database; this one takes and hands out nothing more, and ends");
            new Thread(whenLost, "database-lost").start();
        }
    }

    private synchronized void watch() {
        if (lost.get()) {
            return;
        }
        long now = System.nanoTime();
        try {
            if (!holder.isValid(SECONDS_TO_ANSWER)) {
                if (!holderLost) {
                    LOGGER.warn("The session that keeps other servers away from the database is lost");
                    holderLost = true;
                    closeQuietly(holder);
                }
                if (!hold(false)) {
                    // Another server takes over, or one that has lost looks a last time: the epoch tells.
                    try (Connection other = sessions.open()) {
                        if (epochNow(other) != epoch) {
                            lose();
                        }
                    }
                    return;
                }
                LOGGER.info("The lock that keeps other servers away from the database is held again");
                holderLost = false;
            }
            if (epochNow(holder) == epoch) {
                confirmed = now;
            } else {
                lose();
                // The lock is the owner's.
                closeQuietly(holder);
            }
        } catch (SQLException stillAway) {
            LOGGER.debug("The database does not answer", stillAway);
        }
    }

    private static long epochNow(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT epoch FROM rempart_owner WHERE id = 1")) {
            return row.next() ? row.getLong(1) : -1;
        }
    }

    @Override
    public void close() {
        timer.cancel();
        synchronized (this) {
            try (PreparedStatement statement =
                    holder.prepareStatement("UPDATE rempart_owner SET owner = '' WHERE id = 1 AND epoch = ?")) {
                statement.setLong(1, epoch);
                statement.executeUpdate();
            } catch (SQLException gone) {
                LOGGER.debug("The owner's session was gone already", gone);
            }
            closeQuietly(holder);
        }
    }
}
