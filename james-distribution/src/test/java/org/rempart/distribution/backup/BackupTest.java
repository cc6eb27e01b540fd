/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.Home;

class BackupTest {
    @TempDir
    Path folder;

    private final List<String> steps = new ArrayList<>();
    private Home home;

    @BeforeEach
    void home() throws Exception {
        home = new Home(folder);
        Files.createDirectories(home.var("blobs/ab"));
        Files.writeString(home.var("blobs/ab/one"), "first");
    }

    private Backup backup(DatabaseCopy database) {
        return new Backup(home, database, () -> {
            steps.add("kept");
            return () -> steps.add(
                    "let go, linked: " + Files.exists(home.backupFolder().resolve("blobs/ab/one")));
        });
    }

    @Test
    void filesAreKeptFromBeforeTheDatabaseIsCopiedUntilTheyAreLinked() throws Exception {
        Backup.Copy copy = backup(target -> {
                    steps.add("database");
                    Files.writeString(target, "database");
                    return "derby";
                })
                .make();

        assertThat(steps).containsExactly("kept", "database", "let go, linked: true");
        assertThat(copy.database()).isEqualTo("derby");
        assertThat(copy.blobs()).isEqualTo(1);
        // What is deleted afterwards stays in the copy.
        Files.delete(home.var("blobs/ab/one"));
        assertThat(copy.folder().resolve("blobs/ab/one")).hasContent("first");
    }

    @Test
    void aBackupThatFailsLeavesNothingAndLetsGo() {
        assertThatThrownBy(() -> backup(target -> {
                            throw new IOException("no room");
                        })
                        .make())
                .isInstanceOf(IOException.class)
                .hasMessage("no room");
        assertThat(home.backupFolder()).doesNotExist();
        assertThat(steps).containsExactly("kept", "let go, linked: false");
    }

    @Test
    void theEmbeddedDatabaseIsCopiedWhileItIsUsed() throws Exception {
        String original = "jdbc:derby:" + home.var("database");
        try (Connection connection = DriverManager.getConnection(original + ";create=true");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE kept (id INT)");
            statement.execute("INSERT INTO kept VALUES (4711)");
            Backup.Copy copy = backup(new DerbyCopy(connections(original))).make();
            statement.execute("INSERT INTO kept VALUES (4712)");

            String copied = "jdbc:derby:" + copy.folder().resolve("database");
            try (Connection there = DriverManager.getConnection(copied);
                    Statement query = there.createStatement();
                    ResultSet kept = query.executeQuery("SELECT id FROM kept")) {
                assertThat(kept.next()).isTrue();
                assertThat(kept.getInt(1)).isEqualTo(4711);
                assertThat(kept.next()).isFalse();
            } finally {
                shutDown(copied);
            }
        } finally {
            shutDown(original);
        }
    }

    private static DataSource connections(String url) {
        return (DataSource) Proxy.newProxyInstance(
                BackupTest.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> DriverManager.getConnection(url));
    }

    private static void shutDown(String url) {
        // Derby tells by an exception that it has done so.
        assertThatThrownBy(() -> DriverManager.getConnection(url + ";shutdown=true"))
                .hasMessageContaining("shutdown");
    }
}
