/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.backup;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;
import org.rempart.distribution.home.Trees;

/**
 * A backup, as a {@code .tar.gz} or as a folder of the same files: {@code rempart-backup.json} first, then {@code conf/} and
 * {@code var/}. It holds keys and mail, so it belongs to its maker alone. While it is written it is called
 * {@code NAME.part}: what has its name is whole.
 */
public final class Archive {
    private static final FileAttribute<Set<PosixFilePermission>> MY_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<Set<PosixFilePermission>> MY_FOLDER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final int MODE = 0600;
    private static final String SUFFIX = ".tar.gz";

    private final Path place;

    private Archive(Path place) {
        this.place = place;
    }

    /** The backup at a place; a file when its name ends in {@code .tar.gz}, else a folder. */
    public static Archive at(Path place) {
        return new Archive(place.toAbsolutePath().normalize());
    }

    private boolean isFile() {
        return place.toString().endsWith(SUFFIX);
    }

    /**
     * Fails before anything is done, where there is something already.
     *
     * @throws IOException when there is, or when the folder to hold it is not there
     */
    public void requireFree() throws IOException {
        if (Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(place + " is there already; name a file or folder that is not");
        }
        if (!Files.isDirectory(place.getParent())) {
            throw new IOException(place.getParent() + " is no folder; make it first");
        }
    }

    private interface Sink {
        void add(String name, Path file) throws IOException;
    }

    /**
     * Writes it.
     *
     * @param parts names in the backup and the files or folders that go there
     * @throws IOException when it could not be written; nothing is left of it
     */
    public void write(Manifest manifest, SortedMap<String, Path> parts) throws IOException {
        Path part = place.resolveSibling(place.getFileName() + ".part");
        Trees.delete(part);
        try {
            if (isFile()) {
                writeFile(part, manifest, parts);
            } else {
                writeFolder(part, manifest, parts);
            }
            Files.move(part, place, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failure) {
            Trees.delete(part);
            throw failure;
        }
        try (FileChannel folder = FileChannel.open(place.getParent(), StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    private static void writeFile(Path part, Manifest manifest, SortedMap<String, Path> parts) throws IOException {
        try (FileChannel channel = FileChannel.open(
                        part, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), MY_FILE);
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
            GzipCompressorOutputStream gzip = new GzipCompressorOutputStream(out);
            TarArchiveOutputStream tar = new TarArchiveOutputStream(gzip, "UTF-8");
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
            byte[] head = manifest.bytes();
            TarArchiveEntry first = new TarArchiveEntry(Manifest.FILE);
            first.setSize(head.length);
            first.setMode(MODE);
            tar.putArchiveEntry(first);
            tar.write(head);
            tar.closeArchiveEntry();
            addAll(parts, (name, file) -> addEntry(tar, name, file));
            tar.finish();
            gzip.finish();
            out.flush();
            channel.force(true);
        }
    }

    private static void addEntry(TarArchiveOutputStream tar, String name, Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            long size = Files.size(file);
            TarArchiveEntry entry = new TarArchiveEntry(name);
            entry.setSize(size);
            entry.setMode(MODE);
            entry.setModTime(Files.getLastModifiedTime(file));
            tar.putArchiveEntry(entry);
            byte[] buffer = new byte[1 << 16];
            long left = size;
            while (left > 0) {
                int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (read < 0) {
                    throw new IOException(file + " has become shorter while it was read");
                }
                tar.write(buffer, 0, read);
                left -= read;
            }
            tar.closeArchiveEntry();
        }
    }

    private static void writeFolder(Path part, Manifest manifest, SortedMap<String, Path> parts) throws IOException {
        Files.createDirectory(part, MY_FOLDER);
        addAll(parts, (name, file) -> {
            Path copy = part.resolve(name);
            Files.createDirectories(copy.getParent(), MY_FOLDER);
            Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
            force(copy);
        });
        force(Files.write(Files.createFile(part.resolve(Manifest.FILE), MY_FILE), manifest.bytes()));
    }

    private static void force(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static void addAll(SortedMap<String, Path> parts, Sink sink) throws IOException {
        for (Map.Entry<String, Path> part : parts.entrySet()) {
            Path root = part.getValue();
            Files.walkFileTree(root, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    String below = root.relativize(file).toString();
                    // A link of the administrator's, such as to a certificate elsewhere, is what it leads to.
                    if (Files.isRegularFile(file)) {
                        try {
                            sink.add(below.isEmpty() ? part.getKey() : part.getKey() + "/" + below, file);
                        } catch (NoSuchFileException gone) {
                            throw new IOException(file + " has gone while the backup was made; make it again", gone);
                        }
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        }
    }

    /**
     * What the backup says of itself.
     *
     * @throws IOException when there is no backup
     */
    public Manifest manifest() throws IOException {
        if (!Files.exists(place)) {
            throw new IOException(place + " is not there");
        }
        if (!isFile()) {
            try {
                return Manifest.of(Files.readAllBytes(place.resolve(Manifest.FILE)));
            } catch (NoSuchFileException absent) {
                throw new IOException(place + " is no backup: it has no " + Manifest.FILE, absent);
            }
        }
        try (TarArchiveInputStream tar = tar()) {
            TarArchiveEntry first = tar.getNextEntry();
            if (first == null || !first.getName().equals(Manifest.FILE)) {
                throw new IOException(place + " is no backup: it does not begin with " + Manifest.FILE);
            }
            return Manifest.of(tar.readAllBytes());
        }
    }

    private TarArchiveInputStream tar() throws IOException {
        InputStream in = new BufferedInputStream(Files.newInputStream(place), 1 << 16);
        try {
            return new TarArchiveInputStream(new GzipCompressorInputStream(in), "UTF-8");
        } catch (IOException broken) {
            in.close();
            throw new IOException(place + " is no backup (" + broken.getMessage() + ")", broken);
        }
    }

    /**
     * Unpacks it, whole or not at all.
     *
     * @param target a folder that is not there yet
     * @throws IOException when it is broken, or would write elsewhere; nothing is left then
     */
    public void unpack(Path target) throws IOException {
        Files.createDirectory(target, MY_FOLDER);
        try {
            if (isFile()) {
                unpackFile(target);
            } else {
                for (String part : new String[] {"conf", "var"}) {
                    if (Files.isDirectory(place.resolve(part))) {
                        addAll(new java.util.TreeMap<>(Map.of(part, place.resolve(part))), (name, file) -> {
                            try (InputStream in = Files.newInputStream(file)) {
                                put(target, name, in);
                            }
                        });
                    }
                }
            }
        } catch (IOException failure) {
            Trees.delete(target);
            throw failure;
        }
    }

    private void unpackFile(Path target) throws IOException {
        try (TarArchiveInputStream tar = tar()) {
            TarArchiveEntry entry;
            while ((entry = tar.getNextEntry()) != null) {
                if (entry.getName().equals(Manifest.FILE) || entry.isDirectory()) {
                    continue;
                }
                if (entry.getLinkFlag() != TarConstants.LF_NORMAL && entry.getLinkFlag() != TarConstants.LF_OLDNORM) {
                    throw new IOException(place + " holds " + entry.getName() + ", which is no plain file");
                }
                put(target, entry.getName(), tar);
            }
        }
    }

    private void put(Path target, String name, InputStream in) throws IOException {
        Path file = target.resolve(name).normalize();
        if (!file.startsWith(target.resolve("conf")) && !file.startsWith(target.resolve("var"))) {
            throw new IOException(place + " holds " + name + ", which lies neither in conf/ nor in var/");
        }
        Files.createDirectories(file.getParent(), MY_FOLDER);
        try (FileChannel channel = FileChannel.open(
                        file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), MY_FILE);
                OutputStream out = Channels.newOutputStream(channel)) {
            in.transferTo(out);
            channel.force(false);
        }
    }
}
