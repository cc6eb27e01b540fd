/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.exception.MailboxNotFoundException;
import org.apache.james.mailbox.jpa.JPAId;

/**
 * A counter of each mailbox that only rises. Its numbers are reserved in the database {@value #BLOCK} at a time, so that
 * not every message costs a commit of its own; after a crash the rest of a block is skipped, which RFC 3501, section
 * 2.3.1.1 and RFC 7162, section 3.1 allow. The database belongs to one server: what two of them would give out would not
 * rise any more.
 */
final class MailboxCounter {
    static final int BLOCK = 500;

    private final DataSource connections;
    private final String reserve;
    private final String reserved;
    private final ConcurrentHashMap<Long, Block> blocks = new ConcurrentHashMap<>();

    /**
     * @param column the column of JAMES_MAILBOX that holds the highest number that is reserved
     */
    MailboxCounter(DataSource connections, String column) {
        this.connections = connections;
        this.reserve = "UPDATE JAMES_MAILBOX SET " + column + " = " + column + " + " + BLOCK + " WHERE MAILBOX_ID = ?";
        this.reserved = "SELECT " + column + " FROM JAMES_MAILBOX WHERE MAILBOX_ID = ?";
    }

    /**
     * The next number of a mailbox.
     *
     * @throws MailboxNotFoundException when there is no such mailbox
     * @throws MailboxException when the database fails
     */
    long next(JPAId mailbox) throws MailboxException {
        return blocks.computeIfAbsent(mailbox.getRawId(), id -> new Block()).next(mailbox);
    }

    /** The last number that was given out; empty when none was since the start. */
    OptionalLong last(JPAId mailbox) {
        Block block = blocks.get(mailbox.getRawId());
        return block == null ? OptionalLong.empty() : block.last();
    }

    private final class Block {
        private long last;
        private long end;

        private synchronized long next(JPAId mailbox) throws MailboxException {
            if (last == end) {
                long reservedUpTo = reserve(mailbox);
                end = reservedUpTo;
                last = reservedUpTo - BLOCK;
            }
            last++;
            return last;
        }

        private synchronized OptionalLong last() {
            return end == 0 ? OptionalLong.empty() : OptionalLong.of(last);
        }
    }

    private long reserve(JPAId mailbox) throws MailboxException {
        try (Connection connection = connections.getConnection()) {
            connection.setAutoCommit(false);
            try {
                long upTo = reserve(connection, mailbox);
                connection.commit();
                return upTo;
            } catch (SQLException | MailboxException failed) {
                connection.rollback();
                throw failed;
            }
        } catch (SQLException failed) {
            throw new MailboxException("No number could be reserved for mailbox " + mailbox.serialize(), failed);
        }
    }

    private long reserve(Connection connection, JPAId mailbox) throws SQLException, MailboxException {
        try (PreparedStatement update = connection.prepareStatement(reserve);
                PreparedStatement query = connection.prepareStatement(reserved)) {
            update.setLong(1, mailbox.getRawId());
            query.setLong(1, mailbox.getRawId());
            if (update.executeUpdate() == 0) {
                throw new MailboxNotFoundException(mailbox);
            }
            try (ResultSet result = query.executeQuery()) {
                if (!result.next()) {
                    throw new MailboxNotFoundException(mailbox);
                }
                return result.getLong(1);
            }
        }
    }
}
