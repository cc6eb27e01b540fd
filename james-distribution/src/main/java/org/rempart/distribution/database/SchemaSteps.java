/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings tables to what this version of the server needs: a list of steps, each of which is done once, in a transaction of
 * its own, and noted in a table. A step is never changed once it has been released; what a later version needs is a
 * further step.
 */
public final class SchemaSteps {
    private static final Logger LOGGER = LoggerFactory.getLogger(SchemaSteps.class);

    private final String table;
    private final List<List<String>> steps;

    /** The tables were last used by a later version of the server. */
    public static final class LaterVersionException extends Exception {
        private static final long serialVersionUID = 1L;

        LaterVersionException(int version, int known) {
            super("its tables are of version " + version + ", this server knows versions up to " + known);
        }
    }

    /**
     * @param table where the steps that are done are noted; it is made when it is not there
     * @param steps the statements of each step
     */
    public SchemaSteps(String table, List<List<String>> steps) {
        this.table = table;
        this.steps = steps.stream().map(List::copyOf).toList();
    }

    /**
     * Does the steps that are not done yet.
     *
     * @throws LaterVersionException when more are done than this version knows; nothing is changed then
     * @throws SQLException when a step fails; it leaves nothing, and those before it are done
     */
    public void bringUpToDate(DataSource database) throws SQLException, LaterVersionException {
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            OptionalInt timeout = takeTimeout(connection);
            try {
                int done = done(connection);
                if (done > steps.size()) {
                    throw new LaterVersionException(done, steps.size());
                }
                for (int step = done + 1; step <= steps.size(); step++) {
                    take(connection, step);
                }
            } finally {
                connection.rollback();
                if (timeout.isPresent()) {
                    connection.setNetworkTimeout(Runnable::run, timeout.getAsInt());
                }
                connection.setAutoCommit(true);
            }
        }
    }

    /**
     * Takes its time-out from a connection: a step that goes through a large table may take longer than any other statement.
     *
     * @return the time-out that it had; empty for an embedded database, which has none
     */
    private static OptionalInt takeTimeout(Connection connection) throws SQLException {
        try {
            int timeout = connection.getNetworkTimeout();
            connection.setNetworkTimeout(Runnable::run, 0);
            return OptionalInt.of(timeout);
        } catch (SQLFeatureNotSupportedException embedded) {
            return OptionalInt.empty();
        }
    }

    private int done(Connection connection) throws SQLException {
        if (!exists(connection)) {
            try (Statement statement = connection.createStatement()) {
                statement.executeUpdate("CREATE TABLE " + table + " (STEP INTEGER NOT NULL PRIMARY KEY)");
            }
            connection.commit();
            return 0;
        }
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("SELECT MAX(STEP) FROM " + table)) {
            return result.next() ? result.getInt(1) : 0;
        }
    }

    private boolean exists(Connection connection) throws SQLException {
        // Derby writes names in upper case, PostgreSQL in lower case.
        String name = connection.getMetaData().storesUpperCaseIdentifiers()
                ? table.toUpperCase(Locale.ROOT)
                : table.toLowerCase(Locale.ROOT);
        try (ResultSet tables = connection
                .getMetaData()
                .getTables(connection.getCatalog(), connection.getSchema(), name, new String[] {"TABLE"})) {
            return tables.next();
        }
    }

    private void take(Connection connection, int step) throws SQLException {
        try (Statement statement = connection.createStatement();
                PreparedStatement note = connection.prepareStatement("INSERT INTO " + table + " VALUES (?)")) {
            for (String change : steps.get(step - 1)) {
                statement.executeUpdate(change);
            }
            note.setInt(1, step);
            note.executeUpdate();
        }
        connection.commit();
        LOGGER.info("The tables that {} notes are of version {} now", table, step);
    }
}
