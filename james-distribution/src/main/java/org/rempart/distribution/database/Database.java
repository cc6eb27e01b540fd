/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import javax.persistence.EntityManagerFactory;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.rempart.distribution.home.FaultException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The database of the server: one pool of connections, for James's entities and for the mail queue. */
public final class Database implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Database.class);

    /** A database that starts at the same time as this server gets so long to answer. */
    private static final Duration START_PATIENCE = Duration.ofSeconds(60);

    private static final Duration RETRY = Duration.ofSeconds(1);

    /** So long a thread waits for a connection before what it does fails, and is tried again later. */
    private static final Duration CONNECTION_PATIENCE = Duration.ofSeconds(20);

    private static final int STATEMENTS_A_CONNECTION = 200;
    private static final int SECONDS_TO_CONNECT = 10;
    private static final int SECONDS_TO_ANSWER = 60;

    private final DatabaseSettings settings;
    private final BasicDataSource pool;
    private final AutoCloseable guard;
    private final EntityManagerFactory entities;

    private Database(
            DatabaseSettings settings, BasicDataSource pool, AutoCloseable guard, EntityManagerFactory entities) {
        this.settings = settings;
        this.pool = pool;
        this.guard = guard;
        this.entities = entities;
    }

    /**
     * Connects, waiting for a database that only starts, and makes the tables that are not there.
     *
     * @throws FaultException when the database does not answer
     */
    public static Database open(DatabaseSettings settings) throws FaultException {
        // Derby would write its own log, into the folder that the process was started in.
        System.setProperty("derby.stream.error.method", DerbyLog.class.getName() + ".writer");
        DerbyFolder.prepare(settings, empty -> openInPlace(empty).close());
        return openInPlace(settings);
    }

    private static Database openInPlace(DatabaseSettings settings) throws FaultException {
        BasicDataSource pool = pool(settings);
        connect(settings, pool);
        try {
            AutoCloseable guard = settings.kind() == DatabaseSettings.Kind.POSTGRESQL ? ServerLock.take(pool) : null;
            EntityManagerFactory entities = Entities.of(pool);
            new Schema(settings.kind()).bringUpToDate(pool);
            return new Database(settings, pool, guard == null ? DerbyWatch.of(pool, settings.url()) : guard, entities);
        } catch (FaultException fault) {
            close(pool);
            throw fault;
        } catch (SQLException failed) {
            close(pool);
            throw new FaultException("the database " + settings.url() + " failed (" + cause(failed) + ")");
        }
    }

    private static BasicDataSource pool(DatabaseSettings settings) {
        BasicDataSource pool = new BasicDataSource();
        pool.setDriverClassName(settings.kind().driver());
        pool.setUrl(settings.url());
        if (!settings.user().isEmpty()) {
            pool.setUsername(settings.user());
            pool.setPassword(settings.password());
        }
        if (settings.kind() == DatabaseSettings.Kind.POSTGRESQL) {
            // A connection whose other side is gone without a word must not hold a thread for hours.
            pool.addConnectionProperty("connectTimeout", String.valueOf(SECONDS_TO_CONNECT));
            pool.addConnectionProperty("socketTimeout", String.valueOf(SECONDS_TO_ANSWER));
            pool.addConnectionProperty("tcpKeepAlive", "true");
            pool.addConnectionProperty("ApplicationName", "rempart");
            pool.setTestOnBorrow(true);
            pool.setValidationQueryTimeout(Duration.ofSeconds(SECONDS_TO_CONNECT));
        }
        pool.setMaxTotal(settings.connections());
        pool.setMaxIdle(settings.connections());
        pool.setMaxWait(CONNECTION_PATIENCE);
        pool.setPoolPreparedStatements(true);
        pool.setMaxOpenPreparedStatements(STATEMENTS_A_CONNECTION);
        pool.setClearStatementPoolOnReturn(false);
        return pool;
    }

    private static void connect(DatabaseSettings settings, BasicDataSource pool) throws FaultException {
        long deadline = System.nanoTime() + START_PATIENCE.toNanos();
        boolean told = false;
        while (true) {
            try (Connection connection = pool.getConnection()) {
                LOGGER.info(
                        "The database is {} {}",
                        connection.getMetaData().getDatabaseProductName(),
                        connection.getMetaData().getDatabaseProductVersion());
                return;
            } catch (SQLException refused) {
                boolean embedded = settings.kind() == DatabaseSettings.Kind.DERBY;
                if (embedded || System.nanoTime() - deadline > 0) {
                    close(pool);
                    throw new FaultException("the database " + settings.url() + " can't be opened (" + cause(refused)
                            + "); "
                            + (embedded
                                    ? "see whether another process uses it, and that the server's user owns var/database"
                                    : "see that it runs, and conf/" + DatabaseSettings.FILE));
                }
                if (!told) {
                    LOGGER.warn("The database does not answer yet: {}", cause(refused));
                    told = true;
                }
            }
            pause();
        }
    }

    private static void pause() throws FaultException {
        try {
            Thread.sleep(RETRY.toMillis());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new FaultException("the start was interrupted while the database did not answer");
        }
    }

    /** The innermost message: what the driver says is wrapped several times over. */
    private static String cause(SQLException failure) {
        Throwable cause = failure;
        while (cause.getCause() != null && cause.getCause() != cause) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }

    /** The connections. */
    public DataSource connections() {
        return pool;
    }

    /** James's entities. */
    public EntityManagerFactory entities() {
        return entities;
    }

    /** What the database was opened with. */
    public DatabaseSettings settings() {
        return settings;
    }

    /** Closes the connections, and the embedded database with them, so that its next start has nothing to recover. */
    @Override
    public void close() {
        entities.close();
        closeGuard();
        close(pool);
        if (settings.kind() == DatabaseSettings.Kind.DERBY) {
            DerbyWatch.shutDown(settings.url());
        }
    }

    private static void close(BasicDataSource pool) {
        try {
            pool.close();
        } catch (SQLException unclosed) {
            LOGGER.warn("Connections to the database are left open: {}", unclosed.getMessage());
        }
    }

    private void closeGuard() {
        try {
            guard.close();
        } catch (Exception unclosed) {
            LOGGER.warn("The watch over the database has not ended: {}", unclosed.getMessage());
        }
    }
}
