/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import com.google.common.base.Throwables;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import javax.mail.MessagingException;
import javax.mail.internet.MimeMessage;
import javax.sql.DataSource;
import org.apache.james.core.MailAddress;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Mail;
import org.rempart.distribution.queue.GroupCommit.Change;
import org.rempart.distribution.queue.MailTable.Row;
import org.rempart.message.MailOrigin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All mail at rest, of every queue and every repository: a row in the server's database for each, and a file for its
 * message. What {@link #insert} has returned for is on the disk.
 *
 * <p>One server uses a store at a time: which mails are being processed is known in its memory alone, and after a crash all
 * are ready again.
 */
public final class MailStore implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(MailStore.class);
    private static final String PROBE = "UPDATE rempart_mail_number SET next_number = next_number";
    private static final Duration CLOSING = Duration.ofSeconds(10);

    private final MailTable table;
    private final Blobs blobs;
    private final StoreClock clock;
    private final Availability availability;
    private final GroupCommit commits;
    private final Unsettled unsettled;
    private final Numbers numbers;
    private final Places places;
    private final Sweep sweep;
    private final BooleanSupplier owner;
    private final Thread sweeping;

    private final Map<Integer, StoredMailQueue> queues = new ConcurrentHashMap<>();
    private final ExecutorService cleaner = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "mail-store-cleaner");
        thread.setDaemon(true);
        return thread;
    });

    /** @param last the last number of a mail that may have been used */
    private MailStore(
            DataSource database, Connection connection, Blobs blobs, Clock clock, long last, BooleanSupplier owner)
            throws SQLException {
        this.owner = owner;
        this.table = new MailTable(database, MailSchema.isPostgres(connection));
        this.blobs = blobs;
        this.clock = new StoreClock(clock);
        this.availability = new Availability(() -> probe(database));
        this.commits = new GroupCommit(database, availability);
        this.unsettled = new Unsettled(commits, availability);
        this.numbers = new Numbers(commits, last);
        this.places = Places.read(connection, commits);
        this.sweep = new Sweep(this, last);
        this.sweeping = new Thread(sweep, "mail-store-sweep");
        sweeping.setDaemon(true);
    }

    /**
     * Opens the store, making its tables and folders where they are not there. Soon after, files that belong to no mail are
     * deleted, and mail whose file is missing is held.
     *
     * @param database connections; Derby or PostgreSQL
     * @param folder for the messages, on a disk that honours fsync
     * @throws MailStoreException when the database or the folder can't be used
     */
    public static MailStore open(DataSource database, Path folder, Clock clock) throws MailStoreException {
        return open(database, folder, clock, () -> true);
    }

    /**
     * The same, where several servers share the database.
     *
     * @param owner whether this server is the one that uses it; while it does not know, no mail is handed out
     */
    public static MailStore open(DataSource database, Path folder, Clock clock, BooleanSupplier owner)
            throws MailStoreException {
        MailSchema.bringUpToDate(database);
        Blobs blobs;
        try {
            blobs = Blobs.open(folder);
        } catch (IOException refused) {
            throw new MailStoreException(
                    "the folder " + folder + " for queued messages can't be used: " + refused
                            + "; the server's user must own it",
                    refused);
        }
        MailStore store;
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(true);
            long next = Math.max(
                    number(connection, "SELECT next_number FROM rempart_mail_number"),
                    number(connection, "SELECT MAX(id) FROM rempart_mail") + 1);
            store = new MailStore(database, connection, blobs, clock, next - 1, owner);
        } catch (SQLException refused) {
            throw new MailStoreException("the stored mail can't be read: " + refused.getMessage(), refused);
        }
        store.commits.start();
        try {
            store.countDelaysFromNow();
        } catch (MailStoreException failure) {
            store.close();
            throw failure;
        }
        store.sweeping.start();
        return store;
    }

    private static long number(Connection connection, String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet row = statement.executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    private static void probe(DataSource database) throws SQLException {
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            try {
                MailTable.update(connection, PROBE, List.of());
                connection.commit();
            } catch (SQLException | RuntimeException failure) {
                connection.rollback();
                throw failure;
            }
        }
    }

    MailTable table() {
        return table;
    }

    Blobs blobs() {
        return blobs;
    }

    Places places() {
        return places;
    }

    /** Now, in milliseconds since 1970. */
    long now() {
        return clock.now();
    }

    /** Whether the database can't be written to. */
    boolean isAway() {
        return availability.isAway();
    }

    /** Whether mail may be handed out: what becomes of it can be written, and nobody else hands it out. */
    boolean mayHandOut() {
        return !isAway() && owner.getAsBoolean();
    }

    /** When something could not be written, last; a value of {@link System#nanoTime}. */
    long lastFailure() {
        return availability.lastFailure();
    }

    /** From now on the queue hears of mail for its place. */
    void register(int place, StoredMailQueue queue) {
        queues.put(place, queue);
    }

    Optional<StoredMailQueue> queue(int place) {
        return Optional.ofNullable(queues.get(place));
    }

    /** Has all queues forget what they know of turns: something has changed in the database. */
    void refreshQueues() {
        queues.values().forEach(StoredMailQueue::refresh);
    }

    // Writing

    /** What is done in a transaction. */
    interface Task {
        long run(Connection connection) throws SQLException;
    }

    private static Change change(Task task, Runnable committed) {
        return new Change() {
            @Override
            long apply(Connection connection) throws SQLException {
                return task.run(connection);
            }

            @Override
            void committed(long rows) {
                committed.run();
            }
        };
    }

    /** Runs a change in the writing thread, and waits for its commit. */
    long task(Task task) throws MailStoreException {
        return task(task, () -> {});
    }

    /** The same, and after the commit something else. */
    long task(Task task, Runnable committed) throws MailStoreException {
        return commits.write(change(task, committed));
    }

    /** Writes what has become of a mail: now, waiting for it, or as soon as it can be written. */
    private void settle(Change change) {
        try {
            commits.write(change);
        } catch (MailStoreException failure) {
            unsettled.add(change, failure);
        }
    }

    /**
     * Stores a mail: when this returns it is on the disk.
     *
     * @param delay until it is due
     * @param tries how often it was tried in vain before
     * @throws MailStoreException when it is not stored
     */
    void insert(int place, Mail mail, Duration delay, int tries) throws MailStoreException {
        availability.refuseIfAway();
        long id = numbers.next();
        Row row;
        try {
            MimeMessage message = mail.getMessage();
            Optional<Blobs.Blob> blob = message == null ? Optional.empty() : Optional.of(blobs.write(id, message));
            boolean described = false;
            try {
                row = describe(id, place, mail, delay, tries, blob);
                described = true;
            } finally {
                if (!described) {
                    blob.ifPresent(written -> blobs.delete(written.name()));
                }
            }
        } catch (IOException | MessagingException | RuntimeException failure) {
            // A mail that is itself at fault says nothing about the store.
            if (Throwables.getCausalChain(failure).stream().anyMatch(IOException.class::isInstance)) {
                availability.noteFailure();
            }
            throw new MailStoreException("mail " + mail.getName() + " can't be stored: " + failure, failure);
        }
        commits.write(new Insert(row, MailOrigin.account(mail)));
    }

    private Row describe(long id, int place, Mail mail, Duration delay, int tries, Optional<Blobs.Blob> blob)
            throws IOException {
        long now = now();
        long wait = delay.isNegative() ? 0 : millis(delay);
        long due = wait > Long.MAX_VALUE - now ? Long.MAX_VALUE : now + wait;
        return new Row(
                id,
                place,
                false,
                due,
                due - now,
                now,
                tries,
                blob,
                MailTable.clean(mail.getName()),
                MailTable.clean(mail.getMaybeSender().asString()),
                mail.getRecipients().stream().map(MailAddress::asString).collect(Collectors.toList()),
                "",
                Envelope.write(mail));
    }

    private static long millis(Duration delay) {
        try {
            return delay.toMillis();
        } catch (ArithmeticException farAway) {
            return Long.MAX_VALUE;
        }
    }

    private final class Insert extends Change {
        private final Row row;
        private final Optional<String> account;

        Insert(Row row, Optional<String> account) {
            this.row = row;
            this.account = account;
        }

        @Override
        void beforeAll() throws IOException {
            if (row.blob().isPresent()) {
                blobs.syncFolder(Blobs.folderOf(row.blob().get().name()));
            }
        }

        @Override
        long apply(Connection connection) throws SQLException {
            return MailTable.insert(connection, row, account);
        }

        @Override
        void committed(long rows) {
            queue(row.place()).ifPresent(queue -> queue.offer(row));
        }

        @Override
        void failed(boolean unknown) {
            if (!unknown) {
                row.blob().ifPresent(blob -> deleteBlob(blob.name()));
                return;
            }
            // Its client was told that it failed, and has it still.
            Optional<StoredMailQueue> queue = queue(row.place());
            queue.ifPresent(mine -> mine.take(List.of(row.id())));
            unsettled.add(
                    deletion(row, () -> queue.ifPresent(mine -> mine.giveBack(List.of(row.id())))),
                    new MailStoreException("whether mail " + row.name() + " was stored is unknown; it is taken back"));
        }
    }

    private Change deletion(Row row, Runnable then) {
        return change(connection -> MailTable.delete(connection, row.id()), () -> {
            row.blob().ifPresent(blob -> deleteBlob(blob.name()));
            then.run();
        });
    }

    /** Deletes a mail that has been dealt with, now or as soon as it can be written, and after the commit does something else. */
    void delete(Row row, Runnable then) {
        settle(deletion(row, then));
    }

    /** Deletes a file that no row names any more, soon. */
    void deleteBlob(String blob) {
        cleaner.execute(() -> blobs.delete(blob));
    }

    /** Holds a mail for a fault, now or as soon as it can be written. */
    void holdFor(long id, String error) {
        holdFor(id, error, () -> {});
    }

    /** The same, and after the commit something else. */
    void holdFor(long id, String error, Runnable then) {
        LOGGER.error("Mail {} is kept and held: {}", id, error);
        hold(id, error, then);
    }

    /** Holds a mail at which nothing is wrong, with the reason, and after the commit does something else. */
    void hold(long id, String reason, Runnable then) {
        settle(change(connection -> MailTable.hold(connection, id, reason), then));
    }

    /**
     * Makes a mail due again later, now or as soon as it can be written.
     *
     * @param envelope what replaces its envelope, if anything
     */
    void postpone(Row row, Duration delay, String error, Optional<Envelopes> envelope, Runnable then) {
        long due = now() + delay.toMillis();
        settle(change(
                connection -> {
                    if (envelope.isPresent()) {
                        MailTable.replaceEnvelope(
                                connection,
                                row.id(),
                                envelope.get().text(),
                                envelope.get().recipients());
                    }
                    return MailTable.postpone(connection, row.id(), due, delay.toMillis(), row.tries() + 1, error);
                },
                then));
    }

    /** An envelope and what searches see of it. */
    record Envelopes(String text, List<String> recipients) {
        static Envelopes of(Mail mail) throws IOException {
            return new Envelopes(
                    Envelope.write(mail),
                    mail.getRecipients().stream().map(MailAddress::asString).collect(Collectors.toList()));
        }
    }

    // Reading

    /** A row's mail with its message, which is read when it is needed. */
    MailImpl mail(Row row) throws IOException {
        MailImpl mail = Envelope.read(row.envelope());
        if (row.blob().isPresent()) {
            try {
                mail.setMessageNoCopy(new StoredMessage(blobs, row.blob().get()));
            } catch (MessagingException impossible) {
                throw new IOException(impossible);
            }
        }
        return mail;
    }

    /** Sees to it that a clock that was set back makes no mail wait for longer than it should have from then on. */
    void checkClock() throws MailStoreException {
        if (clock.wasSetBack()) {
            LOGGER.warn("The clock was set back; delays of queued mail are counted from now");
            countDelaysFromNow();
            clock.noteSetBack();
            refreshQueues();
        }
    }

    private void countDelaysFromNow() throws MailStoreException {
        long now = now();
        task(connection -> MailTable.countDelaysFrom(connection, now));
    }

    // Copying, and the end

    /** Ends a {@link #keepFiles()}. */
    public interface Kept {
        /** Ends it. */
        void close();
    }

    /**
     * Keeps the files of messages, so that they can be copied: none is deleted until the answer is closed; what is due by
     * then is deleted afterwards.
     *
     * @throws InterruptedException when a deletion under way was not awaited
     */
    public Kept keepFiles() throws InterruptedException {
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        // One thread deletes all files: as long as it waits here, none is.
        cleaner.execute(() -> {
            reached.countDown();
            try {
                end.await();
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
        });
        try {
            reached.await();
        } catch (InterruptedException stopped) {
            end.countDown();
            throw stopped;
        }
        return end::countDown;
    }

    /** From now on no queue hands out mail; what is handed out can be finished. */
    void handOutNoMore() {
        queues.values().forEach(StoredMailQueue::stop);
    }

    /** Waits a little for mail in flight, writes what is pending, and ends. */
    @Override
    public void close() {
        close(CLOSING);
    }

    /** @param patience for mail in flight */
    void close(Duration patience) {
        handOutNoMore();
        sweep.stop();
        long deadline = System.nanoTime() + patience.toNanos();
        while (queues.values().stream().anyMatch(StoredMailQueue::isBusy)
                && System.nanoTime() < deadline
                && !isAway()) {
            try {
                TimeUnit.MILLISECONDS.sleep(20);
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        joinQuietly(sweeping);
        commits.close();
        unsettled.close();
        availability.close();
        cleaner.shutdown();
        try {
            if (!cleaner.awaitTermination(CLOSING.toSeconds(), TimeUnit.SECONDS)) {
                LOGGER.info("Some messages' files are left over; the next start deletes them");
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private static void joinQuietly(Thread thread) {
        try {
            thread.join(CLOSING.toMillis());
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
