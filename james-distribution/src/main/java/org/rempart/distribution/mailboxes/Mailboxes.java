/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.io.InputStream;
import java.time.Clock;
import java.util.Date;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import javax.inject.Inject;
import javax.mail.Flags;
import org.apache.james.events.EventBus;
import org.apache.james.mailbox.MailboxManager;
import org.apache.james.mailbox.MailboxSession;
import org.apache.james.mailbox.MessageUid;
import org.apache.james.mailbox.SessionProvider;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.exception.MailboxExistsException;
import org.apache.james.mailbox.model.Mailbox;
import org.apache.james.mailbox.model.MailboxId;
import org.apache.james.mailbox.model.MailboxPath;
import org.apache.james.mailbox.model.MessageId;
import org.apache.james.mailbox.model.MessageRange;
import org.apache.james.mailbox.model.search.MailboxQuery;
import org.apache.james.mailbox.model.search.PrefixedWildcard;
import org.apache.james.mailbox.store.MailboxManagerConfiguration;
import org.apache.james.mailbox.store.MailboxReactorUtils;
import org.apache.james.mailbox.store.MessageFactory;
import org.apache.james.mailbox.store.MessageStorer;
import org.apache.james.mailbox.store.NoMailboxPathLocker;
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
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * James's mailboxes, in which one change is made at a time ({@link MailboxLocks}), and whose new messages are not copied
 * into memory before they are written: each thread that delivers would hold the largest message twice.
 */
final class Mailboxes extends StoreMailboxManager {
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

    private final MailboxLocks locks;

    @Inject
    Mailboxes(
            StoredMappers mappers,
            SessionProvider sessions,
            MailboxLocks locks,
            MessageParser parser,
            MessageId.Factory messageIds,
            EventBus events,
            StoreMailboxAnnotationManager annotations,
            StoreRightManager rights,
            QuotaComponents quotas,
            MessageSearchIndex index,
            ThreadIdGuessingAlgorithm threads,
            Clock clock) {
        super(
                mappers,
                sessions,
                locks,
                parser,
                messageIds,
                annotations,
                events,
                rights,
                quotas,
                index,
                MailboxManagerConfiguration.DEFAULT,
                PreDeletionHooks.NO_PRE_DELETION_HOOK,
                threads,
                clock);
        this.locks = locks;
    }

    @Override
    public EnumSet<MailboxManager.MailboxCapabilities> getSupportedMailboxCapabilities() {
        return EnumSet.of(
                MailboxCapabilities.Move,
                MailboxCapabilities.UserFlag,
                MailboxCapabilities.Namespace,
                MailboxCapabilities.Annotation);
    }

    // An account's mailboxes are made, renamed and deleted one at a time: a name belongs to those above and below it.

    @Override
    public Mono<MailboxId> createMailboxReactive(MailboxPath path, CreateOption option, MailboxSession session) {
        return locks.change(session.getUser(), Mono.defer(() -> super.createMailboxReactive(path, option, session)));
    }

    @Override
    public void deleteMailbox(MailboxPath path, MailboxSession session) throws MailboxException {
        MailboxReactorUtils.block(deleteMailboxReactive(path, session));
    }

    @Override
    public Mailbox deleteMailbox(MailboxId id, MailboxSession session) throws MailboxException {
        return MailboxReactorUtils.block(deleteMailboxReactive(id, session));
    }

    @Override
    public Mono<Mailbox> deleteMailboxReactive(MailboxId id, MailboxSession session) {
        return locks.change(session.getUser(), Mono.defer(() -> super.deleteMailboxReactive(id, session)));
    }

    @Override
    public Mono<Void> deleteMailboxReactive(MailboxPath path, MailboxSession session) {
        return locks.change(session.getUser(), Mono.defer(() -> super.deleteMailboxReactive(path, session)));
    }

    @Override
    public Mono<List<MailboxRenamedResult>> renameMailboxReactive(
            MailboxPath from,
            MailboxPath to,
            RenameOption option,
            MailboxSession fromSession,
            MailboxSession toSession) {
        return locks.change(
                fromSession.getUser(),
                assertFree(from, to, fromSession, toSession)
                        .then(Mono.defer(() -> super.renameMailboxReactive(from, to, option, fromSession, toSession))));
    }

    @Override
    public Mono<List<MailboxRenamedResult>> renameMailboxReactive(
            MailboxId id, MailboxPath to, RenameOption option, MailboxSession session) {
        return getMapperFactory()
                .getMailboxMapper(session)
                .findMailboxById(id)
                .flatMap(mailbox ->
                        renameMailboxReactive(mailbox.generateAssociatedPath(), to, option, session, session));
    }

    /**
     * James renames a mailbox, and finds then that one below it can't be. A mailbox that is to be below itself it would take for
     * one of those.
     */
    private Mono<Void> assertFree(
            MailboxPath from, MailboxPath to, MailboxSession fromSession, MailboxSession toSession) {
        if (to.getUser().equals(from.getUser())
                && to.getNamespace().equals(from.getNamespace())
                && to.getName().startsWith(from.getName() + fromSession.getPathDelimiter())) {
            return Mono.error(new MailboxExistsException(to.asString()));
        }
        MailboxQuery.UserBound below = MailboxQuery.builder()
                .userAndNamespaceFrom(from)
                .expression(new PrefixedWildcard(from.getName() + fromSession.getPathDelimiter()))
                .build()
                .asUserBound();
        return getMapperFactory()
                .getMailboxMapper(fromSession)
                .findMailboxWithPathLike(below)
                .map(mailbox -> new MailboxPath(
                        to,
                        to.getName()
                                + mailbox.getName().substring(from.getName().length())))
                .concatMap(target -> mailboxExists(target, toSession)
                        .filter(exists -> exists)
                        .flatMap(exists -> Mono.error(new MailboxExistsException(target.asString()))))
                .then();
    }

    @Override
    protected StoreMessageManager createMessageManager(Mailbox mailbox, MailboxSession session) {
        return new Messages(this, mailbox);
    }

    /** The messages of one mailbox. */
    private static final class Messages extends StoreMessageManager {
        private final MailboxLocks locks;
        private final MailboxNumber number;

        Messages(Mailboxes all, Mailbox mailbox) {
            super(
                    StoreMailboxManager.DEFAULT_NO_MESSAGE_CAPABILITIES,
                    all.getMapperFactory(),
                    all.getMessageSearchIndex(),
                    all.getEventBus(),
                    // A mailbox is locked by its number here: its path may change at any time.
                    new NoMailboxPathLocker(),
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
            this.locks = all.locks;
            this.number = MailboxNumber.of(mailbox.getMailboxId());
        }

        /** An account may make flags of its own. */
        @Override
        public Flags getPermanentFlags(MailboxSession session) {
            Flags flags = super.getPermanentFlags(session);
            flags.add(Flags.Flag.USER);
            return flags;
        }

        private <T> Mono<T> change(Publisher<T> change) {
            return locks.change(number, Mono.from(change));
        }

        @Override
        public AppendResult appendMessage(AppendCommand command, MailboxSession session) throws MailboxException {
            return MailboxReactorUtils.block(appendMessageReactive(command, session));
        }

        @Override
        public Publisher<AppendResult> appendMessageReactive(AppendCommand command, MailboxSession session) {
            return change(super.appendMessageReactive(command, session));
        }

        @Override
        public AppendResult appendMessage(
                InputStream message, Date received, MailboxSession session, boolean recent, Flags flags)
                throws MailboxException {
            return MailboxReactorUtils.block(
                    change(Mono.fromCallable(() -> super.appendMessage(message, received, session, recent, flags))
                            .subscribeOn(Schedulers.boundedElastic())));
        }

        @Override
        public Iterator<MessageUid> expunge(MessageRange set, MailboxSession session) throws MailboxException {
            return MailboxReactorUtils.block(expungeReactive(set, session).collectList())
                    .iterator();
        }

        @Override
        public Flux<MessageUid> expungeReactive(MessageRange set, MailboxSession session) {
            return change(super.expungeReactive(set, session).collectList()).flatMapIterable(uids -> uids);
        }

        @Override
        public void delete(List<MessageUid> uids, MailboxSession session) throws MailboxException {
            MailboxReactorUtils.block(deleteReactive(uids, session));
        }

        @Override
        public Mono<Void> deleteReactive(List<MessageUid> uids, MailboxSession session) {
            return change(super.deleteReactive(uids, session));
        }

        @Override
        public Map<MessageUid, Flags> setFlags(
                Flags flags, FlagsUpdateMode mode, MessageRange set, MailboxSession session) throws MailboxException {
            return MailboxReactorUtils.block(setFlagsReactive(flags, mode, set, session));
        }

        @Override
        public Publisher<Map<MessageUid, Flags>> setFlagsReactive(
                Flags flags, FlagsUpdateMode mode, MessageRange set, MailboxSession session) {
            return change(super.setFlagsReactive(flags, mode, set, session));
        }

        @Override
        public Mono<List<MessageRange>> copyTo(MessageRange set, StoreMessageManager to, MailboxSession session) {
            return locks.change(number, MailboxNumber.of(to.getId()), super.copyTo(set, to, session));
        }

        @Override
        public Mono<List<MessageRange>> moveTo(MessageRange set, StoreMessageManager to, MailboxSession session) {
            return locks.change(number, MailboxNumber.of(to.getId()), super.moveTo(set, to, session));
        }
    }
}
