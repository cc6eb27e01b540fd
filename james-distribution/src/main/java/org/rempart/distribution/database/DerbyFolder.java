/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Trees;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of an embedded database. A new database is made beside its place and moved there whole: Derby can't open one
 * that a process left half made, and nobody could tell it from one that is damaged. What lies beside the place never had
 * mail, since no server begins to listen before the move, so it is made again.
 */
final class DerbyFolder {
    private static final Logger LOGGER = LoggerFactory.getLogger(DerbyFolder.class);

    /** The last file that Derby writes when it makes a database. */
    private static final String SERVICE = "service.properties";

    private static final String MAKING = ".new";

    private DerbyFolder() {}

    /** Makes an empty database, opens and closes it. */
    @FunctionalInterface
    interface Making {
        void in(DatabaseSettings settings) throws FaultException;
    }

    /**
     * Makes the database when there is none; when this returns it is there, or is no folder of the file system, or is not
     * to be made ({@code create=true}).
     *
     * @throws FaultException when it can't be made, or something is in its place that is no database
     */
    static void prepare(DatabaseSettings settings, Making making) throws FaultException {
        Path folder = settings.folder().orElse(null);
        if (folder == null) {
            return;
        }
        if (!isEmpty(folder)) {
            if (Files.isDirectory(folder) && Files.notExists(folder.resolve(SERVICE))) {
                throw new FaultException("the database " + folder + " is not whole, its file " + SERVICE
                        + " is missing; restore a backup, or, if this server never had an account, delete the folder");
            }
            return;
        }
        if (!settings.url().contains(";create=true")) {
            return;
        }
        Path half = folder.resolveSibling(folder.getFileName() + MAKING);
        try {
            if (Files.exists(half)) {
                LOGGER.warn("An earlier first start was broken off; the database is made again");
                Trees.delete(half);
            }
            Files.createDirectories(folder.toAbsolutePath().getParent());
            making.in(settings.in(half));
            try (Stream<Path> files = Files.walk(half)) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    sync(file);
                }
            }
            Trees.delete(folder);
            Files.move(half, folder, StandardCopyOption.ATOMIC_MOVE);
            sync(folder.toAbsolutePath().getParent());
        } catch (IOException failed) {
            throw new FaultException("the database " + folder + " can't be made (" + failed
                    + "); let the server's user own the folder that it is in");
        }
    }

    private static boolean isEmpty(Path folder) throws FaultException {
        try {
            return Trees.isEmpty(folder);
        } catch (IOException unread) {
            throw new FaultException(
                    "the database " + folder + " can't be read (" + unread + "); let the server's user own the folder");
        }
    }

    private static void sync(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
