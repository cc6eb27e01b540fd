/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import javax.inject.Inject;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.core.MaybeSender;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.api.ProtocolSession.AttachmentKey;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.api.Response;
import org.apache.james.protocols.api.handler.LineHandler;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.core.DataLineFilter;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.protocols.smtp.hook.MailHook;

/**
 * Takes no mail that there may be no room for: the client is told {@code 452 4.3.1} at MAIL, and keeps the mail. It
 * takes mail again by itself when there is room again. For every listener, before the other hooks:
 *
 * <pre>{@code
 * <handler class="org.rempart.smtp.QueueSpaceHook">
 *   <folder>file://var</folder>
 *   <reserve>134217728</reserve>
 * </handler>
 * }</pre>
 *
 * <ul>
 *   <li>{@code folder}, any number of times: where mail is kept; the file system of each is looked at. Without any, it is
 *       {@code file://var} and the folder for temporary files, where a message is while it arrives.
 *   <li>{@code reserve}: how many bytes have to stay free for all else, such as logs and the database; 128 MiB by default.
 * </ul>
 *
 * <p>Above the reserve there must be one and a half times the size that the client states (SIZE, RFC 1870), or, when it
 * states none, that a message may have: a mail lies in a temporary file and in the queue for a while. The free space is
 * asked for once a second and not more.
 *
 * <p>A message that can't be kept while it arrives, since the space went away in between, is read to its end and then
 * answered {@code 452 4.3.1}, or {@code 451 4.3.0} when the reason is another one. James answers in the middle of the
 * message, with the reason, and disconnects.
 *
 * <p>The audit trail says {@code storage-full} and {@code storage-recovered}, once for each change.
 */
public final class QueueSpaceHook implements ListenerHook, MailHook, DataLineFilter {
    private static final String FOLDER = "folder";
    private static final String RESERVE = "reserve";
    private static final long DEFAULT_RESERVE = 128L * 1024 * 1024;
    private static final String DEFAULT_FOLDER = "file://var";
    private static final long KNOWN_FOR_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Where James keeps what SIZE said. */
    private static final AttachmentKey<Integer> STATED_SIZE = AttachmentKey.of("MESG_SIZE", Integer.class);

    /** Asks a file system how many bytes may be written to it. */
    interface FreeSpace {
        long of(Path folder) throws IOException;
    }

    private final FileSystem fileSystem;
    private final FreeSpace freeSpace;
    private final LongSupplier nanoTime;
    private final AtomicBoolean full = new AtomicBoolean();
    private List<Path> folders = List.of();
    private long reserve = DEFAULT_RESERVE;
    private volatile Measured measured;

    @Inject
    public QueueSpaceHook(FileSystem fileSystem) {
        this(fileSystem, folder -> Files.getFileStore(folder).getUsableSpace(), System::nanoTime);
    }

    QueueSpaceHook(FileSystem fileSystem, FreeSpace freeSpace, LongSupplier nanoTime) {
        this.fileSystem = fileSystem;
        this.freeSpace = freeSpace;
        this.nanoTime = nanoTime;
    }

    /**
     * Reads the parameters.
     *
     * @throws ConfigurationException when a folder is not there, or the reserve is not a number of bytes
     */
    @Override
    public void init(Configuration config) throws ConfigurationException {
        HandlerParameters.refuseUnknown(this, config, Set.of(FOLDER, RESERVE));
        String bytes =
                config.getString(RESERVE, String.valueOf(DEFAULT_RESERVE)).trim();
        if (!bytes.matches("\\d{1,18}")) {
            throw new ConfigurationException("QueueSpaceHook: <reserve>" + bytes
                    + "</reserve> is not a number of bytes; write " + DEFAULT_RESERVE);
        }
        reserve = Long.parseLong(bytes);
        List<Path> stated = new ArrayList<>();
        try {
            for (String folder : config.getStringArray(FOLDER)) {
                Path path = fileSystem.getFile(folder.trim()).toPath();
                if (!Files.isDirectory(path)) {
                    throw new ConfigurationException("QueueSpaceHook: <folder>" + folder
                            + "</folder> is not a folder that is there; name the one that mail is kept in");
                }
                stated.add(path);
            }
            if (stated.isEmpty()) {
                stated.add(existing(fileSystem.getFile(DEFAULT_FOLDER).toPath()));
                stated.add(existing(Paths.get(System.getProperty("java.io.tmpdir"))));
            }
            folders = List.copyOf(stated);
            measure();
        } catch (IOException unread) {
            throw new ConfigurationException(
                    "QueueSpaceHook: the free space can't be asked for (" + unread.getMessage() + ")", unread);
        }
    }

    /** The folder, or the one that it will be made in. */
    private static Path existing(Path folder) {
        Path path = folder.toAbsolutePath();
        while (!Files.exists(path) && path.getParent() != null) {
            path = path.getParent();
        }
        return path;
    }

    @Override
    public HookResult doMail(SMTPSession session, MaybeSender sender) {
        long limit = Math.max(0, session.getConfiguration().getMaxMessageSize());
        long size = session.getAttachment(STATED_SIZE, State.Transaction)
                .map(Integer::longValue)
                .filter(stated -> stated > 0)
                .orElse(limit);
        long free;
        try {
            free = measure();
        } catch (IOException unread) {
            return Answers.cannotDecide();
        }
        if (free < needed(size)) {
            if (full.compareAndSet(false, true)) {
                log("storage-full", session, free, needed(size));
            }
            return Answers.refuseForNow("452", "4.3.1 Insufficient system storage");
        }
        if (free >= needed(limit) && full.compareAndSet(true, false)) {
            log("storage-recovered", session, free, needed(limit));
        }
        return HookResult.DECLINED;
    }

    private long needed(long size) {
        return reserve + size + size / 2;
    }

    private static void log(String event, SMTPSession session, long free, long needed) {
        AuditTrail.event(event, session)
                .with("free", free)
                .with("needed", needed)
                .log();
    }

    /** How many bytes are free where the least are. */
    private long measure() throws IOException {
        long now = nanoTime.getAsLong();
        Measured known = measured;
        if (known != null && now - known.at < KNOWN_FOR_NANOS) {
            return known.free;
        }
        long least = Long.MAX_VALUE;
        for (Path folder : folders) {
            least = Math.min(least, freeSpace.of(folder));
        }
        measured = new Measured(now, least);
        return least;
    }

    private static final class Measured {
        private final long at;
        private final long free;

        private Measured(long at, long free) {
            this.at = at;
            this.free = free;
        }
    }

    @Override
    public Response onLine(SMTPSession session, byte[] line, LineHandler<SMTPSession> next) {
        Response response = next.onLine(session, line);
        if (response == null || !response.isEndSession() || !"451".equals(response.getRetCode())) {
            return response;
        }
        // James has failed to write, and does not listen any more.
        Response answer =
                StorageFailure.isFull(String.valueOf(response.getLines())) ? Answers.STORAGE_FULL : Answers.NOT_STORED;
        if (StrictLinesFilter.isEndOfMessage(line)) {
            session.resetState();
            return answer;
        }
        session.pushLineHandler(new AnswerAtTheEnd(answer));
        return null;
    }

    private static final class AnswerAtTheEnd implements LineHandler<SMTPSession> {
        private final Response answer;

        private AnswerAtTheEnd(Response answer) {
            this.answer = answer;
        }

        @Override
        public Response onLine(SMTPSession session, byte[] line) {
            if (!StrictLinesFilter.isEndOfMessage(line)) {
                return null;
            }
            session.popLineHandler();
            session.resetState();
            return answer;
        }
    }
}
