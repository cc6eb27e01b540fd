/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.backup;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.locks.ReentrantLock;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.Trees;
import org.rempart.distribution.queue.MailStore;

/**
 * Copies what the running server keeps, so that all of it is of one moment: no blob is deleted from before the database is
 * copied until the blobs are, so that each mail of the copied database has its bytes. Blobs never change, so they are
 * linked, not copied, where the file system can; what came later is without a row, and the next start deletes it.
 */
public final class Backup {
    private final Home home;
    private final DatabaseCopy database;
    private final BlobKeeper blobs;
    private final ReentrantLock one = new ReentrantLock();

    /** Keeps blobs from being deleted. */
    public interface BlobKeeper {
        /** From now on until the answer is closed, no blob is deleted. */
        MailStore.Kept keep() throws InterruptedException;
    }

    /**
     * What was copied.
     *
     * @param folder where the copy lies: the database in {@code database}, the blobs in {@code blobs}
     * @param database the kind of the copied database; empty when it could not be copied, and has to be otherwise
     * @param blobs how many blobs were copied
     */
    public record Copy(Path folder, String database, long blobs) {}

    public Backup(Home home, DatabaseCopy database, BlobKeeper blobs) {
        this.home = home;
        this.database = database;
        this.blobs = blobs;
    }

    /**
     * Makes the copy in {@link Home#backupFolder()}; what lies there is deleted before.
     *
     * @throws IOException when it could not be made, or another one is being made; nothing is left of it
     */
    public Copy make() throws IOException, InterruptedException {
        if (!one.tryLock()) {
            throw new IOException("another backup is being made");
        }
        try {
            Path folder = home.backupFolder();
            Trees.delete(folder);
            Files.createDirectory(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            MailStore.Kept hold = blobs.keep();
            try {
                String kind = database.copy(folder.resolve("database"));
                long count = link(home.var("blobs"), folder.resolve("blobs"));
                return new Copy(folder, kind, count);
            } catch (IOException failure) {
                Trees.delete(folder);
                throw failure;
            } finally {
                hold.close();
            }
        } finally {
            one.unlock();
        }
    }

    private static long link(Path from, Path to) throws IOException {
        if (!Files.isDirectory(from)) {
            return 0;
        }
        long[] count = new long[1];
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(to.resolve(from.relativize(folder).toString()));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path blob, BasicFileAttributes attributes) throws IOException {
                Path copy = to.resolve(from.relativize(blob).toString());
                try {
                    Files.createLink(copy, blob);
                } catch (NoSuchFileException gone) {
                    // A file that was still being written, and is elsewhere now: its mail is not in the database yet.
                    return FileVisitResult.CONTINUE;
                } catch (IOException | UnsupportedOperationException noLinks) {
                    Files.copy(blob, copy, StandardCopyOption.COPY_ATTRIBUTES);
                }
                count[0]++;
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path blob, IOException failure) throws IOException {
                if (failure instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }
        });
        return count[0];
    }
}
