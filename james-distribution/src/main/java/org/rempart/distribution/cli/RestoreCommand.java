/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.rempart.distribution.backup.Archive;
import org.rempart.distribution.backup.Manifest;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.ServerLock;
import org.rempart.distribution.home.Trees;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Puts a backup into an empty server. */
@Command(
        name = "restore",
        description =
                "Put a backup into a server that is stopped and keeps nothing yet. Its conf/ becomes conf.before-restore.")
final class RestoreCommand implements Callable<Integer> {
    private final Home home;

    @Parameters(paramLabel = "SOURCE", description = "what rempart backup has made")
    private Path source;

    @Option(names = "--keep-conf", description = "keep the configuration of this server, not that of the backup")
    private boolean keepConf;

    @Spec
    private CommandSpec spec;

    RestoreCommand(Home home) {
        this.home = home;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (new ServerProcess(home).running().isPresent()) {
            throw new IOException("the server runs; stop it first: bin/rempart stop");
        }
        if (!keepConf && !Files.isWritable(home.folder())) {
            throw new IOException("conf/ can't be replaced, since " + home.folder()
                    + " can't be written to; restore with " + "--keep-conf, and take conf/ out of the backup yourself");
        }
        Archive archive = Archive.at(source);
        Manifest manifest = archive.manifest();
        manifest.requireReadableBy(RempartCommand.Version.current());
        Files.createDirectories(home.var(""));
        ServerLock lock = ServerLock.take(home)
                .orElseThrow(
                        () -> new IOException("the server starts or stops just now; stop it first: bin/rempart stop"));
        try {
            for (Path kept : List.of(home.var("database"), home.var("blobs"))) {
                if (!Trees.isEmpty(kept)) {
                    throw new IOException(home.name(kept) + " holds something already; restore into a newly unpacked "
                            + "server, or move it away");
                }
            }
            restore(archive, manifest);
        } finally {
            lock.release();
        }
        return 0;
    }

    private void restore(Archive archive, Manifest manifest) throws IOException {
        // On the file system that most of it goes to: var/ may be one of its own.
        Path unpacked = home.var("restore.part");
        Path before = home.folder().resolve("conf.before-restore");
        if (!keepConf && Files.exists(before)) {
            throw new IOException(home.name(before) + " is there, of an earlier restore; move it away");
        }
        Trees.delete(unpacked);
        archive.unpack(unpacked);
        try {
            Path dump = unpacked.resolve("var/database");
            Path keptDump = home.var("database.dump");
            if (manifest.database().equals("postgresql")) {
                Files.move(dump, keptDump);
            }
            if (Files.isDirectory(unpacked.resolve("var"))) {
                try (Stream<Path> parts = Files.list(unpacked.resolve("var"))) {
                    for (Path part : parts.toList()) {
                        move(part, home.var(part.getFileName().toString()));
                    }
                }
            }
            if (!keepConf) {
                Path conf = home.folder().resolve("conf.part");
                Trees.delete(conf);
                Trees.copy(unpacked.resolve("conf"), conf);
                Files.move(home.conf(""), before);
                Files.move(conf, home.conf(""));
            }
            tell(manifest, keptDump);
        } finally {
            Trees.delete(unpacked);
        }
    }

    /** An empty folder of the unpacked server makes place; whatever is more is somebody's. */
    private void move(Path part, Path place) throws IOException {
        if (!Trees.isEmpty(place)) {
            throw new IOException(home.name(place) + " holds something already; restore into a newly unpacked server");
        }
        Trees.delete(place);
        Files.move(part, place);
    }

    private void tell(Manifest manifest, Path dump) {
        spec.commandLine()
                .getOut()
                .println("The backup of " + manifest.made() + " is restored: " + manifest.blobs() + " files of mail"
                        + (keepConf ? "." : ", and conf/; the earlier one is conf.before-restore."));
        switch (manifest.database()) {
            case "derby" -> spec.commandLine().getOut().println("Next: bin/rempart doctor, bin/rempart start");
            case "postgresql" ->
                spec.commandLine()
                        .getOut()
                        .println("Next: put the database back into an empty one, then start the server:\n"
                                + "  pg_restore --no-owner --exit-on-error --single-transaction --dbname=DATABASE "
                                + home.name(dump) + "\n  rm " + home.name(dump) + "\n  bin/rempart start");
            default ->
                spec.commandLine()
                        .getOut()
                        .println("There is no database in it. Put your own copy back before the server is started.");
        }
    }
}
