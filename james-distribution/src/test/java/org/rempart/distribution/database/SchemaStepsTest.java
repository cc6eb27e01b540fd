/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.dbcp2.BasicDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.database.SchemaSteps.LaterVersionException;

/** A server finds the tables of another version of itself. */
class SchemaStepsTest {
    private static final List<String> FIRST = List.of("CREATE TABLE mail (name VARCHAR(10) NOT NULL)");
    private static final List<String> SECOND = List.of(
            "ALTER TABLE mail ADD COLUMN size INTEGER NOT NULL DEFAULT 7", "CREATE INDEX mail_size ON mail (size)");
    private static final List<String> BROKEN = List.of("INSERT INTO mail VALUES ('half', 1)", "DROP TABLE nothing");

    @TempDir
    private Path folder;

    private final BasicDataSource database = new BasicDataSource();

    @BeforeEach
    void open() {
        database.setUrl("jdbc:derby:" + folder.resolve("database") + ";create=true");
    }

    @AfterEach
    void close() throws SQLException {
        database.close();
        // Derby tells by an exception that it has done so.
        assertThatThrownBy(() ->
                        DriverManager.getConnection("jdbc:derby:" + folder.resolve("database") + ";shutdown=true"))
                .hasMessageContaining("shutdown");
    }

    private void start(List<List<String>> steps) throws SQLException, LaterVersionException {
        new SchemaSteps("version", steps).bringUpToDate(database);
    }

    private void execute(String statement) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement change = connection.createStatement()) {
            change.executeUpdate(statement);
        }
    }

    private List<String> rows(String query) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            while (result.next()) {
                rows.add(result.getString(1));
            }
        }
        return rows;
    }

    @Test
    void tablesOfAnOlderVersionGetWhatTheyLackAndKeepWhatTheyHold() throws Exception {
        start(List.of(FIRST));
        execute("INSERT INTO mail VALUES ('old')");

        start(List.of(FIRST, SECOND));

        assertThat(rows("SELECT name || ':' || CHAR(size) FROM mail"))
                .singleElement()
                .satisfies(row -> assertThat(row).startsWith("old:7"));
        assertThat(rows("SELECT step FROM version")).containsExactlyInAnyOrder("1", "2");
        start(List.of(FIRST, SECOND));
        assertThat(rows("SELECT name FROM mail")).containsExactly("old");
    }

    @Test
    void aStepThatFailsLeavesNothingAndCanBeTakenAgain() throws Exception {
        assertThatThrownBy(() -> start(List.of(FIRST, BROKEN))).isInstanceOf(SQLException.class);
        assertThat(rows("SELECT name FROM mail")).isEmpty();
        assertThat(rows("SELECT step FROM version")).containsExactly("1");

        start(List.of(FIRST, SECOND));
        assertThat(rows("SELECT step FROM version")).containsExactlyInAnyOrder("1", "2");
    }

    @Test
    void tablesOfALaterVersionAreLeftAsTheyAre() throws Exception {
        start(List.of(FIRST, SECOND));
        execute("INSERT INTO mail VALUES ('new', 1)");

        assertThatThrownBy(() -> start(List.of(FIRST)))
                .isInstanceOf(LaterVersionException.class)
                .hasMessageContaining("version 2");
        assertThat(rows("SELECT name FROM mail")).containsExactly("new");
    }
}
