/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.home;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;

/**
 * The lock on {@code var/rempart.lock} that a server holds for as long as its process lives, whatever its end is. It is the
 * only witness of whether a server runs: a file that names a process outlives it, and its number may be another's by then. The
 * file says which process holds it.
 */
public final class ServerLock {
    private static final Path KERNEL_HOST = Path.of("/proc/sys/kernel/hostname");
    /** Where /proc/PID/stat has the time of the start, counted after the name in parentheses. */
    private static final int START_TIME = 19;

    /** Kept for as long as the process lives: the collection of a channel closes it, and its lock goes. */
    private final FileChannel channel;

    private ServerLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Who holds a lock.
     *
     * @param host the name of the machine; its own process is on another one where {@code var/} is shared
     * @param process empty when it is on another machine, or has not written who it is yet
     */
    public record Holder(String host, Optional<ProcessHandle> process) {
        /** Whether the server runs on another machine. */
        public boolean isElsewhere() {
            return !host.equals(ServerLock.host());
        }
    }

    /**
     * Takes the lock of a home for this process.
     *
     * @return empty when a server has it
     * @throws IOException when the file can't be written to
     */
    public static Optional<ServerLock> take(Home home) throws IOException {
        FileChannel channel = FileChannel.open(home.lockFile(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException ofThisProcess) {
            lock = null;
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        if (lock == null) {
            return Optional.empty();
        }
        long pid = ProcessHandle.current().pid();
        channel.truncate(0);
        channel.write(ByteBuffer.wrap((pid + " " + start(pid) + " " + host() + "\n").getBytes(StandardCharsets.UTF_8)));
        return Optional.of(new ServerLock(channel));
    }

    /** Lets it go; the end of the process does so, too. */
    public void release() throws IOException {
        channel.close();
    }

    /**
     * Who holds the lock of a home.
     *
     * @return empty when nobody does: no server runs
     * @throws IOException when the file can't be read
     */
    public static Optional<Holder> holder(Home home) throws IOException {
        try (FileChannel channel = FileChannel.open(home.lockFile(), StandardOpenOption.READ)) {
            // A shared lock: those who ask don't get in each other's way.
            FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true);
            if (lock != null) {
                return Optional.empty();
            }
        } catch (OverlappingFileLockException ofThisProcess) {
            return Optional.of(named(home));
        } catch (NoSuchFileException never) {
            return Optional.empty();
        }
        return Optional.of(named(home));
    }

    private static Holder named(Home home) throws IOException {
        String[] words = Files.readString(home.lockFile()).strip().split(" ", 3);
        if (words.length < 3 || !words[0].matches("\\d{1,18}")) {
            return new Holder(host(), Optional.empty());
        }
        if (!words[2].equals(host())) {
            return new Holder(words[2], Optional.empty());
        }
        long pid = Long.parseLong(words[0]);
        return new Holder(
                host(), ProcessHandle.of(pid).filter(process -> start(pid).equals(words[1])));
    }

    /** What tells two processes of one number apart. */
    private static String start(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
            return Splitter.on(' ')
                    .splitToList(stat.substring(stat.lastIndexOf(')') + 2))
                    .get(START_TIME);
        } catch (IOException | RuntimeException noLinux) {
            return ProcessHandle.of(pid)
                    .flatMap(process -> process.info().startInstant())
                    .map(Instant::toString)
                    .orElse("?");
        }
    }

    /** The name of this machine. */
    public static String host() {
        try {
            return Files.readString(KERNEL_HOST).strip();
        } catch (IOException noLinux) {
            String name = System.getenv("HOSTNAME");
            return name == null || name.isBlank() ? "localhost" : name;
        }
    }
}
