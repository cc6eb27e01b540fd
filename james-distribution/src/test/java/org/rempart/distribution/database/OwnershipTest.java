/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.persistence.EntityManager;
import org.apache.james.core.Domain;
import org.apache.james.domainlist.jpa.model.JPADomain;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.testsupport.PostgresServer;

/** One server at a time writes into a PostgreSQL database, whatever happens to its sessions. */
class OwnershipTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    private PostgresServer postgres;
    private DatabaseSettings settings;
    private final AtomicInteger lost = new AtomicInteger();

    private record Server(String name, boolean standby, AtomicInteger losses) implements Database.Sharing {
        @Override
        public void lost() {
            losses.incrementAndGet();
        }
    }

    @BeforeEach
    void start() throws Exception {
        postgres = PostgresServer.start();
        Home home = new Home(folder);
        Files.createDirectories(home.conf(DatabaseSettings.FILE).getParent());
        Files.writeString(home.conf(DatabaseSettings.FILE), "database.url=" + postgres.url() + "\n");
        settings = DatabaseSettings.of(home);
    }

    @AfterEach
    void stop() throws Exception {
        postgres.close();
    }

    private Database open(String name) throws FaultException {
        return Database.open(settings, new Server(name, false, lost));
    }

    /** Ends the session that holds a lock, as a cut connection does. */
    private void endTheOwnersSession() throws SQLException {
        try (Connection connection = DriverManager.getConnection(postgres.url());
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_terminate_backend(pid) FROM pg_locks, rempart_owner"
                    + " WHERE locktype = 'advisory' AND owner = 'first'");
        }
    }

    /** The process of the session that holds the owner's lock; 0 when none does. */
    private long holder() throws SQLException {
        try (Connection connection = DriverManager.getConnection(postgres.url());
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT coalesce(max(pid), 0) FROM pg_locks"
                        + " WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted")) {
            row.next();
            return row.getLong(1);
        }
    }

    private static void write(Database database) throws SQLException {
        try (Connection connection = database.connections().getConnection()) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.executeUpdate("UPDATE REMPART_SCHEMA SET STEP = STEP");
                connection.commit();
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }

    private static void writeByItself(Database database) throws SQLException {
        try (Connection connection = database.connections().getConnection();
                PreparedStatement statement = connection.prepareStatement("UPDATE REMPART_SCHEMA SET STEP = STEP")) {
            statement.executeUpdate();
        }
    }

    private static void writeByJames(Database database) {
        EntityManager entities = database.entities().createEntityManager();
        try {
            entities.getTransaction().begin();
            entities.persist(new JPADomain(Domain.of("d" + System.nanoTime() + ".example")));
            entities.getTransaction().commit();
        } finally {
            entities.close();
        }
    }

    @Test
    void aSecondServerIsToldThatThereIsOne() throws Exception {
        try (Database first = open("first")) {
            assertThatThrownBy(() -> open("second"))
                    .isInstanceOf(FaultException.class)
                    .hasMessageContaining("another server uses this database");
            write(first);
        }
        open("second").close();
    }

    @Test
    void aServerThatWasTakenOverWritesNothingAndLearnsOfIt() throws Exception {
        try (Database first = open("first")) {
            write(first);
            CompletableFuture<Database> waiting = CompletableFuture.supplyAsync(() -> {
                try {
                    return Database.open(settings, new Server("second", true, new AtomicInteger()));
                } catch (FaultException fault) {
                    throw new IllegalStateException(fault);
                }
            });
            Ownership owner = first.ownership().orElseThrow();
            Database taken;
            // The first would take its lock again when it finds its session gone: it does not look meanwhile.
            synchronized (owner) {
                endTheOwnersSession();
                taken = waiting.get(60, TimeUnit.SECONDS);
            }
            try (Database second = taken) {
                await().atMost(PATIENCE).until(owner::isLost);
                assertThat(owner.isConfirmed()).isFalse();
                assertThatThrownBy(() -> write(first)).hasMessageContaining("taken over");
                assertThatThrownBy(() -> writeByItself(first)).hasMessageContaining("taken over");
                assertThatThrownBy(() -> writeByJames(first)).hasStackTraceContaining("taken over");
                await().atMost(PATIENCE).until(() -> lost.get() == 1);
                write(second);
                writeByItself(second);
                writeByJames(second);
                assertThat(second.ownership().orElseThrow().isConfirmed()).isTrue();
            }
        }
    }

    /** An owner looks once in a second: until then each commit finds by itself that it has lost. */
    @ParameterizedTest
    @ValueSource(strings = {"transaction", "statement", "James"})
    void aCommitFindsTheTakeOverByItself(String way) throws Exception {
        try (Database first = open("first")) {
            await().atMost(PATIENCE).until(() -> first.ownership().orElseThrow().isConfirmed());
            takeOverUnheard();
            assertThatThrownBy(() -> {
                        switch (way) {
                            case "transaction" -> write(first);
                            case "statement" -> writeByItself(first);
                            default -> writeByJames(first);
                        }
                    })
                    .hasStackTraceContaining("taken over");
        }
    }

    /** What the next owner does last, while the session of this one is still there. */
    private void takeOverUnheard() throws SQLException {
        try (Connection connection = DriverManager.getConnection(postgres.url());
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("UPDATE rempart_owner SET epoch = epoch + 1, owner = 'second'");
        }
    }

    /** The next owner waits for what is just being committed, and ends what is stuck there. */
    @Test
    void aTransactionOfTheLastOwnerCommitsBeforeTheTakeOverOrNever() throws Exception {
        Database first = open("first");
        try (Connection begun = first.connections().getConnection()) {
            begun.setAutoCommit(false);
            try (Statement statement = begun.createStatement()) {
                statement.executeUpdate("UPDATE REMPART_SCHEMA SET STEP = STEP");
                first.ownership().orElseThrow().check(begun);
                // The process hangs here, and its session of the lock ends.
                try (Connection other = DriverManager.getConnection(postgres.url());
                        Statement end = other.createStatement()) {
                    end.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                            + " AND mode = 'ExclusiveLock'");
                }
                Database second = Database.open(settings, new Server("second", true, new AtomicInteger()));
                assertThatThrownBy(begun::commit).isInstanceOf(SQLException.class);
                write(second);
                second.close();
            }
        } catch (SQLException closed) {
            // The connection was ended by the second.
            assertThat((Throwable) closed).isNotNull();
        } finally {
            first.close();
        }
    }

    @Test
    void aSessionThatEndsWhileNobodyWaitsCostsNothing() throws Exception {
        try (Database first = open("first")) {
            long before = holder();
            endTheOwnersSession();
            await().atMost(PATIENCE).until(() -> holder() > 0 && holder() != before);
            assertThatThrownBy(() -> open("second"))
                    .isInstanceOf(FaultException.class)
                    .hasMessageContaining("another server");
            assertThat(lost.get()).isZero();
            write(first);
            await().atMost(PATIENCE).until(() -> first.ownership().orElseThrow().isConfirmed());
        }
    }
}
