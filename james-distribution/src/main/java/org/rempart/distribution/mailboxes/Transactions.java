/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import javax.inject.Inject;
import javax.sql.DataSource;
import org.apache.james.mailbox.exception.MailboxException;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Runs what reads or changes mailboxes, each on a connection of its own that it alone has and that it asks for once. A
 * statement that takes longer than {@value #STATEMENT_SECONDS} seconds fails. What the database ends because others were in
 * its way is tried again. Threads of sockets hand their work over to threads of this class, which never wait for each
 * other.
 */
final class Transactions {
    static final int STATEMENT_SECONDS = 15;

    private static final int TRIES = 3;
    private static final Duration PAUSE = Duration.ofMillis(50);
    private static final int THREADS = 20;
    private static final int WAITING = 100_000;
    private static final Scheduler WORKERS =
            Schedulers.newBoundedElastic(THREADS, WAITING, "mailbox-database", 60, true);

    /** Deadlock or lock time-out in Derby, deadlock, failed serialization or lock time-out in PostgreSQL. */
    private static final Set<String> IN_THE_WAY = Set.of("40001", "40XL1", "40XL2", "40P01", "55P03");

    private static final String UNIQUE_VIOLATION = "23505";

    private final DataSource connections;

    /** @throws IllegalStateException when the tables can't be made or brought up to date */
    @Inject
    Transactions(DataSource connections) {
        MailboxTables.bringUpToDate(connections);
        this.connections = connections;
    }

    /** What is done with a connection. */
    @FunctionalInterface
    interface Work<T> {
        T with(Statements statements) throws SQLException, IOException, MailboxException;
    }

    /** The statements of one connection. */
    static final class Statements {
        private final Connection connection;

        private Statements(Connection connection) {
            this.connection = connection;
        }

        /** A statement with its first parameters set: numbers, truth values and texts. */
        PreparedStatement prepare(String sql, Object... parameters) throws SQLException {
            return set(connection.prepareStatement(sql), parameters);
        }

        /** An INSERT whose generated number is asked for. */
        PreparedStatement prepareInsert(String sql, String number) throws SQLException {
            // Derby writes names in upper case, PostgreSQL in lower case.
            String column =
                    connection.getMetaData().storesLowerCaseIdentifiers() ? number.toLowerCase(Locale.ROOT) : number;
            return set(connection.prepareStatement(sql, new String[] {column}));
        }

        int update(String sql, Object... parameters) throws SQLException {
            try (PreparedStatement statement = prepare(sql, parameters)) {
                return statement.executeUpdate();
            }
        }

        private static PreparedStatement set(PreparedStatement statement, Object... parameters) throws SQLException {
            statement.setQueryTimeout(STATEMENT_SECONDS);
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            return statement;
        }
    }

    /** Reads, each statement for itself. */
    <T> T read(String what, Work<T> work) throws MailboxException {
        return run(what, work, true);
    }

    /** Changes all or nothing; when this returns it is on the disk. */
    <T> T write(String what, Work<T> work) throws MailboxException {
        return run(what, work, false);
    }

    /** The same in a thread that may wait. */
    static <T> Mono<T> later(Callable<T> work) {
        return Mono.fromCallable(work).subscribeOn(WORKERS);
    }

    static Scheduler workers() {
        return WORKERS;
    }

    /** Whether what was to be written is there already. */
    static boolean isUniqueViolation(Throwable failed) {
        return failed instanceof SQLException refused && UNIQUE_VIOLATION.equals(refused.getSQLState());
    }

    private <T> T run(String what, Work<T> work, boolean reads) throws MailboxException {
        for (int attempt = 1; ; attempt++) {
            try {
                return once(work, reads);
            } catch (SQLException | IOException failed) {
                boolean again = failed instanceof SQLException refused
                        && IN_THE_WAY.contains(String.valueOf(refused.getSQLState()))
                        && attempt < TRIES;
                if (!again) {
                    throw new MailboxException(what + " failed (" + failed.getMessage() + ")", failed);
                }
                pause(what);
            }
        }
    }

    private <T> T once(Work<T> work, boolean reads) throws SQLException, IOException, MailboxException {
        try (Connection connection = connections.getConnection()) {
            connection.setAutoCommit(reads);
            if (reads) {
                return work.with(new Statements(connection));
            }
            boolean done = false;
            try {
                T result = work.with(new Statements(connection));
                connection.commit();
                done = true;
                return result;
            } finally {
                if (!done) {
                    connection.rollback();
                }
            }
        }
    }

    private static void pause(String what) throws MailboxException {
        try {
            Thread.sleep(PAUSE.toMillis());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new MailboxException(what + " was interrupted", stopped);
        }
    }
}
