/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tables of stored mail, and the steps that lead from one version of them to the next. A step that was ever released
 * is never changed: what has to be different becomes another step at the end.
 */
final class MailSchema {
    private static final Logger LOGGER = LoggerFactory.getLogger(MailSchema.class);

    /** Characters of a place's name. */
    static final int PLACE_NAME = 1000;

    /** Characters of a sender that searches see; the envelope has it whole. */
    static final int SENDER = 1000;

    /**
     * Envelope, recipients, name and error have no limit. Recipients are in lower case, each between line feeds, for
     * searches. Times are milliseconds since 1970. The first number that is free is kept, in blocks, so that none is used twice.
     */
    private static final List<List<String>> STEPS = List.of(List.of(
            "CREATE TABLE rempart_mail_number (next_number BIGINT NOT NULL)",
            "INSERT INTO rempart_mail_number (next_number) VALUES (1)",
            "CREATE TABLE rempart_mail_place (id INT NOT NULL PRIMARY KEY, kind VARCHAR(16) NOT NULL,"
                    + " name VARCHAR(" + PLACE_NAME + ") NOT NULL)",
            "CREATE TABLE rempart_mail (id BIGINT NOT NULL PRIMARY KEY, place INT NOT NULL, held SMALLINT NOT NULL,"
                    + " due BIGINT NOT NULL, delay BIGINT NOT NULL, arrival BIGINT NOT NULL, tries INT NOT NULL,"
                    + " name_hash CHAR(64) NOT NULL, blob_name VARCHAR(64), blob_size BIGINT NOT NULL,"
                    + " blob_crc BIGINT NOT NULL, sender VARCHAR(" + SENDER + ") NOT NULL, name {text} NOT NULL,"
                    + " recipients {text} NOT NULL, last_error {text}, envelope {text} NOT NULL)",
            "CREATE INDEX rempart_mail_due ON rempart_mail (place, held, due, id)",
            "CREATE INDEX rempart_mail_name ON rempart_mail (place, name_hash)"));

    private MailSchema() {}

    /**
     * Makes the tables, or brings those of an earlier version up to date.
     *
     * @throws MailStoreException when they are of a later version, or the database refuses
     */
    static void bringUpToDate(DataSource database) throws MailStoreException {
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            try {
                int version = version(connection);
                if (version > STEPS.size()) {
                    throw new MailStoreException("the database's tables of stored mail are of version " + version
                            + ", but this server knows versions up to " + STEPS.size()
                            + "; run the version of the server that wrote them, or a later one");
                }
                for (int step = version; step < STEPS.size(); step++) {
                    upgrade(connection, step);
                }
            } finally {
                // A step that failed half-way leaves nothing.
                connection.rollback();
                connection.setAutoCommit(true);
            }
        } catch (SQLException refused) {
            throw new MailStoreException(
                    "the tables of stored mail can't be made in the database: " + refused.getMessage(), refused);
        }
    }

    private static void upgrade(Connection connection, int step) throws SQLException {
        String text = isPostgres(connection) ? "TEXT" : "CLOB";
        try (Statement statement = connection.createStatement()) {
            for (String sql : STEPS.get(step)) {
                statement.execute(sql.replace("{text}", text));
            }
            statement.executeUpdate("UPDATE rempart_mail_version SET version = " + (step + 1));
        }
        connection.commit();
        LOGGER.info("The tables of stored mail are of version {} now", step + 1);
    }

    private static int version(Connection connection) throws SQLException {
        if (!exists(connection, "rempart_mail_version")) {
            try (Statement statement = connection.createStatement()) {
                statement.execute("CREATE TABLE rempart_mail_version (version INT NOT NULL)");
                statement.execute("INSERT INTO rempart_mail_version (version) VALUES (0)");
            }
            return 0;
        }
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT version FROM rempart_mail_version")) {
            return row.next() ? row.getInt(1) : 0;
        }
    }

    private static boolean exists(Connection connection, String table) throws SQLException {
        // Derby writes names in upper case, PostgreSQL in lower case.
        String name = isPostgres(connection) ? table : table.toUpperCase(Locale.ROOT);
        try (ResultSet tables = connection
                .getMetaData()
                .getTables(connection.getCatalog(), connection.getSchema(), name, new String[] {"TABLE"})) {
            return tables.next();
        }
    }

    static boolean isPostgres(Connection connection) throws SQLException {
        return connection
                .getMetaData()
                .getDatabaseProductName()
                .toLowerCase(Locale.ROOT)
                .contains("postgres");
    }
}
