/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import javax.sql.DataSource;
import org.rempart.distribution.database.SchemaSteps;
import org.rempart.distribution.database.SchemaSteps.LaterVersionException;

/**
 * The tables of stored mail, and the steps that lead from one version of them to the next. A step that was ever released
 * is never changed: what has to be different becomes another step at the end.
 */
final class MailSchema {
    private static final String VERSIONS = "rempart_mail_version";

    /** Characters of a place's name. */
    static final int PLACE_NAME = 1000;

    /** Characters of a sender that searches see; the envelope has it whole. */
    static final int SENDER = 1000;

    /**
     * Envelope, recipients, name and error have no limit. Recipients are in lower case, each between line feeds, for
     * searches. Times are milliseconds since 1970. The first number that is free is kept, in blocks, so that none is used twice.
     * The account is the one that submitted the mail; empty for none.
     */
    private static final List<List<String>> STEPS = List.of(List.of(
            "CREATE TABLE rempart_mail_number (next_number BIGINT NOT NULL)",
            "INSERT INTO rempart_mail_number (next_number) VALUES (1)",
            "CREATE TABLE rempart_mail_place (id INT NOT NULL PRIMARY KEY, kind VARCHAR(16) NOT NULL,"
                    + " name VARCHAR(" + PLACE_NAME + ") NOT NULL)",
            "CREATE TABLE rempart_mail (id BIGINT NOT NULL PRIMARY KEY, place INT NOT NULL, held SMALLINT NOT NULL,"
                    + " due BIGINT NOT NULL, delay BIGINT NOT NULL, arrival BIGINT NOT NULL, tries INT NOT NULL,"
                    + " name_hash CHAR(64) NOT NULL, blob_name VARCHAR(64), blob_size BIGINT NOT NULL,"
                    + " blob_crc BIGINT NOT NULL, sender VARCHAR(" + SENDER
                    + ") NOT NULL, name {text} NOT NULL,"
                    + " recipients {text} NOT NULL, last_error {text}, envelope {text} NOT NULL,"
                    + " account VARCHAR(" + SENDER + ") NOT NULL)",
            "CREATE INDEX rempart_mail_due ON rempart_mail (place, held, due, id)",
            "CREATE INDEX rempart_mail_name ON rempart_mail (place, name_hash)"));

    private MailSchema() {}

    /**
     * Makes the tables, or brings those of an earlier version up to date.
     *
     * @throws MailStoreException when they are of a later version, or the database refuses
     */
    static void bringUpToDate(DataSource database) throws MailStoreException {
        try {
            new SchemaSteps(VERSIONS, steps(database)).bringUpToDate(database);
        } catch (LaterVersionException later) {
            throw new MailStoreException("the database's stored mail was written by a later version of this server ("
                    + later.getMessage() + "); run that version, or a later one");
        } catch (SQLException refused) {
            throw new MailStoreException(
                    "the tables of stored mail can't be made in the database: " + refused.getMessage(), refused);
        }
    }

    private static List<List<String>> steps(DataSource database) throws SQLException {
        try (Connection connection = database.getConnection()) {
            String text = isPostgres(connection) ? "TEXT" : "CLOB";
            return STEPS.stream()
                    .map(step -> step.stream()
                            .map(sql -> sql.replace("{text}", text))
                            .toList())
                    .toList();
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
