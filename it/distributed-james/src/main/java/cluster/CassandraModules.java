/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package cluster;

import com.datastax.oss.driver.api.core.CqlSession;
import com.google.inject.AbstractModule;
import com.google.inject.Binder;
import com.google.inject.Provides;
import com.google.inject.Scopes;
import com.google.inject.TypeLiteral;
import com.google.inject.multibindings.Multibinder;
import com.google.inject.multibindings.ProvidesIntoSet;
import com.google.inject.name.Names;
import java.util.List;
import java.util.Set;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.apache.commons.configuration2.BaseHierarchicalConfiguration;
import org.apache.james.CoreDataModule;
import org.apache.james.adapter.mailbox.DelegationStoreAuthorizator;
import org.apache.james.adapter.mailbox.UserRepositoryAuthenticator;
import org.apache.james.backends.cassandra.components.CassandraModule;
import org.apache.james.backends.cassandra.init.CassandraZonedDateTimeModule;
import org.apache.james.backends.cassandra.init.KeyspaceFactory;
import org.apache.james.backends.cassandra.init.ResilientClusterProvider;
import org.apache.james.backends.cassandra.init.SessionWithInitializedTablesFactory;
import org.apache.james.backends.cassandra.init.configuration.CassandraConfiguration;
import org.apache.james.backends.cassandra.init.configuration.ClusterConfiguration;
import org.apache.james.backends.cassandra.init.configuration.KeyspaceConfiguration;
import org.apache.james.backends.cassandra.versions.CassandraSchemaVersionDAO;
import org.apache.james.backends.cassandra.versions.CassandraSchemaVersionManager;
import org.apache.james.backends.cassandra.versions.CassandraSchemaVersionModule;
import org.apache.james.blob.api.BlobStore;
import org.apache.james.blob.api.BlobStoreDAO;
import org.apache.james.blob.api.BucketName;
import org.apache.james.blob.api.MetricableBlobStore;
import org.apache.james.blob.cassandra.CassandraBlobModule;
import org.apache.james.blob.cassandra.CassandraBlobStoreDAO;
import org.apache.james.blob.cassandra.CassandraDefaultBucketDAO;
import org.apache.james.blob.cassandra.cache.CachedBlobStore;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.cassandra.CassandraDomainList;
import org.apache.james.domainlist.cassandra.CassandraDomainListModule;
import org.apache.james.domainlist.lib.DomainListConfiguration;
import org.apache.james.events.EventListener;
import org.apache.james.eventsourcing.Event;
import org.apache.james.eventsourcing.eventstore.EventStore;
import org.apache.james.eventsourcing.eventstore.cassandra.CassandraEventStore;
import org.apache.james.eventsourcing.eventstore.cassandra.CassandraEventStoreModule;
import org.apache.james.eventsourcing.eventstore.cassandra.EventNestedTypes;
import org.apache.james.eventsourcing.eventstore.cassandra.EventStoreDao;
import org.apache.james.eventsourcing.eventstore.cassandra.JsonEventSerializer;
import org.apache.james.eventsourcing.eventstore.cassandra.dto.EventDTO;
import org.apache.james.eventsourcing.eventstore.cassandra.dto.EventDTOModule;
import org.apache.james.json.DTO;
import org.apache.james.json.DTOModule;
import org.apache.james.mailbox.AttachmentContentLoader;
import org.apache.james.mailbox.AttachmentManager;
import org.apache.james.mailbox.Authenticator;
import org.apache.james.mailbox.Authorizator;
import org.apache.james.mailbox.MailboxManager;
import org.apache.james.mailbox.MailboxPathLocker;
import org.apache.james.mailbox.MessageIdManager;
import org.apache.james.mailbox.RightManager;
import org.apache.james.mailbox.SessionProvider;
import org.apache.james.mailbox.SubscriptionManager;
import org.apache.james.mailbox.cassandra.CassandraMailboxManager;
import org.apache.james.mailbox.cassandra.CassandraMailboxSessionMapperFactory;
import org.apache.james.mailbox.cassandra.CassandraThreadIdGuessingAlgorithm;
import org.apache.james.mailbox.cassandra.DeleteMessageListener;
import org.apache.james.mailbox.cassandra.ids.CassandraId;
import org.apache.james.mailbox.cassandra.ids.CassandraMessageId;
import org.apache.james.mailbox.cassandra.mail.ACLMapper;
import org.apache.james.mailbox.cassandra.mail.CassandraACLDAOV2;
import org.apache.james.mailbox.cassandra.mail.CassandraACLMapper;
import org.apache.james.mailbox.cassandra.mail.CassandraModSeqProvider;
import org.apache.james.mailbox.cassandra.mail.CassandraUidProvider;
import org.apache.james.mailbox.cassandra.mail.CassandraUserMailboxRightsDAO;
import org.apache.james.mailbox.cassandra.mail.eventsourcing.acl.ACLModule;
import org.apache.james.mailbox.cassandra.modules.CassandraAclModule;
import org.apache.james.mailbox.cassandra.modules.CassandraAnnotationModule;
import org.apache.james.mailbox.cassandra.modules.CassandraApplicableFlagsModule;
import org.apache.james.mailbox.cassandra.modules.CassandraAttachmentModule;
import org.apache.james.mailbox.cassandra.modules.CassandraDeletedMessageModule;
import org.apache.james.mailbox.cassandra.modules.CassandraFirstUnseenModule;
import org.apache.james.mailbox.cassandra.modules.CassandraMailboxCounterModule;
import org.apache.james.mailbox.cassandra.modules.CassandraMailboxModule;
import org.apache.james.mailbox.cassandra.modules.CassandraMailboxRecentsModule;
import org.apache.james.mailbox.cassandra.modules.CassandraMessageModule;
import org.apache.james.mailbox.cassandra.modules.CassandraModSeqModule;
import org.apache.james.mailbox.cassandra.modules.CassandraQuotaModule;
import org.apache.james.mailbox.cassandra.modules.CassandraSubscriptionModule;
import org.apache.james.mailbox.cassandra.modules.CassandraThreadModule;
import org.apache.james.mailbox.cassandra.modules.CassandraUidModule;
import org.apache.james.mailbox.cassandra.quota.CassandraCurrentQuotaManager;
import org.apache.james.mailbox.cassandra.quota.CassandraPerUserMaxQuotaManager;
import org.apache.james.mailbox.extractor.TextExtractor;
import org.apache.james.mailbox.model.MailboxId;
import org.apache.james.mailbox.model.MessageId;
import org.apache.james.mailbox.quota.CurrentQuotaManager;
import org.apache.james.mailbox.quota.MaxQuotaManager;
import org.apache.james.mailbox.quota.QuotaManager;
import org.apache.james.mailbox.quota.QuotaRootDeserializer;
import org.apache.james.mailbox.quota.QuotaRootResolver;
import org.apache.james.mailbox.quota.UserQuotaRootResolver;
import org.apache.james.mailbox.store.BatchSizes;
import org.apache.james.mailbox.store.MailboxSessionMapperFactory;
import org.apache.james.mailbox.store.NoMailboxPathLocker;
import org.apache.james.mailbox.store.SessionProviderImpl;
import org.apache.james.mailbox.store.StoreAttachmentManager;
import org.apache.james.mailbox.store.StoreMailboxManager;
import org.apache.james.mailbox.store.StoreMessageIdManager;
import org.apache.james.mailbox.store.StoreRightManager;
import org.apache.james.mailbox.store.StoreSubscriptionManager;
import org.apache.james.mailbox.store.event.MailboxAnnotationListener;
import org.apache.james.mailbox.store.extractor.JsoupTextExtractor;
import org.apache.james.mailbox.store.mail.AttachmentMapperFactory;
import org.apache.james.mailbox.store.mail.MailboxMapperFactory;
import org.apache.james.mailbox.store.mail.MessageMapperFactory;
import org.apache.james.mailbox.store.mail.ModSeqProvider;
import org.apache.james.mailbox.store.mail.ThreadIdGuessingAlgorithm;
import org.apache.james.mailbox.store.mail.UidProvider;
import org.apache.james.mailbox.store.quota.DefaultUserQuotaRootResolver;
import org.apache.james.mailbox.store.quota.ListeningCurrentQuotaUpdater;
import org.apache.james.mailbox.store.quota.QuotaUpdater;
import org.apache.james.mailbox.store.quota.StoreQuotaManager;
import org.apache.james.mailbox.store.search.MessageSearchIndex;
import org.apache.james.mailbox.store.search.SimpleMessageSearchIndex;
import org.apache.james.mailbox.store.user.SubscriptionMapperFactory;
import org.apache.james.mailrepository.api.MailRepositoryFactory;
import org.apache.james.mailrepository.api.MailRepositoryUrlStore;
import org.apache.james.mailrepository.api.Protocol;
import org.apache.james.mailrepository.cassandra.CassandraMailRepository;
import org.apache.james.mailrepository.cassandra.CassandraMailRepositoryFactory;
import org.apache.james.mailrepository.cassandra.CassandraMailRepositoryKeysDAO;
import org.apache.james.mailrepository.cassandra.CassandraMailRepositoryMailDaoV2;
import org.apache.james.mailrepository.cassandra.CassandraMailRepositoryModule;
import org.apache.james.mailrepository.cassandra.CassandraMailRepositoryUrlModule;
import org.apache.james.mailrepository.cassandra.CassandraMailRepositoryUrlStore;
import org.apache.james.mailrepository.memory.MailRepositoryStoreConfiguration;
import org.apache.james.modules.mailbox.BlobStoreAPIModule;
import org.apache.james.modules.mailbox.DefaultEventModule;
import org.apache.james.modules.mailbox.MemoryDeadLetterModule;
import org.apache.james.quota.search.QuotaSearcher;
import org.apache.james.quota.search.scanning.ScanningQuotaSearcher;
import org.apache.james.rrt.api.AliasReverseResolver;
import org.apache.james.rrt.api.CanSendFrom;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.rrt.cassandra.CassandraRRTModule;
import org.apache.james.rrt.cassandra.CassandraRecipientRewriteTable;
import org.apache.james.rrt.lib.AliasReverseResolverImpl;
import org.apache.james.rrt.lib.CanSendFromImpl;
import org.apache.james.server.blob.deduplication.PassThroughBlobStore;
import org.apache.james.server.core.configuration.ConfigurationProvider;
import org.apache.james.sieve.cassandra.CassandraSieveRepository;
import org.apache.james.sieve.cassandra.CassandraSieveRepositoryModule;
import org.apache.james.sieverepository.api.SieveRepository;
import org.apache.james.user.api.DelegationStore;
import org.apache.james.user.api.UsernameChangeTaskStep;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.cassandra.CassandraDelegationStore;
import org.apache.james.user.cassandra.CassandraRepositoryConfiguration;
import org.apache.james.user.cassandra.CassandraUsersDAO;
import org.apache.james.user.cassandra.CassandraUsersRepositoryModule;
import org.apache.james.user.lib.UsersDAO;
import org.apache.james.user.lib.UsersRepositoryImpl;
import org.apache.james.utils.InitializationOperation;
import org.apache.james.utils.InitilizationOperationBuilder;
import org.apache.james.utils.MailboxManagerDefinition;
import org.apache.james.utils.PropertiesProvider;

/** What James keeps in Cassandra. */
final class CassandraModules {
    private CassandraModules() {}

    private static Multibinder<CassandraModule> tables(Binder binder) {
        return Multibinder.newSetBinder(binder, CassandraModule.class);
    }

    /** The connection, with all tables made. */
    static final class Session extends AbstractModule {
        @Override
        protected void configure() {
            bind(CassandraSchemaVersionDAO.class).in(Scopes.SINGLETON);
            bind(CassandraSchemaVersionManager.class).in(Scopes.SINGLETON);
            tables(binder()).addBinding().toInstance(CassandraZonedDateTimeModule.MODULE);
            tables(binder()).addBinding().toInstance(CassandraSchemaVersionModule.MODULE);

            bind(CassandraEventStore.class).in(Scopes.SINGLETON);
            bind(EventStore.class).to(CassandraEventStore.class);
            tables(binder()).addBinding().toInstance(CassandraEventStoreModule.MODULE());
            events(binder());
            bind(new TypeLiteral<Set<DTOModule<?, ? extends DTO>>>() {})
                    .annotatedWith(Names.named(EventNestedTypes.EVENT_NESTED_TYPES_INJECTION_NAME))
                    .toInstance(Set.of());
        }

        @Provides
        @Singleton
        CassandraConfiguration settings(PropertiesProvider files) throws Exception {
            return CassandraConfiguration.from(files.getConfiguration("cassandra"));
        }

        @Provides
        @Singleton
        ClusterConfiguration cluster(PropertiesProvider files) throws Exception {
            return ClusterConfiguration.from(files.getConfiguration("cassandra"));
        }

        @Provides
        @Singleton
        KeyspaceConfiguration keyspace(PropertiesProvider files) throws Exception {
            return KeyspaceConfiguration.builder()
                    .keyspace(files.getConfiguration("cassandra").getString("cassandra.keyspace"))
                    .replicationFactor(1)
                    .durableWrites(true);
        }

        @Provides
        @Singleton
        BatchSizes batchSizes() {
            return BatchSizes.defaultValues();
        }

        @Provides
        @Singleton
        CqlSession session(
                ResilientClusterProvider connection, KeyspaceConfiguration keyspace, Set<CassandraModule> tables) {
            KeyspaceFactory.createKeyspace(keyspace, connection.get()).block();
            return new SessionWithInitializedTablesFactory(connection.get(), CassandraModule.aggregateModules(tables))
                    .get();
        }
    }

    static Multibinder<EventDTOModule<? extends Event, ? extends EventDTO>> events(Binder binder) {
        return Multibinder.newSetBinder(
                binder, new TypeLiteral<EventDTOModule<? extends Event, ? extends EventDTO>>() {});
    }

    /** Messages. */
    static final class Blobs extends AbstractModule {
        @Override
        protected void configure() {
            install(new BlobStoreAPIModule());
            bind(CassandraDefaultBucketDAO.class).in(Scopes.SINGLETON);
            bind(CassandraBlobStoreDAO.class).in(Scopes.SINGLETON);
            bind(BlobStoreDAO.class).to(CassandraBlobStoreDAO.class);
            bind(BucketName.class)
                    .annotatedWith(Names.named(BlobStore.DEFAULT_BUCKET_NAME_QUALIFIER))
                    .toInstance(BucketName.DEFAULT);
            tables(binder()).addBinding().toInstance(CassandraBlobModule.MODULE);
            bind(PassThroughBlobStore.class).in(Scopes.SINGLETON);
            bind(BlobStore.class)
                    .annotatedWith(Names.named(CachedBlobStore.BACKEND))
                    .to(PassThroughBlobStore.class);
            bind(BlobStore.class)
                    .annotatedWith(Names.named(MetricableBlobStore.BLOB_STORE_IMPLEMENTATION))
                    .to(PassThroughBlobStore.class);
        }
    }

    /** Domains, accounts, aliases, Sieve scripts. */
    static final class Accounts extends AbstractModule {
        @Override
        protected void configure() {
            install(new CoreDataModule());
            bind(CassandraDomainList.class).in(Scopes.SINGLETON);
            bind(DomainList.class).to(CassandraDomainList.class);
            tables(binder()).addBinding().toInstance(CassandraDomainListModule.MODULE);

            bind(CassandraUsersDAO.class).in(Scopes.SINGLETON);
            bind(UsersDAO.class).to(CassandraUsersDAO.class);
            bind(new TypeLiteral<UsersRepositoryImpl<CassandraUsersDAO>>() {}).in(Scopes.SINGLETON);
            bind(UsersRepository.class).to(new TypeLiteral<UsersRepositoryImpl<CassandraUsersDAO>>() {});
            bind(DelegationStore.class).to(CassandraDelegationStore.class).in(Scopes.SINGLETON);
            bind(Authorizator.class).to(DelegationStoreAuthorizator.class);
            bind(Authenticator.class).to(UserRepositoryAuthenticator.class);
            tables(binder()).addBinding().toInstance(CassandraUsersRepositoryModule.MODULE);

            bind(CassandraRecipientRewriteTable.class).in(Scopes.SINGLETON);
            bind(RecipientRewriteTable.class).to(CassandraRecipientRewriteTable.class);
            bind(AliasReverseResolver.class).to(AliasReverseResolverImpl.class);
            bind(CanSendFrom.class).to(CanSendFromImpl.class);
            tables(binder()).addBinding().toInstance(CassandraRRTModule.MODULE);

            bind(CassandraSieveRepository.class).in(Scopes.SINGLETON);
            bind(SieveRepository.class).to(CassandraSieveRepository.class);
            tables(binder()).addBinding().toInstance(CassandraSieveRepositoryModule.MODULE);
            Multibinder.newSetBinder(binder(), UsernameChangeTaskStep.class);
        }

        @Provides
        @Singleton
        CassandraRepositoryConfiguration users(ConfigurationProvider files) throws Exception {
            return CassandraRepositoryConfiguration.from(files.getConfiguration("usersrepository"));
        }

        @ProvidesIntoSet
        InitializationOperation domains(DomainListConfiguration configuration, CassandraDomainList domains) {
            return InitilizationOperationBuilder.forClass(CassandraDomainList.class)
                    .init(() -> domains.configure(configuration));
        }

        @ProvidesIntoSet
        InitializationOperation users(ConfigurationProvider files, UsersRepositoryImpl<CassandraUsersDAO> users) {
            return InitilizationOperationBuilder.forClass(UsersRepositoryImpl.class)
                    .init(() -> users.configure(files.getConfiguration("usersrepository")));
        }

        @ProvidesIntoSet
        InitializationOperation aliases(ConfigurationProvider files, CassandraRecipientRewriteTable aliases) {
            return InitilizationOperationBuilder.forClass(CassandraRecipientRewriteTable.class)
                    .init(() -> aliases.configure(files.getConfiguration("recipientrewritetable")));
        }
    }

    /** Mail repositories. */
    static final class Repositories extends AbstractModule {
        @Override
        protected void configure() {
            bind(MailRepositoryUrlStore.class)
                    .to(CassandraMailRepositoryUrlStore.class)
                    .in(Scopes.SINGLETON);
            bind(CassandraMailRepositoryKeysDAO.class).in(Scopes.SINGLETON);
            bind(CassandraMailRepositoryMailDaoV2.class).in(Scopes.SINGLETON);
            bind(MailRepositoryStoreConfiguration.Item.class)
                    .toInstance(new MailRepositoryStoreConfiguration.Item(
                            List.of(new Protocol("cassandra")),
                            CassandraMailRepository.class.getName(),
                            new BaseHierarchicalConfiguration()));
            Multibinder.newSetBinder(binder(), MailRepositoryFactory.class)
                    .addBinding()
                    .to(CassandraMailRepositoryFactory.class);
            tables(binder()).addBinding().toInstance(CassandraMailRepositoryModule.MODULE);
            tables(binder()).addBinding().toInstance(CassandraMailRepositoryUrlModule.MODULE);
        }
    }

    /** Mailboxes, whose searches read them through. */
    static final class Mailboxes extends AbstractModule {
        @Override
        protected void configure() {
            install(new DefaultEventModule());
            install(new MemoryDeadLetterModule());
            mappers();
            manager();
            quotas();
        }

        private void mappers() {
            bind(CassandraMailboxSessionMapperFactory.class).in(Scopes.SINGLETON);
            bind(MessageMapperFactory.class).to(CassandraMailboxSessionMapperFactory.class);
            bind(MailboxMapperFactory.class).to(CassandraMailboxSessionMapperFactory.class);
            bind(AttachmentMapperFactory.class).to(CassandraMailboxSessionMapperFactory.class);
            bind(MailboxSessionMapperFactory.class).to(CassandraMailboxSessionMapperFactory.class);
            bind(SubscriptionMapperFactory.class).to(CassandraMailboxSessionMapperFactory.class);
            bind(ModSeqProvider.class).to(CassandraModSeqProvider.class);
            bind(UidProvider.class).to(CassandraUidProvider.class);
            bind(ACLMapper.class).to(CassandraACLMapper.class);
            bind(MailboxId.Factory.class).to(CassandraId.Factory.class);
            bind(MessageId.Factory.class).to(CassandraMessageId.Factory.class);
            bind(ThreadIdGuessingAlgorithm.class).to(CassandraThreadIdGuessingAlgorithm.class);
            events(binder()).addBinding().toInstance(ACLModule.ACL_UPDATE);
            Multibinder<CassandraModule> tables = tables(binder());
            tables.addBinding().toInstance(CassandraAclModule.MODULE);
            tables.addBinding().toInstance(CassandraAnnotationModule.MODULE);
            tables.addBinding().toInstance(CassandraApplicableFlagsModule.MODULE);
            tables.addBinding().toInstance(CassandraAttachmentModule.MODULE);
            tables.addBinding().toInstance(CassandraDeletedMessageModule.MODULE);
            tables.addBinding().toInstance(CassandraFirstUnseenModule.MODULE);
            tables.addBinding().toInstance(CassandraMailboxCounterModule.MODULE);
            tables.addBinding().toInstance(CassandraMailboxModule.MODULE);
            tables.addBinding().toInstance(CassandraMailboxRecentsModule.MODULE);
            tables.addBinding().toInstance(CassandraMessageModule.MODULE);
            tables.addBinding().toInstance(CassandraModSeqModule.MODULE);
            tables.addBinding().toInstance(CassandraQuotaModule.MODULE);
            tables.addBinding().toInstance(CassandraSubscriptionModule.MODULE);
            tables.addBinding().toInstance(CassandraThreadModule.MODULE);
            tables.addBinding().toInstance(CassandraUidModule.MODULE);
        }

        @Provides
        @Singleton
        CassandraACLMapper rights(
                CassandraACLMapper.StoreV1 first,
                CassandraUserMailboxRightsDAO rights,
                CassandraACLDAOV2 second,
                CqlSession session,
                CassandraSchemaVersionManager versions,
                CassandraConfiguration configuration) {
            CassandraEventStore changes = new CassandraEventStore(new EventStoreDao(
                    session,
                    JsonEventSerializer.forModules(ACLModule.ACL_UPDATE).withoutNestedType()));
            return new CassandraACLMapper(
                    first, new CassandraACLMapper.StoreV2(rights, second, changes), versions, configuration);
        }

        private void manager() {
            bind(CassandraMailboxManager.class).in(Scopes.SINGLETON);
            bind(MailboxManager.class).to(CassandraMailboxManager.class);
            bind(StoreMailboxManager.class).to(CassandraMailboxManager.class);
            bind(MailboxManager.class)
                    .annotatedWith(Names.named(org.apache.james.modules.Names.MAILBOXMANAGER_NAME))
                    .to(MailboxManager.class);
            Multibinder.newSetBinder(binder(), MailboxManagerDefinition.class)
                    .addBinding()
                    .to(Definition.class);
            bind(MailboxPathLocker.class).to(NoMailboxPathLocker.class);
            bind(SubscriptionManager.class).to(StoreSubscriptionManager.class);
            bind(AttachmentManager.class).to(StoreAttachmentManager.class);
            bind(AttachmentContentLoader.class).to(AttachmentManager.class);
            bind(MessageIdManager.class).to(StoreMessageIdManager.class);
            bind(RightManager.class).to(StoreRightManager.class);
            bind(SessionProvider.class).to(SessionProviderImpl.class);
            bind(MessageSearchIndex.class).to(SimpleMessageSearchIndex.class);
            bind(TextExtractor.class).to(JsoupTextExtractor.class);
            Multibinder.newSetBinder(binder(), EventListener.GroupEventListener.class)
                    .addBinding()
                    .to(MailboxAnnotationListener.class);
            Multibinder.newSetBinder(binder(), EventListener.ReactiveGroupEventListener.class)
                    .addBinding()
                    .to(DeleteMessageListener.class);
            Multibinder.newSetBinder(binder(), DeleteMessageListener.DeletionCallback.class);
        }

        private void quotas() {
            bind(CurrentQuotaManager.class)
                    .to(CassandraCurrentQuotaManager.class)
                    .in(Scopes.SINGLETON);
            bind(MaxQuotaManager.class)
                    .to(CassandraPerUserMaxQuotaManager.class)
                    .in(Scopes.SINGLETON);
            bind(QuotaManager.class).to(StoreQuotaManager.class);
            bind(UserQuotaRootResolver.class).to(DefaultUserQuotaRootResolver.class);
            bind(QuotaRootResolver.class).to(DefaultUserQuotaRootResolver.class);
            bind(QuotaRootDeserializer.class).to(DefaultUserQuotaRootResolver.class);
            bind(ListeningCurrentQuotaUpdater.class).in(Scopes.SINGLETON);
            bind(QuotaUpdater.class).to(ListeningCurrentQuotaUpdater.class);
            bind(QuotaSearcher.class).to(ScanningQuotaSearcher.class);
            Multibinder.newSetBinder(binder(), EventListener.ReactiveGroupEventListener.class)
                    .addBinding()
                    .to(ListeningCurrentQuotaUpdater.class);
        }
    }

    @Singleton
    private static final class Definition extends MailboxManagerDefinition {
        @Inject
        Definition(CassandraMailboxManager manager) {
            super("cassandra-mailboxmanager", manager);
        }
    }
}
