/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Scopes;
import com.google.inject.Singleton;
import com.google.inject.multibindings.Multibinder;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import javax.annotation.PreDestroy;
import org.apache.commons.configuration2.BaseHierarchicalConfiguration;
import org.apache.james.mailrepository.api.MailRepositoryUrlStore;
import org.apache.james.mailrepository.api.Protocol;
import org.apache.james.mailrepository.memory.MailRepositoryStoreConfiguration;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueueFactory;
import org.apache.james.queue.api.ManageableMailQueue;
import org.apache.james.utils.GuiceProbe;
import org.rempart.distribution.database.Database;
import org.rempart.distribution.database.Ownership;

/**
 * Queues and repositories that lose nothing. Needs a {@link DataSource} and a {@link Clock}, both bound by others; the
 * database has to stay open until {@link Closing} has been destroyed.
 */
public final class QueueModule extends AbstractModule {
    private final Path folder;

    /** @param folder where messages lie, such as {@code var/blobs} */
    public QueueModule(Path folder) {
        this.folder = folder;
    }

    @Override
    protected void configure() {
        bind(StoredMailQueueFactory.class).in(Scopes.SINGLETON);
        bind(StoredMailAdministration.class).in(Scopes.SINGLETON);
        bind(MailAdministration.class).to(StoredMailAdministration.class);
        bind(StoredMailRepositoryUrlStore.class).in(Scopes.SINGLETON);
        bind(MailRepositoryUrlStore.class).to(StoredMailRepositoryUrlStore.class);
        bind(MailRepositoryStoreConfiguration.Item.class)
                .toProvider(() -> new MailRepositoryStoreConfiguration.Item(
                        List.of(new Protocol(StoredMailRepository.PROTOCOL)),
                        StoredMailRepository.class.getName(),
                        new BaseHierarchicalConfiguration()));
        bind(Closing.class).asEagerSingleton();
        Multibinder.newSetBinder(binder(), GuiceProbe.class).addBinding().to(QueueStop.class);
    }

    @Provides
    @Singleton
    MailStore store(Database database, Clock clock) throws MailStoreException {
        return MailStore.open(
                database.connections(),
                folder,
                clock,
                () -> database.ownership().map(Ownership::isConfirmed).orElse(true));
    }

    // James asks for the factory by each of these types.

    @Provides
    @Singleton
    MailQueueFactory<? extends ManageableMailQueue> manageable(StoredMailQueueFactory factory) {
        return factory;
    }

    @Provides
    @Singleton
    MailQueueFactory<?> any(StoredMailQueueFactory factory) {
        return factory;
    }

    @Provides
    @Singleton
    MailQueueFactory<? extends MailQueue> queues(StoredMailQueueFactory factory) {
        return factory;
    }

    /** Closes the store when the server stops. */
    static final class Closing {
        private final MailStore store;

        @javax.inject.Inject
        Closing(MailStore store) {
            this.store = store;
        }

        @PreDestroy
        void close() {
            store.close();
        }
    }
}
