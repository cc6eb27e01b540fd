/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;

/** The embedded database, and what this server changes about James's tables. */
class DatabaseTest {
    @TempDir
    private Path folder;

    private Database database;

    @BeforeEach
    void open() throws FaultException {
        database = Database.open(DatabaseSettings.of(new Home(folder)));
    }

    @AfterEach
    void close() {
        database.close();
    }

    private void reopen() throws FaultException {
        close();
        open();
    }

    private int length(String table, String column) throws SQLException {
        try (Connection connection = database.connections().getConnection();
                ResultSet columns = connection.getMetaData().getColumns(null, null, table, column)) {
            assertThat(columns.next()).isTrue();
            return columns.getInt("COLUMN_SIZE");
        }
    }

    @Test
    void columnsHoldWhatSendersAndAdministratorsWrite() throws SQLException {
        assertThat(length("JAMES_RECIPIENT_REWRITE", "TARGET_ADDRESS")).isEqualTo(32000);
        assertThat(length("JAMES_USER", "USER_NAME")).isEqualTo(320);
        assertThat(length("JAMES_DOMAIN", "DOMAIN_NAME")).isEqualTo(255);
    }

    @Test
    void theStepsAreDoneOnce() throws Exception {
        reopen();
        try (Connection connection = database.connections().getConnection();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("SELECT COUNT(*), MAX(STEP) FROM REMPART_SCHEMA")) {
            result.next();
            assertThat(result.getInt(1)).isEqualTo(result.getInt(2)).isPositive();
        }
    }

    @Test
    void aDatabaseOfALaterVersionIsLeftAlone() throws Exception {
        try (Connection connection = database.connections().getConnection();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("INSERT INTO REMPART_SCHEMA VALUES (1000)");
        }
        close();
        assertThatThrownBy(this::open)
                .isInstanceOf(FaultException.class)
                .hasMessageContaining("a later version of this server");
        // For the closing after each test.
        database = Database.open(DatabaseSettings.of(new Home(folder.resolve("other"))));
    }

    @Test
    void whatIsNoDatabaseIsNotOpened() {
        Home home = new Home(folder.resolve("file"));
        assertThat(folder.resolve("file/var").toFile().mkdirs()).isTrue();
        assertThatThrownBy(() -> {
                    java.nio.file.Files.writeString(home.var("database"), "no database");
                    Database.open(DatabaseSettings.of(home));
                })
                .isInstanceOf(FaultException.class)
                .hasMessageContaining("var/database");
    }
}
