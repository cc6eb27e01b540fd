/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.sql.DataSource;

/** The table of all mail at rest: what its rows hold, how they are read and written. */
final class MailTable {
    private static final String COLUMNS = "id, place, held, due, delay, arrival, tries, blob_name, blob_size, blob_crc,"
            + " name, recipients, last_error, envelope, sender";
    private static final int READ_TRIES = 3;

    private final DataSource database;
    private final String indexHint;

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

    /** @param isPostgres else it is Derby, which might read the whole table of a long queue without a hint */
    MailTable(DataSource database, boolean isPostgres) {
        this.database = database;
        this.indexHint = isPostgres ? "" : " --DERBY-PROPERTIES index=rempart_mail_due\n";
    }

    // Texts as the table holds them

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

    // Writing, within a transaction

    /** @param account that submitted it; empty for none */
    static long insert(Connection connection, Row row, Optional<String> account) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("INSERT INTO rempart_mail (id, place, held, due, delay, arrival, tries,"
                        + " name_hash, blob_name, blob_size, blob_crc, sender, name, recipients, last_error, envelope,"
                        + " account) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
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
            statement.setString(
                    at, account.map(name -> searchable(name, MailSchema.SENDER)).orElse(""));
            return statement.executeUpdate();
        }
    }

    static long delete(Connection connection, long id) throws SQLException {
        return update(connection, "DELETE FROM rempart_mail WHERE id = ?", List.of(id));
    }

    static long hold(Connection connection, long id, String reason) throws SQLException {
        return update(
                connection,
                "UPDATE rempart_mail SET held = 1, last_error = ? WHERE id = ?",
                List.of(clean(reason), id));
    }

    static long postpone(Connection connection, long id, long due, long delay, int tries, String error)
            throws SQLException {
        return update(
                connection,
                "UPDATE rempart_mail SET due = ?, delay = ?, tries = ?, last_error = ? WHERE id = ?",
                List.of(due, delay, tries, clean(error), id));
    }

    static long replaceEnvelope(Connection connection, long id, String envelope, List<String> recipients)
            throws SQLException {
        return update(
                connection,
                "UPDATE rempart_mail SET envelope = ?, recipients = ? WHERE id = ?",
                List.of(envelope, searchableRecipients(recipients), id));
    }

    /** Counts delays from now where their end is further off than the delay is long. */
    static long countDelaysFrom(Connection connection, long now) throws SQLException {
        return update(
                connection,
                "UPDATE rempart_mail SET due = delay + ? WHERE due - delay > ? AND delay < ?",
                List.of(now, now + StoreClock.TOLERANCE, Long.MAX_VALUE - now));
    }

    static long update(Connection connection, String sql, List<?> values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(statement, values);
            return statement.executeUpdate();
        }
    }

    static void bind(PreparedStatement statement, List<?> values) throws SQLException {
        for (int at = 0; at < values.size(); at++) {
            statement.setObject(at + 1, values.get(at));
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

    /** Rows of a condition, in the order of their numbers. */
    List<Row> rows(String condition, List<?> values, int limit) throws MailStoreException {
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
    long count(String sql, List<?> values) throws MailStoreException {
        return read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                bind(statement, values);
                try (ResultSet row = statement.executeQuery()) {
                    return row.next() ? row.getLong(1) : 0L;
                }
            }
        });
    }
}
