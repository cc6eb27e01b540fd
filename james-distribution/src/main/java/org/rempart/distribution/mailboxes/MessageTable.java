/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.inject.Inject;
import javax.mail.Flags;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.exception.MailboxNotFoundException;
import org.apache.james.mailbox.store.mail.model.MailboxMessage;
import org.rempart.distribution.mailboxes.StoredMessage.Row;
import org.rempart.distribution.mailboxes.Transactions.Statements;

/**
 * The messages of all mailboxes. There is one way to add one and one to take one away, and each counts it in the row of its
 * mailbox within the same transaction.
 */
final class MessageTable {
    /** So many messages are read or changed at a time: what is changed at once is locked at once. */
    static final int AT_ONCE = 500;

    /** So many bytes of messages are read at a time, or one message. */
    private static final long OCTETS_AT_ONCE = 4L << 20;

    /** A longer body is handed over piece by piece. */
    private static final int STREAMED = 128 * 1024;

    private static final String COLUMNS = "m.UID, m.CONTENT_ID, m.MODSEQ, m.RECEIVED, m.IS_ANSWERED, m.IS_DELETED,"
            + " m.IS_DRAFT, m.IS_FLAGGED, m.IS_SEEN, m.KEYWORDS, m.HEADER_OCTETS, m.OCTETS";
    private static final String RANGE =
            " FROM REMPART_MESSAGE m WHERE m.MAILBOX_ID = ? AND m.UID BETWEEN ? AND ? ORDER BY m.UID";
    private static final String PAGE = "SELECT " + COLUMNS + RANGE + " FETCH FIRST " + AT_ONCE + " ROWS ONLY";
    private static final String CONTENTS =
            " FROM REMPART_MESSAGE m JOIN REMPART_CONTENT c ON c.CONTENT_ID = m.CONTENT_ID"
                    + " WHERE m.MAILBOX_ID = ? AND m.UID BETWEEN ? AND ?";
    private static final String INSERT = "INSERT INTO REMPART_MESSAGE (UID, CONTENT_ID, MODSEQ, RECEIVED, IS_ANSWERED,"
            + " IS_DELETED, IS_DRAFT, IS_FLAGGED, IS_SEEN, KEYWORDS, HEADER_OCTETS, OCTETS, MAILBOX_ID)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    private static final String DELETE = "DELETE FROM REMPART_MESSAGE WHERE MAILBOX_ID = ? AND UID = ?";
    private static final String SET_FLAGS = "UPDATE REMPART_MESSAGE SET MODSEQ = ?, IS_ANSWERED = ?, IS_DELETED = ?,"
            + " IS_DRAFT = ?, IS_FLAGGED = ?, IS_SEEN = ?, KEYWORDS = ? WHERE MAILBOX_ID = ? AND UID = ?";
    private static final String INSERT_CONTENT =
            "INSERT INTO REMPART_CONTENT (USES, PROPERTIES, HEADER, BODY) VALUES (1, ?, ?, ?)";
    private static final String USE = "UPDATE REMPART_CONTENT SET USES = USES + ? WHERE CONTENT_ID = ?";
    private static final String DELETE_CONTENT = "DELETE FROM REMPART_CONTENT WHERE CONTENT_ID = ? AND USES = 0";
    private static final String NUMBERS = "UPDATE REMPART_MAILBOX SET LAST_UID = LAST_UID + ?,"
            + " HIGHEST_MODSEQ = HIGHEST_MODSEQ + 1 WHERE MAILBOX_ID = ?";
    private static final String HEAD =
            "SELECT LAST_UID, HIGHEST_MODSEQ, RECENT_UID, KEYWORDS, UNSEEN FROM REMPART_MAILBOX WHERE MAILBOX_ID = ?";
    private static final String COUNT = "UPDATE REMPART_MAILBOX SET MESSAGES = MESSAGES + ?, UNSEEN = UNSEEN + ?,"
            + " OCTETS = OCTETS + ?, KEYWORDS = ? WHERE MAILBOX_ID = ?";

    private final Transactions transactions;

    @Inject
    MessageTable(Transactions transactions) {
        this.transactions = transactions;
    }

    /**
     * What the row of a mailbox says.
     *
     * @param recentUid messages above it are recent
     */
    record Head(long lastUid, long modSeq, long recentUid, Keywords keywords) {}

    /** How the counts of a mailbox change. */
    private static final class Tally {
        private long messages;
        private long unseen;
        private long octets;
        private Keywords keywords;

        Tally(Keywords keywords) {
            this.keywords = keywords;
        }

        void add(Row row) {
            messages++;
            unseen += row.isUnseen() ? 1 : 0;
            octets += row.octets();
            keywords = keywords.and(row.flags());
        }

        void remove(Row row) {
            messages--;
            unseen -= row.isUnseen() ? 1 : 0;
            octets -= row.octets();
        }

        void write(Statements statements, MailboxNumber mailbox) throws SQLException {
            statements.update(COUNT, messages, unseen, octets, keywords.text(), mailbox.value());
        }
    }

    /** Locks a mailbox until the end of the transaction, and gives out a mod-sequence and so many UIDs. */
    private static Head lock(Statements statements, MailboxNumber mailbox, int uids)
            throws SQLException, MailboxException {
        if (statements.update(NUMBERS, uids, mailbox.value()) == 0) {
            throw new MailboxNotFoundException(mailbox);
        }
        return head(statements, mailbox);
    }

    private static Head head(Statements statements, MailboxNumber mailbox) throws SQLException, MailboxException {
        try (PreparedStatement statement = statements.prepare(HEAD, mailbox.value());
                ResultSet row = statement.executeQuery()) {
            if (!row.next()) {
                throw new MailboxNotFoundException(mailbox);
            }
            return new Head(row.getLong(1), row.getLong(2), row.getLong(3), Keywords.of(row.getString(4)));
        }
    }

    /** Adds a new message, and sets its UID and mod-sequence. */
    Row add(MailboxNumber mailbox, MailboxMessage message) throws MailboxException {
        return transactions.write("A message for mailbox " + mailbox.serialize(), statements -> {
            long content = insertContent(statements, message);
            Head head = lock(statements, mailbox, 1);
            Row row = new Row(
                    mailbox,
                    head.lastUid(),
                    content,
                    head.modSeq(),
                    message.getInternalDate().toInstant().toEpochMilli(),
                    withRecent(message.createFlags(), head.lastUid(), head),
                    Math.toIntExact(message.getHeaderOctets()),
                    message.getFullContentOctets());
            insert(statements, List.of(row));
            Tally tally = new Tally(head.keywords());
            tally.add(row);
            tally.write(statements, mailbox);
            return row;
        });
    }

    private static long insertContent(Statements statements, MailboxMessage message) throws SQLException, IOException {
        try (PreparedStatement statement = statements.prepareInsert(INSERT_CONTENT, "CONTENT_ID");
                InputStream content = message.getFullContent()) {
            int header = Math.toIntExact(message.getHeaderOctets());
            statement.setBytes(1, StoredProperties.write(message.getProperties()));
            statement.setBytes(2, content.readNBytes(header));
            if (message.getBodyOctets() > STREAMED) {
                statement.setBinaryStream(3, content, length(message) - header);
            } else {
                statement.setBytes(3, content.readAllBytes());
            }
            statement.executeUpdate();
            try (ResultSet number = statement.getGeneratedKeys()) {
                number.next();
                return number.getLong(1);
            }
        }
    }

    /** The true length: what James says is what it has once computed, and the database takes no other than it is told. */
    private static long length(MailboxMessage message) throws IOException {
        try (InputStream content = message.getFullContent()) {
            return content.transferTo(OutputStream.nullOutputStream());
        }
    }

    private static void insert(Statements statements, List<Row> rows) throws SQLException {
        try (PreparedStatement statement = statements.prepare(INSERT)) {
            for (Row row : rows) {
                statement.setLong(1, row.uid());
                statement.setLong(2, row.content());
                statement.setLong(3, row.modSeq());
                statement.setLong(4, row.received());
                setFlags(statement, 5, row.flags());
                statement.setInt(11, row.headerOctets());
                statement.setLong(12, row.octets());
                statement.setLong(13, row.mailbox().value());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    private static void setFlags(PreparedStatement statement, int from, Flags flags) throws SQLException {
        statement.setBoolean(from, flags.contains(Flags.Flag.ANSWERED));
        statement.setBoolean(from + 1, flags.contains(Flags.Flag.DELETED));
        statement.setBoolean(from + 2, flags.contains(Flags.Flag.DRAFT));
        statement.setBoolean(from + 3, flags.contains(Flags.Flag.FLAGGED));
        statement.setBoolean(from + 4, flags.contains(Flags.Flag.SEEN));
        statement.setString(from + 5, Keywords.NONE.and(flags).text());
    }

    private static Row row(ResultSet result, MailboxNumber mailbox, Head head) throws SQLException {
        Flags flags = new Flags();
        Flags.Flag[] system = {
            Flags.Flag.ANSWERED, Flags.Flag.DELETED, Flags.Flag.DRAFT, Flags.Flag.FLAGGED, Flags.Flag.SEEN
        };
        for (int i = 0; i < system.length; i++) {
            if (result.getBoolean(5 + i)) {
                flags.add(system[i]);
            }
        }
        Keywords.of(result.getString(10)).addTo(flags);
        long uid = result.getLong(1);
        return new Row(
                mailbox,
                uid,
                result.getLong(2),
                result.getLong(3),
                result.getLong(4),
                withRecent(flags, uid, head),
                result.getInt(11),
                result.getLong(12));
    }

    private static Flags withRecent(Flags flags, long uid, Head head) {
        if (uid > head.recentUid()) {
            flags.add(Flags.Flag.RECENT);
        } else {
            flags.remove(Flags.Flag.RECENT);
        }
        return flags;
    }

    private static List<Row> page(Statements statements, MailboxNumber mailbox, Head head, long from, long to)
            throws SQLException {
        List<Row> rows = new ArrayList<>();
        try (PreparedStatement statement = statements.prepare(PAGE, mailbox.value(), from, to)) {
            statement.setFetchSize(AT_ONCE);
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    rows.add(row(result, mailbox, head));
                }
            }
        }
        return rows;
    }

    /** The first messages of a range of UIDs, at most {@value #AT_ONCE}. */
    List<Row> page(MailboxNumber mailbox, long from, long to) throws MailboxException {
        return transactions.read(
                "Reading mailbox " + mailbox.serialize(),
                statements -> page(statements, mailbox, head(statements, mailbox), from, to));
    }

    /** How much of the bytes of messages is read at once. */
    enum Depth {
        HEADERS("c.PROPERTIES, c.HEADER"),
        BODIES("c.PROPERTIES, c.HEADER, c.BODY");

        private final String columns;

        Depth(String columns) {
            this.columns = columns;
        }

        private long octets(Row row) {
            return this == HEADERS ? row.headerOctets() : row.octets();
        }
    }

    /** How many of these messages, from the first, are read with their bytes at once; one at least. */
    static int atOnce(List<Row> rows, Depth depth) {
        long octets = 0;
        for (int i = 0; i < rows.size(); i++) {
            octets += depth.octets(rows.get(i));
            if (i > 0 && octets > OCTETS_AT_ONCE) {
                return i;
            }
        }
        return rows.size();
    }

    /** The bytes of messages by their UIDs; what has gone in the meantime is not there. */
    Map<Long, StoredContent> contents(MailboxNumber mailbox, List<Row> rows, Depth depth) throws MailboxException {
        Map<Long, Row> byUid = new TreeMap<>();
        rows.forEach(row -> byUid.put(row.uid(), row));
        return transactions.read("Reading mailbox " + mailbox.serialize(), statements -> {
            Map<Long, StoredContent> contents = new TreeMap<>();
            try (PreparedStatement statement = statements.prepare(
                            "SELECT m.UID, " + depth.columns + CONTENTS,
                            mailbox.value(),
                            rows.get(0).uid(),
                            rows.get(rows.size() - 1).uid());
                    ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    Row row = byUid.get(result.getLong(1));
                    if (row != null) {
                        byte[] properties = result.getBytes(2);
                        byte[] header = result.getBytes(3);
                        StoredContent.Part body = depth == Depth.BODIES ? whole(result.getBytes(4)) : part(row, "BODY");
                        contents.put(row.uid(), new StoredContent(row.octets(), () -> properties, () -> header, body));
                    }
                }
            }
            return contents;
        });
    }

    private static StoredContent.Part whole(byte[] bytes) {
        return () -> bytes;
    }

    /** The bytes of a message, none of which is read yet. */
    StoredContent content(Row row) {
        return new StoredContent(row.octets(), part(row, "PROPERTIES"), part(row, "HEADER"), part(row, "BODY"));
    }

    private StoredContent.Part part(Row row, String column) {
        return () -> transactions.read("Reading message " + row.uid(), statements -> {
            try (PreparedStatement statement = statements.prepare(
                            "SELECT " + column + " FROM REMPART_CONTENT WHERE CONTENT_ID = ?", row.content());
                    ResultSet result = statement.executeQuery()) {
                if (!result.next()) {
                    throw new MailboxException("Message " + row.uid() + " has been expunged");
                }
                return result.getBytes(1);
            }
        });
    }

    /** Computes the flags that a message has after a change. */
    @FunctionalInterface
    interface Change {
        Flags of(Flags old);
    }

    /**
     * Messages before and after a change of their flags.
     *
     * @param before in the order of their UIDs
     * @param after has a new mod-sequence where the flags are others
     */
    record Changed(List<Row> before, List<Row> after) {}

    /** Changes the flags of the first messages of a range of UIDs, at most {@value #AT_ONCE}. */
    Changed setFlags(MailboxNumber mailbox, long from, long to, Change change) throws MailboxException {
        return transactions.write("Changing flags in mailbox " + mailbox.serialize(), statements -> {
            Head head = lock(statements, mailbox, 0);
            List<Row> before = page(statements, mailbox, head, from, to);
            List<Row> after = new ArrayList<>();
            Tally tally = new Tally(head.keywords());
            boolean any = false;
            try (PreparedStatement statement = statements.prepare(SET_FLAGS)) {
                for (Row row : before) {
                    Flags flags = withRecent(change.of(new Flags(row.flags())), row.uid(), head);
                    if (flags.equals(row.flags())) {
                        after.add(row);
                        continue;
                    }
                    Row changed = new Row(
                            mailbox,
                            row.uid(),
                            row.content(),
                            head.modSeq(),
                            row.received(),
                            flags,
                            row.headerOctets(),
                            row.octets());
                    after.add(changed);
                    tally.remove(row);
                    tally.add(changed);
                    statement.setLong(1, changed.modSeq());
                    setFlags(statement, 2, flags);
                    statement.setLong(8, mailbox.value());
                    statement.setLong(9, row.uid());
                    statement.addBatch();
                    any = true;
                }
                if (any) {
                    statement.executeBatch();
                }
            }
            if (any) {
                tally.write(statements, mailbox);
            }
            return new Changed(before, after);
        });
    }

    /** The UIDs of messages that are marked as deleted. */
    List<Long> deleted(MailboxNumber mailbox, long from, long to) throws MailboxException {
        return uids(
                mailbox,
                "SELECT UID FROM REMPART_MESSAGE WHERE MAILBOX_ID = ? AND IS_DELETED = TRUE AND UID BETWEEN ? AND ?"
                        + " ORDER BY UID",
                from,
                to);
    }

    /** All UIDs. */
    List<Long> uids(MailboxNumber mailbox) throws MailboxException {
        return uids(mailbox, "SELECT UID FROM REMPART_MESSAGE WHERE MAILBOX_ID = ? ORDER BY UID");
    }

    private List<Long> uids(MailboxNumber mailbox, String sql, Object... range) throws MailboxException {
        return transactions.read("Reading mailbox " + mailbox.serialize(), statements -> {
            List<Long> uids = new ArrayList<>();
            try (PreparedStatement statement = statements.prepare(sql, mailbox.value())) {
                for (int i = 0; i < range.length; i++) {
                    statement.setObject(i + 2, range[i]);
                }
                try (ResultSet result = statement.executeQuery()) {
                    while (result.next()) {
                        uids.add(result.getLong(1));
                    }
                }
            }
            return uids;
        });
    }

    /** The UID of the first message without \Seen, 0 when there is none. */
    long firstUnseen(MailboxNumber mailbox) throws MailboxException {
        return transactions.read("Reading mailbox " + mailbox.serialize(), statements -> {
            long first = 0;
            for (boolean deleted : new boolean[] {false, true}) {
                try (PreparedStatement statement = statements.prepare(
                                "SELECT UID FROM REMPART_MESSAGE WHERE MAILBOX_ID = ? AND IS_DELETED = ?"
                                        + " AND IS_SEEN = FALSE ORDER BY UID FETCH FIRST 1 ROWS ONLY",
                                mailbox.value(),
                                deleted);
                        ResultSet result = statement.executeQuery()) {
                    if (result.next() && (first == 0 || result.getLong(1) < first)) {
                        first = result.getLong(1);
                    }
                }
            }
            return first;
        });
    }

    /** What the row of a mailbox says. */
    Head head(MailboxNumber mailbox) throws MailboxException {
        return transactions.read("Reading mailbox " + mailbox.serialize(), statements -> head(statements, mailbox));
    }

    /**
     * How many messages there are.
     *
     * @param octets the length of all of them
     */
    record Counts(long messages, long unseen, long octets) {}

    Counts counts(MailboxNumber mailbox) throws MailboxException {
        return transactions.read(
                "Reading mailbox " + mailbox.serialize(),
                statements -> counts(
                        statements,
                        "SELECT MESSAGES, UNSEEN, OCTETS FROM REMPART_MAILBOX WHERE MAILBOX_ID = ?",
                        mailbox.value()));
    }

    /** The counts of all mailboxes of an account. */
    Counts counts(String namespace, String user) throws MailboxException {
        return transactions.read(
                "Counting the messages of " + user,
                statements -> counts(
                        statements,
                        "SELECT SUM(MESSAGES), SUM(UNSEEN), SUM(OCTETS) FROM REMPART_MAILBOX"
                                + " WHERE USER_NAME = ? AND NAMESPACE = ?",
                        user,
                        namespace));
    }

    private static Counts counts(Statements statements, String sql, Object... parameters) throws SQLException {
        try (PreparedStatement statement = statements.prepare(sql, parameters);
                ResultSet result = statement.executeQuery()) {
            return result.next()
                    ? new Counts(result.getLong(1), result.getLong(2), result.getLong(3))
                    : new Counts(0, 0, 0);
        }
    }

    /** From now on none of its messages is recent; gives the UID from which on they were. */
    long resetRecent(MailboxNumber mailbox) throws MailboxException {
        Head now = head(mailbox);
        if (now.recentUid() == now.lastUid()) {
            return now.recentUid();
        }
        return transactions.write("Opening mailbox " + mailbox.serialize(), statements -> {
            Head head = lock(statements, mailbox, 0);
            statements.update("UPDATE REMPART_MAILBOX SET RECENT_UID = LAST_UID WHERE MAILBOX_ID = ?", mailbox.value());
            return head.recentUid();
        });
    }

    /** Takes messages away, at most {@value #AT_ONCE} UIDs of a list in order; gives those that were there. */
    List<Row> remove(MailboxNumber mailbox, List<Long> uids) throws MailboxException {
        return transactions.write("Expunging in mailbox " + mailbox.serialize(), statements -> {
            Head head = lock(statements, mailbox, 0);
            List<Row> rows = take(statements, mailbox, head, uids);
            use(statements, rows, -1);
            return rows;
        });
    }

    /** Takes the first messages of a mailbox away, at most {@value #AT_ONCE}; gives how many there were. */
    int removeFirst(MailboxNumber mailbox) throws MailboxException {
        List<Long> uids =
                page(mailbox, 1, Long.MAX_VALUE).stream().map(Row::uid).toList();
        return uids.isEmpty() ? 0 : remove(mailbox, uids).size();
    }

    private static List<Row> take(Statements statements, MailboxNumber mailbox, Head head, List<Long> uids)
            throws SQLException {
        List<Row> found = new ArrayList<>();
        try (PreparedStatement query = statements.prepare(
                        "SELECT " + COLUMNS + " FROM REMPART_MESSAGE m WHERE m.MAILBOX_ID = ? AND m.UID = ?");
                PreparedStatement delete = statements.prepare(DELETE)) {
            for (long uid : uids) {
                query.setLong(1, mailbox.value());
                query.setLong(2, uid);
                try (ResultSet result = query.executeQuery()) {
                    if (result.next()) {
                        found.add(row(result, mailbox, head));
                        delete.setLong(1, mailbox.value());
                        delete.setLong(2, uid);
                        delete.addBatch();
                    }
                }
            }
            if (!found.isEmpty()) {
                delete.executeBatch();
            }
        }
        Tally tally = new Tally(head.keywords());
        found.forEach(tally::remove);
        tally.write(statements, mailbox);
        return found;
    }

    /** Counts the uses of bytes, in the order of their numbers, so that two that do it never wait for each other. */
    private static void use(Statements statements, List<Row> rows, int more) throws SQLException {
        SortedMap<Long, Integer> uses = new TreeMap<>();
        rows.forEach(row -> uses.merge(row.content(), more, Integer::sum));
        if (uses.isEmpty()) {
            return;
        }
        try (PreparedStatement use = statements.prepare(USE);
                PreparedStatement delete = statements.prepare(DELETE_CONTENT)) {
            for (Map.Entry<Long, Integer> entry : uses.entrySet()) {
                use.setInt(1, entry.getValue());
                use.setLong(2, entry.getKey());
                use.addBatch();
                delete.setLong(1, entry.getKey());
                delete.addBatch();
            }
            use.executeBatch();
            if (more < 0) {
                delete.executeBatch();
            }
        }
    }

    /**
     * Copies messages of one mailbox, all or none. What has gone from there is left out.
     *
     * @return the copies, in the order of the originals
     */
    List<Row> copy(MailboxNumber to, MailboxNumber from, List<Long> uids) throws MailboxException {
        return transactions.write("Copying to mailbox " + to.serialize(), statements -> {
            Locked locked = lockBoth(statements, from, to, uids.size());
            List<Row> originals = new ArrayList<>();
            for (long uid : uids) {
                originals.addAll(page(statements, from, locked.from(), uid, uid));
            }
            use(statements, originals, 1);
            return put(statements, to, locked.to(), uids.size(), originals);
        });
    }

    /**
     * Moves messages of one mailbox, all or none. What has gone from there is left out.
     *
     * @return the messages in their new place, in the order of the originals
     */
    List<Row> move(MailboxNumber to, MailboxNumber from, List<Long> uids) throws MailboxException {
        return transactions.write("Moving to mailbox " + to.serialize(), statements -> {
            Locked locked = lockBoth(statements, from, to, uids.size());
            List<Row> originals = take(statements, from, locked.from(), uids);
            return put(statements, to, locked.to(), uids.size(), originals);
        });
    }

    private record Locked(Head from, Head to) {}

    /** Locks mailboxes in the order of their numbers, so that two that do it never wait for each other. */
    private static Locked lockBoth(Statements statements, MailboxNumber from, MailboxNumber to, int uids)
            throws SQLException, MailboxException {
        if (from.equals(to)) {
            Head head = lock(statements, to, uids);
            return new Locked(head, head);
        }
        if (from.value() < to.value()) {
            Head first = lock(statements, from, 0);
            return new Locked(first, lock(statements, to, uids));
        }
        Head first = lock(statements, to, uids);
        return new Locked(lock(statements, from, 0), first);
    }

    private static List<Row> put(Statements statements, MailboxNumber to, Head head, int uids, List<Row> originals)
            throws SQLException {
        List<Row> copies = new ArrayList<>();
        // The last of them all was given out.
        long uid = head.lastUid() - uids;
        Tally tally = new Tally(head.keywords());
        for (Row original : originals) {
            uid++;
            Row copy = new Row(
                    to,
                    uid,
                    original.content(),
                    head.modSeq(),
                    original.received(),
                    withRecent(new Flags(original.flags()), uid, head),
                    original.headerOctets(),
                    original.octets());
            copies.add(copy);
            tally.add(copy);
        }
        if (!copies.isEmpty()) {
            insert(statements, copies);
            tally.write(statements, to);
        }
        return copies;
    }
}
