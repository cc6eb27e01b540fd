/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Timer;
import java.util.TimerTask;
import javax.sql.DataSource;
import org.rempart.distribution.home.FaultException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a second server away from a PostgreSQL database: both would deliver the mail of one queue, and give out the same
 * UIDs. It is an advisory lock of a connection that stays open; when the database is restarted, the lock is taken anew.
 * Derby locks its own folder.
 */
final class ServerLock implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(ServerLock.class);

    /** Names the lock among those of other programs in the database: "rempart" in ASCII. */
    private static final long KEY = 0x72656d70617274L;

    private static final Duration WATCH = Duration.ofSeconds(10);
    private static final int SECONDS_TO_ANSWER = 5;

    private final DataSource connections;
    private final Timer timer = new Timer("database-lock", true);

    private Connection holder;
    private boolean lost;

    private ServerLock(DataSource connections) {
        this.connections = connections;
    }

    /**
     * Takes the lock, and keeps it until it is closed.
     *
     * @throws FaultException when another server has it
     * @throws SQLException when the database fails
     */
    static ServerLock take(DataSource connections) throws FaultException, SQLException {
        ServerLock lock = new ServerLock(connections);
        if (!lock.take()) {
            throw new FaultException(
                    "another server uses this database; stop it first, or give each server a database of " + "its own");
        }
        lock.timer.schedule(
                new TimerTask() {
                    @Override
                    public void run() {
                        lock.watch();
                    }
                },
                WATCH.toMillis(),
                WATCH.toMillis());
        return lock;
    }

    private synchronized boolean take() throws SQLException {
        Connection connection = connections.getConnection();
        try (PreparedStatement statement = connection.prepareStatement("SELECT pg_try_advisory_lock(?)")) {
            statement.setLong(1, KEY);
            try (ResultSet result = statement.executeQuery()) {
                if (result.next() && result.getBoolean(1)) {
                    holder = connection;
                    return true;
                }
            }
        } catch (SQLException failed) {
            connection.close();
            throw failed;
        }
        connection.close();
        return false;
    }

    private synchronized void watch() {
        try {
            if (holder.isValid(SECONDS_TO_ANSWER)) {
                return;
            }
            if (!lost) {
                LOGGER.warn("The connection that kept other servers away from the database is lost");
                lost = true;
                holder.close();
            }
            if (take()) {
                LOGGER.info("The lock that keeps other servers away from the database is taken anew");
                lost = false;
            } else {
                LOGGER.error("Another server may use the database: its lock is held by somebody else");
            }
        } catch (SQLException stillAway) {
            LOGGER.debug("The database does not answer", stillAway);
        }
    }

    @Override
    public void close() {
        timer.cancel();
        synchronized (this) {
            try {
                holder.close();
            } catch (SQLException gone) {
                LOGGER.debug("The lock's connection was gone already", gone);
            }
        }
    }
}
