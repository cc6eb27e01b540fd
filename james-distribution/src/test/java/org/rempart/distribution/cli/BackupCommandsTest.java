/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.ServerLock;
import org.rempart.distribution.home.TestHome;

/** Backup of a stopped server, and restore; of running ones the contract tests tell. */
class BackupCommandsTest {
    @TempDir
    Path folder;

    private Home from;
    private Home into;
    private Path target;

    @BeforeEach
    void homes() throws Exception {
        from = TestHome.in(Files.createDirectory(folder.resolve("from"))).home();
        into = TestHome.in(Files.createDirectory(folder.resolve("into"))).home();
        target = folder.resolve("backup.tar.gz");
        put(from.var("database/seg0/c1.dat"), "database");
        put(from.var("blobs/ab/cd"), "mail");
        put(from.var("sieve/alice/script"), "keep;");
        put(from.var("log/server.log"), "log");
        put(from.webAdminToken(), "token");
        put(from.conf("own.properties"), "mine");
    }

    private static void put(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private CommandRun backup() {
        return CommandRun.of(from, "backup", target.toString());
    }

    private CommandRun restore(String... options) {
        String[] arguments = new String[options.length + 2];
        arguments[0] = "restore";
        arguments[1] = target.toString();
        System.arraycopy(options, 0, arguments, 2, options.length);
        return CommandRun.of(into, arguments);
    }

    @Test
    void aStoppedServerIsCopiedAndRestored() {
        CommandRun backup = backup();
        assertThat(backup.exitCode()).as(backup.err()).isZero();
        assertThat(backup.out()).contains("the database, 1 files of mail");

        CommandRun restore = restore();
        assertThat(restore.exitCode()).as(restore.err()).isZero();
        assertThat(into.var("database/seg0/c1.dat")).hasContent("database");
        assertThat(into.var("blobs/ab/cd")).hasContent("mail");
        assertThat(into.var("sieve/alice/script")).hasContent("keep;");
        assertThat(into.conf("own.properties")).hasContent("mine");
        assertThat(into.folder().resolve("conf.before-restore/rempart.xml")).exists();
        assertThat(into.var("log/server.log")).doesNotExist();
        assertThat(into.webAdminToken()).doesNotExist();
        assertThat(into.var("restore.part")).doesNotExist();
        assertThat(into.folder().resolve("conf.part")).doesNotExist();
    }

    @Test
    void theConfigurationCanStay() {
        backup();

        assertThat(restore("--keep-conf").exitCode()).isZero();
        assertThat(into.conf("own.properties")).doesNotExist();
        assertThat(into.var("blobs/ab/cd")).hasContent("mail");
    }

    @Test
    void aServerThatKeepsSomethingIsNotRestoredInto() throws Exception {
        backup();
        put(into.var("blobs/xy/z"), "other");

        CommandRun run = restore();

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("var/blobs holds something already");
        assertThat(into.var("blobs/xy/z")).hasContent("other");
        assertThat(into.var("database")).doesNotExist();
        assertThat(into.conf("own.properties")).doesNotExist();
    }

    @Test
    void aRunningServerIsNotRestoredInto() throws Exception {
        backup();
        ServerLock lock = ServerLock.take(into).orElseThrow();
        try {
            assertThat(restore().err()).contains("the server runs; stop it first");
        } finally {
            lock.release();
        }
    }

    @Test
    void aBackupIsNotWrittenOver() throws Exception {
        put(target, "precious");

        assertThat(backup().exitCode()).isEqualTo(1);
        assertThat(target).hasContent("precious");
    }

    @Test
    void aServerThatIsSaidToRunAndDoesNotAnswerIsNotCopied() throws Exception {
        Files.writeString(from.webAdminToken(), "x".repeat(43));
        ServerLock running = ServerLock.take(from).orElseThrow();
        try {
            CommandRun run = backup();

            assertThat(run.exitCode()).isEqualTo(1);
            assertThat(run.err()).contains("the server does not answer");
            assertThat(target).doesNotExist();
        } finally {
            running.release();
        }
    }

    @Test
    void aDatabaseElsewhereIsTold() throws Exception {
        org.rempart.distribution.home.Trees.delete(from.var("database"));

        CommandRun run = backup();

        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).contains("the database is not in it");
        assertThat(restore().out()).contains("There is no database in it");
    }

    @Test
    void aRunningServersCopyIsPackedAndTidiedAway() throws Exception {
        ServerLock running = ServerLock.take(from).orElseThrow();
        Files.delete(from.webAdminToken());
        put(from.backupFolder().resolve("database"), "dump");
        put(from.backupFolder().resolve("blobs/ab/cd"), "mail");
        try (FakeAdministration server = new FakeAdministration(from)) {
            server.answer("POST /rempart/backup", 200, "{\"database\":\"postgresql\",\"blobs\":1}");

            assertThat(backup().exitCode()).isZero();
        } finally {
            running.release();
        }
        assertThat(from.backupFolder()).doesNotExist();
        assertThat(restore().out()).contains("pg_restore").contains("var/database.dump");
        assertThat(into.var("database.dump")).hasContent("dump");
        assertThat(into.var("database")).doesNotExist();
    }
}
