/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import com.google.inject.multibindings.Multibinder;
import com.google.inject.name.Names;
import com.google.inject.util.Modules;
import javax.inject.Inject;
import org.apache.james.adapter.mailbox.ACLUsernameChangeTaskStep;
import org.apache.james.adapter.mailbox.MailboxUsernameChangeTaskStep;
import org.apache.james.adapter.mailbox.QuotaUsernameChangeTaskStep;
import org.apache.james.adapter.mailbox.UserRepositoryAuthenticator;
import org.apache.james.adapter.mailbox.UserRepositoryAuthorizator;
import org.apache.james.events.EventListener;
import org.apache.james.events.InVMEventBus;
import org.apache.james.mailbox.AttachmentContentLoader;
import org.apache.james.mailbox.Authenticator;
import org.apache.james.mailbox.Authorizator;
import org.apache.james.mailbox.MailboxManager;
import org.apache.james.mailbox.MailboxPathLocker;
import org.apache.james.mailbox.SessionProvider;
import org.apache.james.mailbox.SubscriptionManager;
import org.apache.james.mailbox.extractor.TextExtractor;
import org.apache.james.mailbox.model.MailboxId;
import org.apache.james.mailbox.model.MessageId;
import org.apache.james.mailbox.quota.CurrentQuotaManager;
import org.apache.james.mailbox.quota.MaxQuotaManager;
import org.apache.james.mailbox.quota.QuotaManager;
import org.apache.james.mailbox.quota.QuotaRootDeserializer;
import org.apache.james.mailbox.quota.QuotaRootResolver;
import org.apache.james.mailbox.quota.UserQuotaRootResolver;
import org.apache.james.mailbox.store.MailboxManagerConfiguration;
import org.apache.james.mailbox.store.MailboxSessionMapperFactory;
import org.apache.james.mailbox.store.SessionProviderImpl;
import org.apache.james.mailbox.store.StoreMailboxManager;
import org.apache.james.mailbox.store.StoreSubscriptionManager;
import org.apache.james.mailbox.store.extractor.JsoupTextExtractor;
import org.apache.james.mailbox.store.mail.MailboxMapperFactory;
import org.apache.james.mailbox.store.mail.MessageMapperFactory;
import org.apache.james.mailbox.store.mail.ModSeqProvider;
import org.apache.james.mailbox.store.mail.NaiveThreadIdGuessingAlgorithm;
import org.apache.james.mailbox.store.mail.ThreadIdGuessingAlgorithm;
import org.apache.james.mailbox.store.mail.UidProvider;
import org.apache.james.mailbox.store.mail.model.DefaultMessageId;
import org.apache.james.mailbox.store.quota.DefaultUserQuotaRootResolver;
import org.apache.james.mailbox.store.quota.ListeningCurrentQuotaUpdater;
import org.apache.james.mailbox.store.quota.QuotaUpdater;
import org.apache.james.mailbox.store.quota.StoreQuotaManager;
import org.apache.james.mailbox.store.search.MessageSearchIndex;
import org.apache.james.mailbox.store.user.SubscriptionMapperFactory;
import org.apache.james.modules.MailboxModule;
import org.apache.james.modules.mailbox.DefaultEventModule;
import org.apache.james.modules.mailbox.MemoryDeadLetterModule;
import org.apache.james.quota.search.QuotaSearcher;
import org.apache.james.quota.search.scanning.ScanningQuotaSearcher;
import org.apache.james.user.api.UsernameChangeTaskStep;
import org.apache.james.utils.MailboxManagerDefinition;

/** Mailboxes in the database. */
public final class MailboxesModule extends AbstractModule {
    @Override
    protected void configure() {
        install(new MailboxModule());
        install(Modules.override(new DefaultEventModule())
                .with(binder ->
                        binder.bind(InVMEventBus.class).to(MailboxEvents.class).in(Singleton.class)));
        // Holds events, never mail: what a listener could not count is counted again by "recompute quotas".
        install(new MemoryDeadLetterModule());
        mappers();
        manager();
        accounts();
        quotas();
        search();
    }

    private void mappers() {
        one(Transactions.class);
        one(MessageTable.class);
        one(StoredMappers.class);
        bind(MailboxSessionMapperFactory.class).to(StoredMappers.class);
        bind(SubscriptionMapperFactory.class).to(StoredMappers.class);
        bind(MessageMapperFactory.class).to(StoredMappers.class);
        bind(MailboxMapperFactory.class).to(StoredMappers.class);
        bind(MailboxId.Factory.class).to(MailboxNumber.Factory.class);
        one(DefaultMessageId.Factory.class);
        bind(MessageId.Factory.class).to(DefaultMessageId.Factory.class);
        one(NaiveThreadIdGuessingAlgorithm.class);
        bind(ThreadIdGuessingAlgorithm.class).to(NaiveThreadIdGuessingAlgorithm.class);
        bind(AttachmentContentLoader.class).toInstance((attachment, session) -> {
            throw new UnsupportedOperationException("attachments are read with their message");
        });
    }

    @Provides
    UidProvider uids(StoredMappers mappers) {
        return mappers.getUidProvider();
    }

    @Provides
    ModSeqProvider modSeqs(StoredMappers mappers) {
        return mappers.getModSeqProvider();
    }

    private void manager() {
        one(Mailboxes.class);
        bind(MailboxManager.class).to(Mailboxes.class);
        bind(StoreMailboxManager.class).to(Mailboxes.class);
        bind(MailboxManager.class)
                .annotatedWith(Names.named(org.apache.james.modules.Names.MAILBOXMANAGER_NAME))
                .to(MailboxManager.class);
        bind(MailboxManagerConfiguration.class).toInstance(MailboxManagerConfiguration.DEFAULT);
        Multibinder.newSetBinder(binder(), MailboxManagerDefinition.class)
                .addBinding()
                .to(Definition.class);

        bind(MailboxLocks.class).toInstance(new MailboxLocks());
        bind(MailboxPathLocker.class).to(MailboxLocks.class);
        one(StoreSubscriptionManager.class);
        bind(SubscriptionManager.class).to(StoreSubscriptionManager.class);
        one(SessionProviderImpl.class);
        bind(SessionProvider.class).to(SessionProviderImpl.class);
        Multibinder.newSetBinder(binder(), EventListener.GroupEventListener.class);
    }

    private void accounts() {
        one(UserRepositoryAuthenticator.class);
        bind(Authenticator.class).to(UserRepositoryAuthenticator.class);
        one(UserRepositoryAuthorizator.class);
        bind(Authorizator.class).to(UserRepositoryAuthorizator.class);

        Multibinder<UsernameChangeTaskStep> renaming = Multibinder.newSetBinder(binder(), UsernameChangeTaskStep.class);
        renaming.addBinding().to(MailboxUsernameChangeTaskStep.class);
        renaming.addBinding().to(ACLUsernameChangeTaskStep.class);
        renaming.addBinding().to(QuotaUsernameChangeTaskStep.class);
    }

    private void quotas() {
        one(DefaultUserQuotaRootResolver.class);
        bind(UserQuotaRootResolver.class).to(DefaultUserQuotaRootResolver.class);
        bind(QuotaRootResolver.class).to(DefaultUserQuotaRootResolver.class);
        bind(QuotaRootDeserializer.class).to(DefaultUserQuotaRootResolver.class);
        one(RememberedMaxQuotas.class);
        bind(MaxQuotaManager.class).to(RememberedMaxQuotas.class);
        one(StoreQuotaManager.class);
        bind(QuotaManager.class).to(StoreQuotaManager.class);
        one(StoredUsage.class);
        bind(CurrentQuotaManager.class).to(StoredUsage.class);
        one(ListeningCurrentQuotaUpdater.class);
        bind(QuotaUpdater.class).to(ListeningCurrentQuotaUpdater.class);
        Multibinder.newSetBinder(binder(), EventListener.ReactiveGroupEventListener.class);
        one(ScanningQuotaSearcher.class);
        bind(QuotaSearcher.class).to(ScanningQuotaSearcher.class);
    }

    /** Searches read the mailbox itself: slower than an index, and right after any crash. */
    private void search() {
        one(MailboxSearch.class);
        bind(MessageSearchIndex.class).to(MailboxSearch.class);
        bind(TextExtractor.class).to(JsoupTextExtractor.class);
    }

    private void one(Class<?> type) {
        bind(type).in(Singleton.class);
    }

    @Singleton
    private static final class Definition extends MailboxManagerDefinition {
        @Inject
        Definition(Mailboxes manager) {
            super("jpa-mailboxmanager", manager);
        }
    }
}
