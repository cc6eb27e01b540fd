/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.util.OptionalLong;
import javax.inject.Inject;
import javax.persistence.EntityManager;
import javax.persistence.EntityManagerFactory;
import javax.sql.DataSource;
import org.apache.james.mailbox.ModSeq;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.jpa.JPAId;
import org.apache.james.mailbox.jpa.mail.JPAModSeqProvider;
import org.apache.james.mailbox.model.Mailbox;
import org.apache.james.mailbox.model.MailboxId;

/** Gives out mod-sequences (RFC 7162, section 3.1) in blocks. */
final class BlockModSeqProvider extends JPAModSeqProvider {
    private final MailboxCounter counter;

    @Inject
    BlockModSeqProvider(EntityManagerFactory entities, DataSource connections) {
        super(entities);
        this.counter = new MailboxCounter(connections, "MAILBOX_HIGHEST_MODSEQ");
    }

    @Override
    public ModSeq highestModSeq(Mailbox mailbox) throws MailboxException {
        return highestModSeq(mailbox.getMailboxId());
    }

    @Override
    public ModSeq highestModSeq(MailboxId mailbox) throws MailboxException {
        OptionalLong last = counter.last((JPAId) mailbox);
        return last.isPresent() ? ModSeq.of(last.getAsLong()) : super.highestModSeq(mailbox);
    }

    @Override
    public ModSeq highestModSeq(MailboxId mailbox, EntityManager manager) throws MailboxException {
        OptionalLong last = counter.last((JPAId) mailbox);
        return last.isPresent() ? ModSeq.of(last.getAsLong()) : super.highestModSeq(mailbox, manager);
    }

    @Override
    public ModSeq nextModSeq(Mailbox mailbox) throws MailboxException {
        return nextModSeq(mailbox.getMailboxId());
    }

    @Override
    public ModSeq nextModSeq(MailboxId mailbox) throws MailboxException {
        return ModSeq.of(counter.next((JPAId) mailbox));
    }
}
