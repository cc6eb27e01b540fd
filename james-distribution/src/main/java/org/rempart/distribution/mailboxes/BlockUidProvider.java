/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.util.Optional;
import java.util.OptionalLong;
import javax.inject.Inject;
import javax.persistence.EntityManager;
import javax.persistence.EntityManagerFactory;
import javax.sql.DataSource;
import org.apache.james.mailbox.MessageUid;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.jpa.JPAId;
import org.apache.james.mailbox.jpa.mail.JPAUidProvider;
import org.apache.james.mailbox.model.Mailbox;
import org.apache.james.mailbox.model.MailboxId;

/** Gives out UIDs (RFC 3501, section 2.3.1.1) in blocks. */
final class BlockUidProvider extends JPAUidProvider {
    private final MailboxCounter counter;

    @Inject
    BlockUidProvider(EntityManagerFactory entities, DataSource connections) {
        super(entities);
        this.counter = new MailboxCounter(connections, "MAILBOX_LAST_UID");
    }

    @Override
    public Optional<MessageUid> lastUid(Mailbox mailbox) throws MailboxException {
        Optional<MessageUid> given = given(mailbox);
        return given.isPresent() ? given : super.lastUid(mailbox);
    }

    @Override
    public Optional<MessageUid> lastUid(Mailbox mailbox, EntityManager manager) throws MailboxException {
        Optional<MessageUid> given = given(mailbox);
        return given.isPresent() ? given : super.lastUid(mailbox, manager);
    }

    private Optional<MessageUid> given(Mailbox mailbox) {
        OptionalLong last = counter.last((JPAId) mailbox.getMailboxId());
        return last.isPresent() ? Optional.of(MessageUid.of(last.getAsLong())) : Optional.empty();
    }

    @Override
    public MessageUid nextUid(Mailbox mailbox) throws MailboxException {
        return nextUid(mailbox.getMailboxId());
    }

    @Override
    public MessageUid nextUid(MailboxId mailbox) throws MailboxException {
        return MessageUid.of(counter.next((JPAId) mailbox));
    }
}
