/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DerbyEngineTest {
    /** Half of the time in which Derby would look for the first time, if it was not told. */
    private static final long PATIENCE = 10;

    @TempDir
    Path folder;

    @Test
    void aDeadlockIsFoundBeforeAStatementsTimeIsOver() throws Exception {
        DerbyEngine.configure();
        String url = "jdbc:derby:" + folder.resolve("database");
        try (Connection connection = DriverManager.getConnection(url + ";create=true");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE T (N INT PRIMARY KEY, V INT)");
            statement.execute("INSERT INTO T VALUES (1, 0), (2, 0)");
        }
        CyclicBarrier bothHold = new CyclicBarrier(2);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<Optional<String>>> states = new ArrayList<>();
            for (int first : List.of(1, 2)) {
                states.add(threads.submit(() -> lockTwo(url, first, 3 - first, bothHold)));
            }
            List<Optional<String>> ended = new ArrayList<>();
            for (Future<Optional<String>> state : states) {
                ended.add(state.get(PATIENCE, TimeUnit.SECONDS));
            }

            assertThat(ended).containsExactlyInAnyOrder(Optional.empty(), Optional.of("40001"));
        } finally {
            threads.shutdown();
            assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
            shutDown(url);
        }
    }

    /** @return the state of the exception that it ended with */
    private static Optional<String> lockTwo(String url, int first, int second, CyclicBarrier bothHold)
            throws Exception {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            try {
                statement.executeUpdate("UPDATE T SET V = V + 1 WHERE N = " + first);
                bothHold.await();
                statement.executeUpdate("UPDATE T SET V = V + 1 WHERE N = " + second);
                return Optional.empty();
            } catch (SQLException refused) {
                return Optional.of(refused.getSQLState());
            } finally {
                connection.rollback();
            }
        }
    }

    private static void shutDown(String url) throws SQLException {
        try {
            DriverManager.getConnection(url + ";shutdown=true").close();
        } catch (SQLException said) {
            // So Derby says that it did.
            assertThat(said.getSQLState()).isEqualTo("08006");
        }
    }
}
