/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.time.Clock;
import javax.inject.Inject;
import javax.mail.Flags;
import org.apache.james.events.EventBus;
import org.apache.james.mailbox.MailboxPathLocker;
import org.apache.james.mailbox.MailboxSession;
import org.apache.james.mailbox.SessionProvider;
import org.apache.james.mailbox.jpa.JPAMailboxSessionMapperFactory;
import org.apache.james.mailbox.jpa.openjpa.OpenJPAMailboxManager;
import org.apache.james.mailbox.model.Mailbox;
import org.apache.james.mailbox.model.MessageId;
import org.apache.james.mailbox.store.MessageFactory;
import org.apache.james.mailbox.store.MessageStorer;
import org.apache.james.mailbox.store.PreDeletionHooks;
import org.apache.james.mailbox.store.StoreMailboxAnnotationManager;
import org.apache.james.mailbox.store.StoreMailboxManager;
import org.apache.james.mailbox.store.StoreMessageManager;
import org.apache.james.mailbox.store.StoreRightManager;
import org.apache.james.mailbox.store.mail.ThreadIdGuessingAlgorithm;
import org.apache.james.mailbox.store.mail.model.impl.MessageParser;
import org.apache.james.mailbox.store.mail.model.impl.SimpleMailboxMessage;
import org.apache.james.mailbox.store.quota.QuotaComponents;
import org.apache.james.mailbox.store.search.MessageSearchIndex;

/**
 * James's mailboxes, whose new messages are not copied into memory before they are written: each thread that delivers would
 * hold the largest message twice.
 */
final class Mailboxes extends OpenJPAMailboxManager {
    static final MessageFactory<SimpleMailboxMessage> STREAMED =
            (id, thread, mailbox, received, saved, size, bodyStart, content, flags, properties, attachments) ->
                    SimpleMailboxMessage.builder()
                            .messageId(id)
                            .threadId(thread)
                            .mailboxId(mailbox.getMailboxId())
                            .internalDate(received)
                            .saveDate(saved)
                            .size(size)
                            .bodyStartOctet(bodyStart)
                            .content(content)
                            .flags(flags)
                            .properties(properties)
                            .addAttachments(attachments)
                            .build();

    @Inject
    Mailboxes(
            JPAMailboxSessionMapperFactory mappers,
            SessionProvider sessions,
            MessageParser parser,
            MessageId.Factory messageIds,
            EventBus events,
            StoreMailboxAnnotationManager annotations,
            StoreRightManager rights,
            QuotaComponents quotas,
            MessageSearchIndex index,
            ThreadIdGuessingAlgorithm threads,
            Clock clock) {
        super(mappers, sessions, parser, messageIds, events, annotations, rights, quotas, index, threads, clock);
    }

    @Override
    protected StoreMessageManager createMessageManager(Mailbox mailbox, MailboxSession session) {
        return new Messages(this, getLocker(), mailbox);
    }

    /** Messages of one mailbox. */
    private static final class Messages extends StoreMessageManager {
        Messages(Mailboxes all, MailboxPathLocker locker, Mailbox mailbox) {
            super(
                    StoreMailboxManager.DEFAULT_NO_MESSAGE_CAPABILITIES,
                    all.getMapperFactory(),
                    all.getMessageSearchIndex(),
                    all.getEventBus(),
                    locker,
                    mailbox,
                    all.getQuotaComponents().getQuotaManager(),
                    all.getQuotaComponents().getQuotaRootResolver(),
                    all.configuration.getBatchSizes(),
                    all.getStoreRightManager(),
                    PreDeletionHooks.NO_PRE_DELETION_HOOK,
                    new MessageStorer.WithoutAttachment(
                            all.getMapperFactory(),
                            all.getMessageIdFactory(),
                            STREAMED,
                            all.getThreadIdGuessingAlgorithm(),
                            all.getClock()));
        }

        /** An account may make flags of its own. */
        @Override
        public Flags getPermanentFlags(MailboxSession session) {
            Flags flags = super.getPermanentFlags(session);
            flags.add(Flags.Flag.USER);
            return flags;
        }
    }
}
