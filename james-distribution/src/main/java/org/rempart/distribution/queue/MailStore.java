/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Throwables;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import javax.mail.MessagingException;
import javax.mail.internet.MimeMessage;
import javax.sql.DataSource;
import org.apache.james.core.MailAddress;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Mail;
import org.rempart.distribution.queue.MailAdministration.Kind;
import org.rempart.distribution.queue.MailAdministration.Place;
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

    /** A file younger than that is left alone at the start, even if no mail names it. */
    private static final Duration ORPHAN_AGE = Duration.ofMinutes(5);
    /** So many numbers are set aside at a time; those left over at a stop are never used. */
    private static final long NUMBERS = 1_000;
    /** A clock set back by less than that makes mail late by less than that. */
    private static final long CLOCK_TOLERANCE = 5_000;

    private static final String PROBE = "UPDATE rempart_mail_number SET next_number = next_number";

    private static final int READ_TRIES = 3;
    private static final Duration CLOSING = Duration.ofSeconds(10);

    private final DataSource database;
    private final Blobs blobs;
    private final Clock clock;
    private final GroupCommit commits;
    private final String indexHint;
    private final AtomicLong lastNumber;
    /** Numbers up to here are set aside in the database; only the writing thread uses it. */
    private long reserved;

    private final Map<Place, Integer> places = new ConcurrentHashMap<>();
    private final Map<Integer, StoredMailQueue> queues = new ConcurrentHashMap<>();
    private final ExecutorService cleaner = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "mail-store-cleaner");
        thread.setDaemon(true);
        return thread;
    });
    /** The wall clock less the steady one, in milliseconds, at its latest: what it is now is less when it was set back. */
    private final AtomicLong latestOffset = new AtomicLong();

    /**
     * A stored mail.
     *
     * @param due when it is handed out next, in milliseconds since 1970
     * @param delay what it had to wait from its last storing on, in milliseconds
     * @param blob its message; empty when it has none
     */
    record Row(
            long id,
            int place,
            boolean held,
            long due,
            long delay,
            long arrival,
            int tries,
            Optional<Blobs.Blob> blob,
            String name,
            String sender,
            List<String> recipients,
            String lastError,
            String envelope) {}

    /** A mail's turn: those due first come first, among them the one that came first. */
    record Turn(long due, long id) implements Comparable<Turn> {
        @Override
        public int compareTo(Turn other) {
            int byDue = Long.compare(due, other.due);
            return byDue != 0 ? byDue : Long.compare(id, other.id);
        }
    }

    /** Reads in a transaction of its own. */
    interface Query<T> {
        T run(Connection connection) throws SQLException;
    }

    private MailStore(
            DataSource database, Blobs blobs, Clock clock, GroupCommit commits, String indexHint, long lastNumber) {
        this.database = database;
        this.blobs = blobs;
        this.clock = clock;
        this.commits = commits;
        this.indexHint = indexHint;
        this.lastNumber = new AtomicLong(lastNumber);
        this.reserved = lastNumber;
        latestOffset.set(offset());
    }

    /**
     * Opens the store, making its tables and folders where they are not there. Files that belong to no mail are deleted;
     * mail whose file is missing is held.
     *
     * @param database connections; Derby or PostgreSQL
     * @param folder for the messages, on a disk that honours fsync
     * @throws MailStoreException when the database or the folder can't be used
     */
    public static MailStore open(DataSource database, Path folder, Clock clock) throws MailStoreException {
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
            // PostgreSQL keeps its statistics up by itself; Derby might read the whole table of a long queue.
            String hint = MailSchema.isPostgres(connection) ? "" : " --DERBY-PROPERTIES index=rempart_mail_due\n";
            store = new MailStore(database, blobs, clock, new GroupCommit(database, PROBE), hint, next - 1);
            store.readPlaces(connection);
        } catch (SQLException refused) {
            throw new MailStoreException("the stored mail can't be read: " + refused.getMessage(), refused);
        }
        store.commits.start();
        try {
            store.noteAccounts();
            store.sweep();
            store.mendDue();
        } catch (MailStoreException failure) {
            store.close();
            throw failure;
        }
        return store;
    }

    private static long number(Connection connection, String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet row = statement.executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    private void readPlaces(Connection connection) throws SQLException {
        try (PreparedStatement statement =
                        connection.prepareStatement("SELECT id, kind, name FROM rempart_mail_place");
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                places.put(new Place(Kind.valueOf(row.getString(2)), row.getString(3)), row.getInt(1));
            }
        }
    }

    /** Mail of tables that did not note accounts gets its own; none, where nobody had logged in. */
    private void noteAccounts() throws MailStoreException {
        Map<Long, String> page;
        do {
            page = read(MailStore::accountsToNote);
            Map<Long, String> accounts = page;
            task(false, use -> {
                PreparedStatement statement = use.of("UPDATE rempart_mail SET account = ? WHERE id = ?");
                for (Map.Entry<Long, String> account : accounts.entrySet()) {
                    statement.setString(1, account.getValue());
                    statement.setLong(2, account.getKey());
                    statement.executeUpdate();
                }
                return accounts.size();
            });
        } while (!page.isEmpty());
    }

    private static Map<Long, String> accountsToNote(Connection connection) throws SQLException {
        Map<Long, String> found = new LinkedHashMap<>();
        try (PreparedStatement statement =
                        connection.prepareStatement("SELECT id, envelope FROM rempart_mail WHERE account IS NULL"
                                + " FETCH FIRST " + NUMBERS + " ROWS ONLY");
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                found.put(row.getLong(1), noted(accountOf(row.getString(2))));
            }
        }
        return found;
    }

    private static Optional<String> accountOf(String envelope) {
        try {
            return HeldAccounts.account(Envelope.read(envelope));
        } catch (IOException broken) {
            // It is told when the mail's turn comes.
            return Optional.empty();
        }
    }

    private static String noted(Optional<String> account) {
        return account.map(name -> searchable(name, MailSchema.SENDER)).orElse("");
    }

    private void sweep() throws MailStoreException {
        Map<String, Long> named = read(connection -> {
            Map<String, Long> found = new LinkedHashMap<>();
            try (PreparedStatement statement = connection.prepareStatement(
                            "SELECT blob_name, id FROM rempart_mail WHERE blob_name IS NOT NULL");
                    ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.put(row.getString(1), row.getLong(2));
                }
            }
            return found;
        });
        Set<String> present;
        try {
            present = blobs.sweep(named::containsKey, Instant.now().minus(ORPHAN_AGE));
        } catch (IOException unreadable) {
            throw new MailStoreException("the folder of queued messages can't be read: " + unreadable, unreadable);
        }
        for (Map.Entry<String, Long> entry : named.entrySet()) {
            if (!present.contains(entry.getKey())) {
                holdFor(entry.getValue(), "the message's file " + blobs.path(entry.getKey()) + " is missing");
            }
        }
    }

    /** Now, in milliseconds since 1970. */
    long now() {
        latestOffset.accumulateAndGet(offset(), Math::max);
        return clock.millis();
    }

    Blobs blobs() {
        return blobs;
    }

    /** Whether writing failed at the last try. */
    boolean isAway() {
        return commits.isAway();
    }

    /** When something could not be written, last; a value of {@link System#nanoTime}. */
    long lastFailure() {
        return commits.lastFailure();
    }

    // Places

    /** Every place that was ever used. */
    Set<Place> places() {
        return Set.copyOf(places.keySet());
    }

    Optional<Integer> find(Place place) {
        return Optional.ofNullable(places.get(place));
    }

    Place place(int id) {
        return places.entrySet().stream()
                .filter(entry -> entry.getValue() == id)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
    }

    /** A place's number; one that is new is known from now on, after a restart too. */
    synchronized int add(Place place) throws MailStoreException {
        Integer known = places.get(place);
        if (known != null) {
            return known;
        }
        if (place.name().length() > MailSchema.PLACE_NAME || !place.name().equals(clean(place.name()))) {
            throw new MailStoreException("the name of a queue or repository has at most " + MailSchema.PLACE_NAME
                    + " characters and no NUL: " + place.name());
        }
        int id = places.values().stream().mapToInt(Integer::intValue).max().orElse(0) + 1;
        task(false, use -> {
            PreparedStatement statement = use.of("INSERT INTO rempart_mail_place (id, kind, name) VALUES (?, ?, ?)");
            statement.setInt(1, id);
            statement.setString(2, place.kind().name());
            statement.setString(3, place.name());
            return statement.executeUpdate();
        });
        places.put(place, id);
        return id;
    }

    /** From now on the queue hears of mail for its place. */
    void register(int place, StoredMailQueue queue) {
        queues.put(place, queue);
    }

    Optional<StoredMailQueue> queue(int place) {
        return Optional.ofNullable(queues.get(place));
    }

    List<StoredMailQueue> queues() {
        return List.copyOf(queues.values());
    }

    // Writing

    /** What is done in the writing thread. */
    interface Task {
        long run(GroupCommit.Statements use) throws SQLException;
    }

    /**
     * Runs a change in the writing thread, and waits for its commit.
     *
     * @param owed whether it must happen, however long it takes; the wait ends then when the database is away
     */
    long task(boolean owed, Task task) throws MailStoreException {
        return task(owed, task, () -> {});
    }

    /** The same, and after the commit something else. */
    long task(boolean owed, Task task, Runnable committed) throws MailStoreException {
        return commits.write(new GroupCommit.Change(owed) {
            @Override
            long apply(GroupCommit.Statements use) throws SQLException {
                return task.run(use);
            }

            @Override
            void committed(long rows) {
                committed.run();
            }
        });
    }

    /**
     * Stores a mail: when this returns it is on the disk.
     *
     * @param delay until it is due
     * @param tries how often it was tried in vain before
     * @return its number
     * @throws MailStoreException when it is not stored
     */
    long insert(int place, Mail mail, Duration delay, int tries) throws MailStoreException {
        commits.refuseIfAway();
        long id = lastNumber.incrementAndGet();
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
                commits.noteFailure();
            }
            throw new MailStoreException("mail " + mail.getName() + " can't be stored: " + failure, failure);
        }
        commits.write(new Insert(row, HeldAccounts.account(mail)));
        return id;
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
                clean(mail.getName()),
                clean(mail.getMaybeSender().asString()),
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

    /** PostgreSQL takes no NUL in a text. */
    static String clean(String text) {
        return text == null ? "" : text.replace('\0', '\uFFFD');
    }

    static String searchable(String text, int length) {
        String lower = clean(text).toLowerCase(Locale.ROOT);
        return lower.length() <= length ? lower : lower.substring(0, length);
    }

    static String searchableRecipients(Iterable<String> recipients) {
        StringBuilder text = new StringBuilder("\n");
        for (String recipient : recipients) {
            text.append(clean(recipient).toLowerCase(Locale.ROOT)).append('\n');
        }
        return text.toString();
    }

    static String hash(String name) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(name.getBytes(UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private final class Insert extends GroupCommit.Change {
        private static final String SQL = "INSERT INTO rempart_mail (id, place, held, due, delay, arrival, tries,"
                + " name_hash, blob_name, blob_size, blob_crc, sender, name, recipients, last_error, envelope,"
                + " account) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        private final Row row;
        private final Optional<String> account;

        Insert(Row row, Optional<String> account) {
            super(false);
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
        long apply(GroupCommit.Statements use) throws SQLException {
            if (row.id() > reserved) {
                long upTo = row.id() + NUMBERS;
                PreparedStatement numbers = use.of("UPDATE rempart_mail_number SET next_number = ?");
                numbers.setLong(1, upTo + 1);
                numbers.executeUpdate();
            }
            PreparedStatement statement = use.of(SQL);
            int at = 1;
            statement.setLong(at++, row.id());
            statement.setInt(at++, row.place());
            statement.setLong(at++, row.due());
            statement.setLong(at++, row.delay());
            statement.setLong(at++, row.arrival());
            statement.setInt(at++, row.tries());
            statement.setString(at++, hash(row.name()));
            statement.setString(at++, row.blob().map(Blobs.Blob::name).orElse(null));
            statement.setLong(at++, row.blob().map(Blobs.Blob::size).orElse(0L));
            statement.setLong(at++, row.blob().map(Blobs.Blob::crc).orElse(0L));
            statement.setString(at++, searchable(row.sender(), MailSchema.SENDER));
            statement.setString(at++, row.name());
            statement.setString(at++, searchableRecipients(row.recipients()));
            statement.setString(at++, row.lastError());
            statement.setString(at++, row.envelope());
            statement.setString(at, noted(account));
            return statement.executeUpdate();
        }

        @Override
        void committed(long rows) {
            if (row.id() > reserved) {
                reserved = row.id() + NUMBERS;
            }
            queue(row.place()).ifPresent(queue -> queue.offer(row));
        }

        @Override
        GroupCommit.Change undoing() {
            return new Delete(row.id(), row.blob().map(Blobs.Blob::name), () -> {});
        }

        @Override
        void failed() {
            row.blob().ifPresent(blob -> cleaner.execute(() -> blobs.delete(blob.name())));
        }
    }

    private final class Delete extends GroupCommit.Change {
        private final long id;
        private final Optional<String> blob;
        private final Runnable then;

        Delete(long id, Optional<String> blob, Runnable then) {
            super(true);
            this.id = id;
            this.blob = blob;
            this.then = then;
        }

        @Override
        long apply(GroupCommit.Statements use) throws SQLException {
            PreparedStatement statement = use.of("DELETE FROM rempart_mail WHERE id = ?");
            statement.setLong(1, id);
            return statement.executeUpdate();
        }

        @Override
        void committed(long rows) {
            blob.ifPresent(name -> cleaner.execute(() -> blobs.delete(name)));
            then.run();
        }
    }

    /**
     * Deletes a mail that has been dealt with, now or as soon as the database is back.
     *
     * @param then runs after the commit
     * @return 1 when it is gone now
     */
    long delete(long id, Optional<Blobs.Blob> blob, Runnable then) throws MailStoreException {
        return commits.write(new Delete(id, blob.map(Blobs.Blob::name), then));
    }

    /** Deletes a file that no row names any more, soon. */
    void deleteBlob(String blob) {
        cleaner.execute(() -> blobs.delete(blob));
    }

    /** Holds a mail for a fault, now or as soon as the database is back. */
    void holdFor(long id, String error) throws MailStoreException {
        holdFor(id, error, () -> {});
    }

    /** The same, and after the commit something else. */
    void holdFor(long id, String error, Runnable then) throws MailStoreException {
        LOGGER.error("Mail {} is kept and held: {}", id, error);
        hold(id, error, then);
    }

    /** Holds a mail at which nothing is wrong, with the reason, and after the commit does something else. */
    void hold(long id, String reason, Runnable then) throws MailStoreException {
        task(
                true,
                use -> {
                    PreparedStatement statement =
                            use.of("UPDATE rempart_mail SET held = 1, last_error = ? WHERE id = ?");
                    statement.setString(1, clean(reason));
                    statement.setLong(2, id);
                    return statement.executeUpdate();
                },
                then);
    }

    /**
     * Makes a mail due again later, now or as soon as the database is back.
     *
     * @param envelope what replaces its envelope, if anything
     */
    void postpone(Row row, Duration delay, String error, Optional<Envelopes> envelope, Runnable then)
            throws MailStoreException {
        long now = now();
        int tries = row.tries() + 1;
        task(
                true,
                use -> {
                    PreparedStatement statement = use.of(
                            "UPDATE rempart_mail SET due = ?, delay = ?, tries = ?, last_error = ? WHERE id = ?");
                    statement.setLong(1, now + delay.toMillis());
                    statement.setLong(2, delay.toMillis());
                    statement.setInt(3, tries);
                    statement.setString(4, clean(error));
                    statement.setLong(5, row.id());
                    long rows = statement.executeUpdate();
                    if (envelope.isPresent()) {
                        PreparedStatement other =
                                use.of("UPDATE rempart_mail SET envelope = ?, recipients = ? WHERE id = ?");
                        other.setString(1, envelope.get().text());
                        other.setString(2, searchableRecipients(envelope.get().recipients()));
                        other.setLong(3, row.id());
                        other.executeUpdate();
                    }
                    return rows;
                },
                then);
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

    /** Reads, once more when the database had to choose between two that waited for each other. */
    <T> T read(Query<T> query) throws MailStoreException {
        SQLException last = null;
        for (int at = 0; at < READ_TRIES; at++) {
            try (Connection connection = database.getConnection()) {
                connection.setAutoCommit(true);
                return query.run(connection);
            } catch (SQLException failure) {
                last = failure;
                String state = failure.getSQLState();
                if (state == null || !state.startsWith("40")) {
                    break;
                }
            }
        }
        throw new MailStoreException("stored mail can't be read: " + last.getMessage(), last);
    }

    private static final String COLUMNS = "id, place, held, due, delay, arrival, tries, blob_name, blob_size, blob_crc,"
            + " name, recipients, last_error, envelope, sender";

    /** Rows of a condition. */
    List<Row> rows(String condition, List<Object> values, int limit) throws MailStoreException {
        return read(connection -> {
            List<Row> rows = new ArrayList<>();
            try (PreparedStatement statement = connection.prepareStatement("SELECT " + COLUMNS
                    + " FROM rempart_mail WHERE " + condition + " ORDER BY id FETCH FIRST " + limit + " ROWS ONLY")) {
                bind(statement, values);
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        rows.add(row(row));
                    }
                }
            }
            return rows;
        });
    }

    static void bind(PreparedStatement statement, List<Object> values) throws SQLException {
        for (int at = 0; at < values.size(); at++) {
            statement.setObject(at + 1, values.get(at));
        }
    }

    Optional<Row> row(long id) throws MailStoreException {
        return rows("id = ?", List.of(id), 1).stream().findFirst();
    }

    private static Row row(ResultSet row) throws SQLException {
        String blob = row.getString(8);
        Optional<Blobs.Blob> message =
                blob == null ? Optional.empty() : Optional.of(new Blobs.Blob(blob, row.getLong(9), row.getLong(10)));
        String recipients = row.getString(12).strip();
        String error = row.getString(13);
        return new Row(
                row.getLong(1),
                row.getInt(2),
                row.getInt(3) != 0,
                row.getLong(4),
                row.getLong(5),
                row.getLong(6),
                row.getInt(7),
                message,
                row.getString(11),
                row.getString(15),
                recipients.isEmpty() ? List.of() : List.of(recipients.split("\n")),
                error == null ? "" : error,
                row.getString(14));
    }

    /** The next turns of a queue that are due at a time. */
    List<Turn> due(int place, long time, int limit) throws MailStoreException {
        return turns(place, "due <= ?", time, limit);
    }

    /** When the first mail that is not due at a time will be; {@code Long.MAX_VALUE} for never. */
    long nextDue(int place, long time) throws MailStoreException {
        List<Turn> next = turns(place, "due > ?", time, 1);
        return next.isEmpty() ? Long.MAX_VALUE : next.get(0).due();
    }

    private List<Turn> turns(int place, String condition, long time, int limit) throws MailStoreException {
        return read(connection -> {
            List<Turn> turns = new ArrayList<>();
            try (PreparedStatement statement = connection.prepareStatement("SELECT due, id FROM rempart_mail"
                    + indexHint
                    + " WHERE place = ? AND held = 0 AND " + condition + " ORDER BY due, id FETCH FIRST " + limit
                    + " ROWS ONLY")) {
                statement.setInt(1, place);
                statement.setLong(2, time);
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        turns.add(new Turn(row.getLong(1), row.getLong(2)));
                    }
                }
            }
            return turns;
        });
    }

    /** The first number, or 0. */
    long count(String sql, List<Object> values) throws MailStoreException {
        return read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                bind(statement, values);
                try (ResultSet row = statement.executeQuery()) {
                    return row.next() ? row.getLong(1) : 0L;
                }
            }
        });
    }

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

    // The clock

    private long offset() {
        return clock.millis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    /** Sees to it that a clock that was set back makes no mail wait for longer than it should have from then on. */
    void checkClock() throws MailStoreException {
        long offset = offset();
        if (latestOffset.get() - offset > CLOCK_TOLERANCE) {
            LOGGER.warn("The clock was set back; delays of queued mail are counted from now");
            mendDue();
            latestOffset.set(offset);
            queues().forEach(StoredMailQueue::refresh);
        }
    }

    private void mendDue() throws MailStoreException {
        long now = now();
        task(false, use -> {
            PreparedStatement statement =
                    use.of("UPDATE rempart_mail SET due = delay + ? WHERE due - delay > ? AND delay < ?");
            statement.setLong(1, now);
            statement.setLong(2, now + CLOCK_TOLERANCE);
            statement.setLong(3, Long.MAX_VALUE - now);
            return statement.executeUpdate();
        });
    }

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
        queues().forEach(StoredMailQueue::stop);
    }

    /** Waits a little for mail in flight, writes what is pending, and ends. */
    @Override
    public void close() {
        close(CLOSING);
    }

    /** @param patience for mail in flight */
    void close(Duration patience) {
        handOutNoMore();
        long deadline = System.nanoTime() + patience.toNanos();
        while (queues().stream().anyMatch(StoredMailQueue::isBusy) && System.nanoTime() < deadline && !isAway()) {
            try {
                TimeUnit.MILLISECONDS.sleep(20);
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        commits.close();
        cleaner.shutdown();
        try {
            if (!cleaner.awaitTermination(CLOSING.toSeconds(), TimeUnit.SECONDS)) {
                LOGGER.info("Some messages' files are left over; the next start deletes them");
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
