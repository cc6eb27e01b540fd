/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import javax.persistence.EntityManagerFactory;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.ServerLock;
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

    /** A connection whose other side is gone without a word must not hold a thread for hours. */
    private static final Map<String, String> PATIENCE = Map.of(
            "connectTimeout",
            String.valueOf(SECONDS_TO_CONNECT),
            "socketTimeout",
            String.valueOf(SECONDS_TO_ANSWER),
            "tcpKeepAlive",
            "true",
            "ApplicationName",
            "rempart");

    private final DatabaseSettings settings;
    private final FencedPool pool;
    private final Optional<Ownership> ownership;
    private final Optional<DerbyWatch> watch;
    private final EntityManagerFactory entities;

    private Database(
            DatabaseSettings settings,
            FencedPool pool,
            Optional<Ownership> ownership,
            Optional<DerbyWatch> watch,
            EntityManagerFactory entities) {
        this.settings = settings;
        this.pool = pool;
        this.ownership = ownership;
        this.watch = watch;
        this.entities = entities;
    }

    /** How the database is shared with other servers, of which one uses it at a time. */
    public interface Sharing {
        /** The name of this server: the same at its next start, and no other's. */
        String name();

        /** Whether the start waits for the end of another server that uses the database. */
        boolean standby();

        /** Another server has taken over; runs in a thread of its own, once. */
        void lost();
    }

    /** The same, for a server that nobody waits for and that waits for none. */
    public static Database open(DatabaseSettings settings) throws FaultException {
        return open(settings, new Sharing() {
            @Override
            public String name() {
                return ServerLock.host();
            }

            @Override
            public boolean standby() {
                return false;
            }

            @Override
            public void lost() {
                LOGGER.error("Another server has taken over the database");
            }
        });
    }

    /**
     * Connects, waiting for a database that only starts, and makes the tables that are not there.
     *
     * @throws FaultException when the database does not answer, or another server uses it and this one does not wait
     */
    public static Database open(DatabaseSettings settings, Sharing sharing) throws FaultException {
        DerbyEngine.configure();
        DerbyFolder.prepare(settings, empty -> openInPlace(empty, sharing).close());
        return openInPlace(settings, sharing);
    }

    private static Database openInPlace(DatabaseSettings settings, Sharing sharing) throws FaultException {
        FencedPool pool = pool(settings);
        connect(settings, pool);
        Optional<Ownership> ownership = Optional.empty();
        try {
            boolean shared = settings.kind() == DatabaseSettings.Kind.POSTGRESQL;
            if (shared) {
                ownership = Optional.of(
                        Ownership.take(() -> session(settings), sharing.name(), sharing.standby(), sharing::lost));
                pool.askBeforeCommits(ownership.get());
            }
            Schema.bringUpToDate(pool);
            return new Database(
                    settings,
                    pool,
                    ownership,
                    shared ? Optional.empty() : Optional.of(DerbyWatch.of(pool, settings.url())),
                    Entities.of(pool));
        } catch (FaultException fault) {
            ownership.ifPresent(Ownership::close);
            close(pool);
            throw fault;
        } catch (SQLException | RuntimeException failed) {
            ownership.ifPresent(Ownership::close);
            close(pool);
            throw new FaultException("the database " + settings.url() + " failed (" + cause(failed) + ")");
        }
    }

    /** One that no pool keeps. */
    private static Connection session(DatabaseSettings settings) throws SQLException {
        Properties properties = new Properties();
        PATIENCE.forEach(properties::setProperty);
        if (!settings.user().isEmpty()) {
            properties.setProperty("user", settings.user());
            properties.setProperty("password", settings.password());
        }
        return DriverManager.getConnection(settings.url(), properties);
    }

    private static FencedPool pool(DatabaseSettings settings) {
        FencedPool pool = new FencedPool();
        pool.setDriverClassName(settings.kind().driver());
        pool.setUrl(settings.url());
        if (!settings.user().isEmpty()) {
            pool.setUsername(settings.user());
            pool.setPassword(settings.password());
        }
        if (settings.kind() == DatabaseSettings.Kind.POSTGRESQL) {
            PATIENCE.forEach(pool::addConnectionProperty);
            pool.setTestOnBorrow(true);
            // A transaction that sees the database as it was at its beginning would not see that another server took
            // over.
            pool.setConnectionInitSqls(
                    List.of("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED"));
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
    private static String cause(Exception failure) {
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

    /** Whether this server is the only one that uses the database; empty where no other can. */
    public Optional<Ownership> ownership() {
        return ownership;
    }

    /** What the database was opened with. */
    public DatabaseSettings settings() {
        return settings;
    }

    /** Closes the connections, and the embedded database with them, so that its next start has nothing to recover. */
    @Override
    public void close() {
        entities.close();
        watch.ifPresent(DerbyWatch::close);
        close(pool);
        ownership.ifPresent(Ownership::close);
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
}
