/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import javax.inject.Inject;
import javax.persistence.EntityManager;
import javax.persistence.EntityManagerFactory;
import javax.sql.DataSource;
import org.apache.james.mailbox.MailboxSession;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.jpa.JPAId;
import org.apache.james.mailbox.jpa.JPAMailboxSessionMapperFactory;
import org.apache.james.mailbox.jpa.mail.JPAMailboxMapper;
import org.apache.james.mailbox.jpa.mail.JPAMessageMapper;
import org.apache.james.mailbox.jpa.mail.JPAModSeqProvider;
import org.apache.james.mailbox.jpa.mail.JPAUidProvider;
import org.apache.james.mailbox.model.Mailbox;
import org.apache.james.mailbox.model.MailboxPath;
import org.apache.james.mailbox.model.MessageMetaData;
import org.apache.james.mailbox.model.UidValidity;
import org.apache.james.mailbox.store.mail.MailboxMapper;
import org.apache.james.mailbox.store.mail.MessageMapper;
import org.apache.james.mailbox.store.mail.model.MailboxMessage;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * James's mailboxes in its own tables, with what each delivery does written by hand: a mailbox is found by its path, and a
 * message is added ({@link MessageWriter}), without OpenJPA. All else is OpenJPA's, which keeps no rows beyond a
 * transaction or request, so it sees what was written here.
 */
final class MapperFactory extends JPAMailboxSessionMapperFactory {
    private final EntityManagerFactory entities;
    private final JPAUidProvider uids;
    private final JPAModSeqProvider modSeqs;
    private final DataSource connections;
    private final MessageWriter writer;

    @Inject
    MapperFactory(
            EntityManagerFactory entities,
            JPAUidProvider uids,
            JPAModSeqProvider modSeqs,
            DataSource connections,
            MessageWriter writer) {
        super(entities, uids, modSeqs);
        this.entities = entities;
        this.uids = uids;
        this.modSeqs = modSeqs;
        this.connections = connections;
        this.writer = writer;
    }

    @Override
    public MessageMapper createMessageMapper(MailboxSession session) {
        return new Messages();
    }

    @Override
    public MailboxMapper createMailboxMapper(MailboxSession session) {
        return new Mailboxes();
    }

    private final class Messages extends JPAMessageMapper {
        /** A transaction was asked for, and begins with the first use of an entity. */
        private boolean begun;

        Messages() {
            super(uids, modSeqs, MapperFactory.this.entities);
        }

        @Override
        public MessageMetaData add(Mailbox mailbox, MailboxMessage message) throws MailboxException {
            boolean partOfMore =
                    entityManager != null && entityManager.getTransaction().isActive();
            if (partOfMore || message.createFlags().getUserFlags().length > 0) {
                return super.add(mailbox, message);
            }
            message.setUid(uids.nextUid(mailbox));
            message.setModSeq(modSeqs.nextModSeq(mailbox));
            writer.write(mailbox, message);
            return message.metaData();
        }

        // Synchronized: IMAP has several threads read by one mapper at once, and each would begin the transaction.

        @Override
        public synchronized EntityManager getEntityManager() {
            EntityManager manager = super.getEntityManager();
            if (begun && !manager.getTransaction().isActive()) {
                manager.getTransaction().begin();
            }
            return manager;
        }

        @Override
        protected synchronized void begin() {
            begun = true;
        }

        @Override
        protected synchronized void commit() throws MailboxException {
            begun = false;
            if (isActive()) {
                super.commit();
            }
        }

        @Override
        protected synchronized void rollback() throws MailboxException {
            begun = false;
            if (isActive()) {
                super.rollback();
            }
        }

        private boolean isActive() {
            return entityManager != null && entityManager.getTransaction().isActive();
        }

        @Override
        public synchronized void endRequest() {
            begun = false;
            super.endRequest();
        }
    }

    private final class Mailboxes extends JPAMailboxMapper {
        private static final String BY_PATH = "SELECT MAILBOX_ID, MAILBOX_UID_VALIDITY FROM JAMES_MAILBOX"
                + " WHERE USER_NAME = ? AND MAILBOX_NAME = ? AND MAILBOX_NAMESPACE = ?";

        Mailboxes() {
            super(MapperFactory.this.entities);
        }

        @Override
        public Mono<Mailbox> findMailboxByPath(MailboxPath path) {
            return Mono.defer(() -> {
                // What a transaction has changed is seen from within it alone, and may be locked for others.
                boolean partOfMore =
                        entityManager != null && entityManager.getTransaction().isActive();
                return partOfMore || path.getUser() == null
                        ? super.findMailboxByPath(path)
                        // It waits for the database, which no thread of a socket must.
                        : Mono.defer(() -> find(path)).subscribeOn(Schedulers.boundedElastic());
            });
        }

        private Mono<Mailbox> find(MailboxPath path) {
            try (Connection connection = connections.getConnection()) {
                connection.setAutoCommit(true);
                try (PreparedStatement statement = connection.prepareStatement(BY_PATH)) {
                    statement.setString(1, path.getUser().asString());
                    statement.setString(2, path.getName());
                    statement.setString(3, path.getNamespace());
                    try (ResultSet row = statement.executeQuery()) {
                        if (!row.next()) {
                            return Mono.empty();
                        }
                        if (UidValidity.isValid(row.getLong(2))) {
                            return Mono.just(
                                    new Mailbox(path, UidValidity.of(row.getLong(2)), JPAId.of(row.getLong(1))));
                        }
                    }
                }
            } catch (SQLException failed) {
                return Mono.error(new MailboxException("The database could not be asked for mailbox " + path, failed));
            }
            // James gives it a valid one.
            return super.findMailboxByPath(path);
        }
    }
}
