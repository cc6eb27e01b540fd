/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.List;
import javax.inject.Inject;
import javax.persistence.EntityManagerFactory;
import javax.sql.DataSource;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.jpa.JPAId;
import org.apache.james.mailbox.jpa.mail.model.JPAProperty;
import org.apache.james.mailbox.model.Mailbox;
import org.apache.james.mailbox.store.mail.model.MailboxMessage;
import org.apache.james.mailbox.store.mail.model.Property;
import org.apache.openjpa.persistence.Generator;
import org.apache.openjpa.persistence.OpenJPAEntityManager;
import org.apache.openjpa.persistence.OpenJPAPersistence;

/**
 * Writes new messages into James's tables: a message, its properties and what it adds to its owner's quota, in one
 * transaction, with a statement for each. OpenJPA takes three transactions and a dozen queries for the same.
 */
final class MessageWriter {
    /** A longer body is handed over piece by piece, in bytes. */
    private static final int STREAMED = 128 * 1024;

    private static final String MESSAGE = "INSERT INTO JAMES_MAIL (MAILBOX_ID, MAIL_UID, MAIL_MODSEQ, MAIL_DATE,"
            + " MAIL_IS_ANSWERED, MAIL_IS_DELETED, MAIL_IS_DRAFT, MAIL_IS_FLAGGED, MAIL_IS_RECENT, MAIL_IS_SEEN,"
            + " MAIL_BODY_START_OCTET, MAIL_CONTENT_OCTETS_COUNT, MAIL_MIME_TYPE, MAIL_MIME_SUBTYPE,"
            + " MAIL_TEXTUAL_LINE_COUNT, HEADER_BYTES, MAIL_BYTES) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    private static final String PROPERTY = "INSERT INTO JAMES_MAIL_PROPERTY (PROPERTY_ID, PROPERTY_LINE_NUMBER,"
            + " PROPERTY_LOCAL_NAME, PROPERTY_NAME_SPACE, PROPERTY_VALUE, MAILBOX_ID, MAIL_UID)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?)";

    private final DataSource connections;
    private final QuotaUsage quotas;
    private final OpenJPAEntityManager entities;
    private final Generator propertyIds;

    @Inject
    MessageWriter(DataSource connections, EntityManagerFactory entities, QuotaUsage quotas) {
        this.connections = connections;
        this.quotas = quotas;
        this.entities = OpenJPAPersistence.cast(entities.createEntityManager());
        // The numbers that OpenJPA gives to the same column.
        this.propertyIds = this.entities.getFieldGenerator(JPAProperty.class, "id");
    }

    /**
     * Writes a message; when this returns it is on the disk.
     *
     * @param message has its UID and mod-sequence, and no flags of its user's own
     * @throws MailboxException when it is not written, or nobody knows whether it is
     */
    void write(Mailbox mailbox, MailboxMessage message) throws MailboxException {
        try {
            String root = quotas.ready(mailbox);
            try (Connection connection = connections.getConnection()) {
                connection.setAutoCommit(false);
                try {
                    insert(connection, mailbox, message);
                    insertProperties(connection, mailbox, message);
                    quotas.count(connection, root, message.getFullContentOctets());
                    connection.commit();
                } catch (SQLException | IOException | RuntimeException failed) {
                    connection.rollback();
                    throw failed;
                }
            }
            quotas.counted(root, message.getFullContentOctets());
        } catch (SQLException | IOException failed) {
            throw new MailboxException(
                    "A message could not be written to mailbox "
                            + mailbox.getMailboxId().serialize(),
                    failed);
        }
    }

    private static void insert(Connection connection, Mailbox mailbox, MailboxMessage message)
            throws SQLException, IOException {
        try (PreparedStatement statement = connection.prepareStatement(MESSAGE)) {
            statement.setLong(1, ((JPAId) mailbox.getMailboxId()).getRawId());
            statement.setLong(2, message.getUid().asLong());
            statement.setLong(3, message.getModSeq().asLong());
            statement.setTimestamp(4, Timestamp.from(message.getInternalDate().toInstant()));
            statement.setBoolean(5, message.isAnswered());
            statement.setBoolean(6, message.isDeleted());
            statement.setBoolean(7, message.isDraft());
            statement.setBoolean(8, message.isFlagged());
            statement.setBoolean(9, message.isRecent());
            statement.setBoolean(10, message.isSeen());
            statement.setInt(11, Math.toIntExact(message.getHeaderOctets()));
            statement.setLong(12, message.getFullContentOctets());
            statement.setString(13, message.getMediaType());
            statement.setString(14, message.getSubType());
            if (message.getTextualLineCount() == null) {
                statement.setNull(15, Types.BIGINT);
            } else {
                statement.setLong(15, message.getTextualLineCount());
            }
            int header = Math.toIntExact(message.getHeaderOctets());
            try (InputStream content = message.getFullContent()) {
                statement.setBytes(16, content.readNBytes(header));
                if (message.getBodyOctets() > STREAMED) {
                    statement.setBinaryStream(17, content, length(message) - header);
                } else {
                    statement.setBytes(17, content.readAllBytes());
                }
                statement.executeUpdate();
            }
        }
    }

    /** The true length: what James says is what it has once computed, and the database takes no other than it is told. */
    private static long length(MailboxMessage message) throws IOException {
        try (InputStream content = message.getFullContent()) {
            return content.transferTo(OutputStream.nullOutputStream());
        }
    }

    private void insertProperties(Connection connection, Mailbox mailbox, MailboxMessage message) throws SQLException {
        List<Property> properties = message.getProperties().toProperties();
        if (properties.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(PROPERTY)) {
            for (int line = 0; line < properties.size(); line++) {
                Property property = properties.get(line);
                statement.setLong(1, nextPropertyId());
                statement.setInt(2, line);
                statement.setString(3, property.getLocalName());
                statement.setString(4, property.getNamespace());
                statement.setString(5, property.getValue());
                statement.setLong(6, ((JPAId) mailbox.getMailboxId()).getRawId());
                statement.setLong(7, message.getUid().asLong());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    private long nextPropertyId() {
        synchronized (entities) {
            return ((Number) propertyIds.next()).longValue();
        }
    }
}
