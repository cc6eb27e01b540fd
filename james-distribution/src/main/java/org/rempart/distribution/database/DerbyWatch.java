/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.NoSuchElementException;
import java.util.Timer;
import java.util.TimerTask;
import org.apache.commons.dbcp2.BasicDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the embedded database again, inside the running server, when it has given up. Derby does so when it can't write its
 * log, on a full disk for one; every connection is of no use then, until the database has been shut down and recovers
 * what it had acknowledged.
 */
final class DerbyWatch implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(DerbyWatch.class);

    private static final Duration PERIOD = Duration.ofSeconds(2);

    /** What Derby says when it has been shut down in order. */
    private static final String SHUT_DOWN = "08006";

    /** What Derby says when there was nothing to shut down. */
    private static final String NOT_RUNNING = "XJ004";

    private final BasicDataSource pool;
    private final String url;
    private final Timer timer = new Timer("database-watch", true);
    private boolean failing;
    private boolean seenWriting;
    private boolean closed;

    private DerbyWatch(BasicDataSource pool, String url) {
        this.pool = pool;
        this.url = url;
    }

    /** Begins to watch. */
    static DerbyWatch of(BasicDataSource pool, String url) {
        DerbyWatch watch = new DerbyWatch(pool, url);
        watch.timer.schedule(
                new TimerTask() {
                    @Override
                    public void run() {
                        watch.look();
                    }
                },
                PERIOD.toMillis(),
                PERIOD.toMillis());
        return watch;
    }

    private synchronized void look() {
        if (closed) {
            return;
        }
        try {
            probe();
            if (!seenWriting) {
                probeWriting();
            }
            if (failing) {
                failing = false;
                LOGGER.info("The embedded database works again");
            }
        } catch (SQLException | RuntimeException failed) {
            if (isBusy(failed)) {
                return;
            }
            seenWriting = false;
            if (!failing) {
                failing = true;
                LOGGER.error("The embedded database has given up, and is started again: {}", failed.getMessage());
            }
            startAnew();
        }
    }

    /** Every connection in use is no sign of a failure. */
    private static boolean isBusy(Throwable failed) {
        for (Throwable cause = failed; cause != null; cause = cause.getCause()) {
            if (cause instanceof NoSuchElementException) {
                return true;
            }
        }
        return false;
    }

    private void probe() throws SQLException {
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("SELECT MAX(STEP) FROM " + Schema.TABLE)) {
            if (!result.next()) {
                throw new SQLException("the table " + Schema.TABLE + " can't be read");
            }
        }
    }

    /**
     * A database that finds its disk full while it starts is readable, and takes nothing, until it is started once more: it
     * must be seen to write.
     */
    private void probeWriting() throws SQLException {
        try (Connection connection = pool.getConnection()) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.executeUpdate("UPDATE " + Schema.TABLE + " SET STEP = STEP");
            } finally {
                connection.rollback();
            }
        }
        seenWriting = true;
    }

    private void startAnew() {
        try {
            // Anyone who asks for a connection meanwhile is told so, and tries again.
            pool.close();
            shutDown(url);
            pool.start();
            probeWriting();
            failing = false;
            LOGGER.info("The embedded database works again");
        } catch (SQLException | RuntimeException stillFailing) {
            LOGGER.debug("The embedded database can't be started yet", stillFailing);
        }
    }

    /** Shuts an embedded database down, so that its next start has nothing to recover, or all of it. */
    static void shutDown(String url) {
        try (Connection connection = DriverManager.getConnection(url.replaceFirst(";.*", "") + ";shutdown=true")) {
            LOGGER.warn("The database is still open: {}", connection);
        } catch (SQLException answer) {
            if (!SHUT_DOWN.equals(answer.getSQLState()) && !NOT_RUNNING.equals(answer.getSQLState())) {
                LOGGER.warn("The database was not shut down in order: {}", answer.getMessage());
            }
        }
    }

    @Override
    public void close() {
        timer.cancel();
        synchronized (this) {
            closed = true;
        }
    }
}
