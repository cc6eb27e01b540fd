/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.testsupport.PostgresServer;

/** A first start that is killed, at any moment, is no hindrance to the next, and none to what the tables become. */
class FirstStartTest {
    /** Into so many moments the time of a whole first start is divided. */
    private static final int MOMENTS = 9;

    @TempDir
    private Path folder;

    @Test
    void theEmbeddedDatabaseMayBeKilledAtAnyMoment() throws Exception {
        Home reference = new Home(folder.resolve("reference"));
        long whole = measure(reference);
        Home home = new Home(folder.resolve("home"));
        killAtEachMoment(home, whole);
        assertThat(tables(home)).isEqualTo(tables(reference)).hasSizeGreaterThan(30);
        try (var files = Files.list(home.var("database").getParent())) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactly("database");
        }
    }

    @Test
    void postgresqlMayBeLeftAtAnyMoment() throws Exception {
        try (PostgresServer server = PostgresServer.start()) {
            Home reference = new Home(folder.resolve("reference"));
            use(reference, server, "postgres");
            long whole = measure(reference);
            Set<String> expected = tables(reference);
            try (Database database = Database.open(DatabaseSettings.of(reference));
                    Connection connection = database.connections().getConnection();
                    Statement statement = connection.createStatement()) {
                statement.execute("DROP SCHEMA public CASCADE");
                statement.execute("CREATE SCHEMA public");
            }
            killAtEachMoment(reference, whole);
            assertThat(tables(reference)).isEqualTo(expected).hasSizeGreaterThan(30);
        }
    }

    @Test
    void whatAKilledStartHasLeftIsMadeAnewAndAWholeDatabaseIsNot() throws Exception {
        Home home = new Home(folder);
        Files.createDirectories(home.var("database.new/seg0"));
        Files.writeString(home.var("database.new/seg0/c10.dat"), "half a page");
        Files.createDirectories(home.var("database"));
        Database.open(DatabaseSettings.of(home)).close();
        assertThat(home.var("database.new")).doesNotExist();

        try (Database database = Database.open(DatabaseSettings.of(home))) {
            execute(database, "INSERT INTO JAMES_DOMAIN (DOMAIN_NAME) VALUES ('example.com')");
        }
        Files.createDirectories(home.var("database.new"));
        try (Database database = Database.open(DatabaseSettings.of(home));
                Connection connection = database.connections().getConnection();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("SELECT COUNT(*) FROM JAMES_DOMAIN")) {
            result.next();
            assertThat(result.getInt(1)).isEqualTo(1);
        }
    }

    @Test
    void aDamagedDatabaseIsNeverMadeAnew() throws Exception {
        Home home = new Home(folder);
        Database.open(DatabaseSettings.of(home)).close();
        Files.delete(home.var("database/service.properties"));
        assertThatThrownBy(() -> Database.open(DatabaseSettings.of(home)))
                .isInstanceOf(FaultException.class)
                .hasMessageContaining("service.properties")
                .hasMessageContaining("restore a backup");
        assertThat(home.var("database/seg0")).isNotEmptyDirectory();
    }

    private static void execute(Database database, String sql) throws Exception {
        try (Connection connection = database.connections().getConnection();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }

    private static void use(Home home, PostgresServer server, String database) throws IOException {
        Files.createDirectories(home.conf(DatabaseSettings.FILE).getParent());
        Files.writeString(home.conf(DatabaseSettings.FILE), "database.url=" + server.url(database) + "\n");
    }

    /** Nanoseconds from the begin of a first start until the database is open. */
    private long measure(Home home) throws Exception {
        try (Start start = new Start(home)) {
            assertThat(start.nextLine()).isEqualTo(FirstStart.BEGINS);
            long begin = System.nanoTime();
            assertThat(start.nextLine()).isEqualTo(FirstStart.OPEN);
            return System.nanoTime() - begin;
        }
    }

    /** Kills start after start, each a little later, until one is quicker than its end. */
    private void killAtEachMoment(Home home, long whole) throws Exception {
        for (int moment = 0; ; moment++) {
            try (Start start = new Start(home)) {
                assertThat(start.nextLine()).isEqualTo(FirstStart.BEGINS);
                String answer = start.nextLine(whole * moment / MOMENTS);
                if (answer != null) {
                    assertThat(answer).as("start %d", moment).isEqualTo(FirstStart.OPEN);
                    assertThat(moment).as("starts that were killed").isGreaterThan(3);
                    return;
                }
            }
        }
    }

    /** All columns and indexes. */
    private static Set<String> tables(Home home) throws Exception {
        Set<String> found = new TreeSet<>();
        try (Database database = Database.open(DatabaseSettings.of(home));
                Connection connection = database.connections().getConnection()) {
            DatabaseMetaData metaData = connection.getMetaData();
            String schema = connection.getSchema();
            Set<String> tables = new TreeSet<>();
            try (ResultSet columns = metaData.getColumns(null, schema, "%", "%")) {
                while (columns.next()) {
                    tables.add(columns.getString("TABLE_NAME"));
                    found.add(columns.getString("TABLE_NAME") + "." + columns.getString("COLUMN_NAME") + " "
                            + columns.getString("TYPE_NAME") + " " + columns.getInt("COLUMN_SIZE"));
                }
            }
            for (String table : tables) {
                try (ResultSet indexes = metaData.getIndexInfo(null, schema, table, false, false)) {
                    while (indexes.next()) {
                        // Derby makes the names of indexes that belong to keys from the time.
                        String name =
                                String.valueOf(indexes.getString("INDEX_NAME")).replaceFirst("^SQL.*", "key");
                        found.add(table + " " + name + " " + indexes.getString("COLUMN_NAME") + " "
                                + indexes.getInt("ORDINAL_POSITION"));
                    }
                }
            }
        }
        return found;
    }

    private static final class Start implements AutoCloseable {
        private final Process process;
        private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

        Start(Home home) throws IOException {
            process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx256m",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                            FirstStart.class.getName(),
                            home.folder().toString())
                    .redirectErrorStream(true)
                    .start();
            Thread reader = new Thread(this::read, "first-start");
            reader.setDaemon(true);
            reader.start();
        }

        private void read() {
            try (BufferedReader said =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = said.readLine(); line != null; line = said.readLine()) {
                    if (line.equals(FirstStart.BEGINS)
                            || line.equals(FirstStart.OPEN)
                            || line.startsWith(FirstStart.FAULT)) {
                        lines.add(line);
                    }
                }
            } catch (IOException killed) {
                // Nothing more is said.
            }
        }

        String nextLine() throws InterruptedException {
            return nextLine(TimeUnit.MINUTES.toNanos(2));
        }

        /** @return null when it said nothing in time */
        String nextLine(long nanos) throws InterruptedException {
            return lines.poll(nanos, TimeUnit.NANOSECONDS);
        }

        @Override
        public void close() {
            // SIGKILL.
            process.destroyForcibly().onExit().join();
        }
    }
}
