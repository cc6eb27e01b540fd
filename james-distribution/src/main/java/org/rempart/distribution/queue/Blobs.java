/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.io.BufferedOutputStream;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;
import javax.mail.MessagingException;
import javax.mail.internet.MimeMessage;
import org.rempart.message.RawMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Messages as files that never change, in 256 folders. A file's name is used once, and a row names a file only after the
 * file is on the disk whole; so files are written where they stay, and what has no row was never acknowledged.
 *
 * <p>No stream here is a channel's: those close when their thread is interrupted, and a mail must not suffer from that.
 */
final class Blobs {
    private static final Logger LOGGER = LoggerFactory.getLogger(Blobs.class);
    private static final int FOLDERS = 256;
    /** So many numbers in a row share a folder, so that mail that comes together needs one fsync of its folder. */
    private static final int NUMBERS_A_FOLDER_SHIFT = 10;

    private static final Pattern NAME = Pattern.compile("([0-7][0-9a-f]{15})-[0-9a-f]{8}");

    private static final int BUFFER = 64 * 1024;

    private final Path root;

    /**
     * A stored message.
     *
     * @param name of the file under the root, with its folder
     * @param size bytes
     * @param crc CRC-32C (RFC 3720, appendix B.4)
     */
    record Blob(String name, long size, long crc) {}

    private Blobs(Path root) {
        this.root = root;
    }

    /** Makes the folders that are not there, for good. */
    static Blobs open(Path root) throws IOException {
        Files.createDirectories(root);
        for (int number = 0; number < FOLDERS; number++) {
            Path folder = root.resolve(folder(number));
            if (!Files.isDirectory(folder)) {
                Files.createDirectory(folder);
            }
        }
        sync(root);
        return new Blobs(root);
    }

    private static String folder(int number) {
        return String.format(Locale.ROOT, "%02x", number);
    }

    Path path(String name) {
        return root.resolve(name);
    }

    /** Puts a message's bytes onto the disk; the folder's entry needs {@link #syncFolder} still. */
    Blob write(long id, MimeMessage message) throws IOException, MessagingException {
        String name = String.format(
                Locale.ROOT,
                "%02x/%016x-%08x",
                (id >> NUMBERS_A_FOLDER_SHIFT) & (FOLDERS - 1),
                id,
                ThreadLocalRandom.current().nextInt());
        if (message instanceof StoredMessage stored && stored.isUntouchedIn(this)) {
            Blob original = stored.blob();
            try {
                Files.createLink(path(name), path(original.name()));
                return new Blob(name, original.size(), original.crc());
            } catch (IOException | UnsupportedOperationException unlinked) {
                LOGGER.debug("{} is copied, for it can't be linked to", original.name(), unlinked);
            }
        }
        CRC32C crc = new CRC32C();
        Path path = path(name);
        try (FileOutputStream file = new FileOutputStream(path.toFile());
                Counted counted = new Counted(new CheckedOutputStream(file, crc));
                OutputStream out = new BufferedOutputStream(counted, BUFFER)) {
            RawMessage.write(message, out);
            out.flush();
            file.getFD().sync();
            return new Blob(name, counted.count, crc.getValue());
        } catch (IOException | MessagingException | RuntimeException failure) {
            delete(name);
            throw failure;
        }
    }

    /** Makes the entry of a written file last. */
    void syncFolder(String folder) throws IOException {
        sync(root.resolve(folder));
    }

    static String folderOf(String name) {
        return name.substring(0, name.indexOf('/'));
    }

    private static void sync(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /**
     * Reads a message through and compares it with what was stored.
     *
     * @throws BrokenBlobException when it is not there or not the same; no later try will change that
     * @throws IOException when it can't be read now
     */
    void check(Blob blob) throws BrokenBlobException, IOException {
        Path path = path(blob.name());
        CRC32C crc = new CRC32C();
        long size = 0;
        try (InputStream in = open(blob.name())) {
            byte[] buffer = new byte[(int) Math.min(BUFFER, Math.max(blob.size() + 1, 1))];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                crc.update(buffer, 0, read);
                size += read;
            }
        }
        if (size != blob.size()) {
            throw new BrokenBlobException(
                    "the message's file " + path + " has " + size + " bytes, but was stored with " + blob.size());
        }
        if (crc.getValue() != blob.crc()) {
            throw new BrokenBlobException("the message's file " + path + " has changed since it was stored");
        }
    }

    /**
     * @throws BrokenBlobException when the file is not there
     * @throws IOException when it can't be opened now
     */
    InputStream open(String name) throws BrokenBlobException, IOException {
        try {
            return new FileInputStream(path(name).toFile());
        } catch (FileNotFoundException failure) {
            // Thrown for want of file descriptors as well.
            if (Files.notExists(path(name))) {
                throw new BrokenBlobException("the message's file " + path(name) + " is missing");
            }
            throw failure;
        }
    }

    void delete(String name) {
        try {
            Files.deleteIfExists(path(name));
        } catch (IOException undeleted) {
            LOGGER.warn("{} is not needed any more, but can't be deleted: {}", path(name), undeleted.toString());
        }
    }

    /** The folders that the files lie in. */
    List<Path> folders() {
        return IntStream.range(0, FOLDERS)
                .mapToObj(number -> root.resolve(folder(number)))
                .toList();
    }

    /** A file's name, as rows have it. */
    String name(Path file) {
        return root.relativize(file).toString();
    }

    /** The number of the mail that a file was written for; empty when it is none of ours. */
    static Optional<Long> number(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        return name.matches() ? Optional.of(Long.parseLong(name.group(1), 16)) : Optional.empty();
    }

    /** A message that is not what was stored. */
    static final class BrokenBlobException extends IOException {
        BrokenBlobException(String message) {
            super(message);
        }
    }

    private static final class Counted extends OutputStream {
        private final OutputStream out;
        private long count;

        Counted(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int octet) throws IOException {
            out.write(octet);
            count++;
        }

        @Override
        public void write(byte[] octets, int offset, int length) throws IOException {
            out.write(octets, offset, length);
            count += length;
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }
    }
}
