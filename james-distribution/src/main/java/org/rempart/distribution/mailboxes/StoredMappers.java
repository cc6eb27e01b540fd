/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.util.Optional;
import javax.inject.Inject;
import org.apache.james.mailbox.MailboxSession;
import org.apache.james.mailbox.MessageUid;
import org.apache.james.mailbox.ModSeq;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.model.Mailbox;
import org.apache.james.mailbox.model.MailboxId;
import org.apache.james.mailbox.store.MailboxSessionMapperFactory;
import org.apache.james.mailbox.store.mail.AnnotationMapper;
import org.apache.james.mailbox.store.mail.MailboxMapper;
import org.apache.james.mailbox.store.mail.MessageIdMapper;
import org.apache.james.mailbox.store.mail.MessageMapper;
import org.apache.james.mailbox.store.mail.ModSeqProvider;
import org.apache.james.mailbox.store.mail.UidProvider;
import org.apache.james.mailbox.store.user.SubscriptionMapper;

/** Hands out what James asks the database by: one of each for all sessions, since none keeps anything of a session. */
final class StoredMappers extends MailboxSessionMapperFactory {
    private final MailboxMapper mailboxes;
    private final MessageMapper messages;
    private final SubscriptionMapper subscriptions;
    private final AnnotationMapper annotations;
    private final MessageTable table;

    @Inject
    StoredMappers(
            StoredMailboxes mailboxes,
            StoredMessages messages,
            StoredSubscriptions subscriptions,
            StoredAnnotations annotations,
            MessageTable table) {
        this.mailboxes = mailboxes;
        this.messages = messages;
        this.subscriptions = subscriptions;
        this.annotations = annotations;
        this.table = table;
    }

    // Those of the parent keep what they give in a map of the session, which is not made for several threads.

    @Override
    public MailboxMapper getMailboxMapper(MailboxSession session) {
        return mailboxes;
    }

    @Override
    public MessageMapper getMessageMapper(MailboxSession session) {
        return messages;
    }

    @Override
    public SubscriptionMapper getSubscriptionMapper(MailboxSession session) {
        return subscriptions;
    }

    @Override
    public AnnotationMapper getAnnotationMapper(MailboxSession session) {
        return annotations;
    }

    @Override
    public MailboxMapper createMailboxMapper(MailboxSession session) {
        return mailboxes;
    }

    @Override
    public MessageMapper createMessageMapper(MailboxSession session) {
        return messages;
    }

    @Override
    public SubscriptionMapper createSubscriptionMapper(MailboxSession session) {
        return subscriptions;
    }

    @Override
    public AnnotationMapper createAnnotationMapper(MailboxSession session) {
        return annotations;
    }

    /** Messages have no identity beside that of their mailbox and UID. */
    @Override
    public MessageIdMapper createMessageIdMapper(MailboxSession session) {
        throw new UnsupportedOperationException("messages have no ids");
    }

    /** Numbers are given out together with what is changed: see {@link MessageTable}. */
    @Override
    public UidProvider getUidProvider() {
        return new UidProvider() {
            @Override
            public Optional<MessageUid> lastUid(Mailbox mailbox) throws MailboxException {
                return Optional.of(table.head(MailboxNumber.of(mailbox.getMailboxId()))
                                .lastUid())
                        .filter(uid -> uid > 0)
                        .map(MessageUid::of);
            }

            @Override
            public MessageUid nextUid(Mailbox mailbox) {
                throw withItsMessage();
            }

            @Override
            public MessageUid nextUid(MailboxId mailbox) {
                throw withItsMessage();
            }
        };
    }

    @Override
    public ModSeqProvider getModSeqProvider() {
        return new ModSeqProvider() {
            @Override
            public ModSeq highestModSeq(Mailbox mailbox) throws MailboxException {
                return highestModSeq(mailbox.getMailboxId());
            }

            @Override
            public ModSeq highestModSeq(MailboxId mailbox) throws MailboxException {
                return ModSeq.of(table.head(MailboxNumber.of(mailbox)).modSeq());
            }

            @Override
            public ModSeq nextModSeq(Mailbox mailbox) {
                throw withItsMessage();
            }

            @Override
            public ModSeq nextModSeq(MailboxId mailbox) {
                throw withItsMessage();
            }
        };
    }

    private static UnsupportedOperationException withItsMessage() {
        return new UnsupportedOperationException("a number is given out together with its message");
    }
}
