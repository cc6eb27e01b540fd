/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package cluster;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Scopes;
import com.google.inject.multibindings.Multibinder;
import com.google.inject.multibindings.ProvidesIntoSet;
import com.rabbitmq.client.Connection;
import java.util.Set;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.apache.james.backends.cassandra.components.CassandraModule;
import org.apache.james.backends.rabbitmq.RabbitMQConfiguration;
import org.apache.james.backends.rabbitmq.ReactorRabbitMQChannelPool;
import org.apache.james.backends.rabbitmq.ReceiverProvider;
import org.apache.james.backends.rabbitmq.SimpleConnectionPool;
import org.apache.james.events.EventBus;
import org.apache.james.events.EventBusId;
import org.apache.james.events.NamingStrategy;
import org.apache.james.events.RabbitMQEventBus;
import org.apache.james.events.RegistrationKey;
import org.apache.james.events.RetryBackoffConfiguration;
import org.apache.james.mailbox.events.MailboxIdRegistrationKey;
import org.apache.james.mailetcontainer.impl.JamesMailSpooler;
import org.apache.james.metrics.api.MetricFactory;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueueFactory;
import org.apache.james.queue.api.ManageableMailQueue;
import org.apache.james.queue.rabbitmq.RabbitMQMailQueueFactory;
import org.apache.james.queue.rabbitmq.view.RabbitMQMailQueueConfiguration;
import org.apache.james.queue.rabbitmq.view.api.MailQueueView;
import org.apache.james.queue.rabbitmq.view.cassandra.CassandraMailQueueView;
import org.apache.james.queue.rabbitmq.view.cassandra.CassandraMailQueueViewModule;
import org.apache.james.queue.rabbitmq.view.cassandra.configuration.CassandraMailQueueViewConfiguration;
import org.apache.james.queue.rabbitmq.view.cassandra.configuration.CassandraMailQueueViewConfigurationModule;
import org.apache.james.queue.rabbitmq.view.cassandra.configuration.EventsourcingConfigurationManagement;
import org.apache.james.utils.InitializationOperation;
import org.apache.james.utils.InitilizationOperationBuilder;
import org.apache.james.utils.PropertiesProvider;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.rabbitmq.RabbitFlux;
import reactor.rabbitmq.ReceiverOptions;
import reactor.rabbitmq.Sender;

/** What goes through RabbitMQ. */
final class RabbitModules {
    private RabbitModules() {}

    /** The queues of mail, with their views in Cassandra. */
    static final class Queues extends AbstractModule {
        @Override
        protected void configure() {
            bind(SimpleConnectionPool.class).in(Scopes.SINGLETON);
            Multibinder.newSetBinder(binder(), SimpleConnectionPool.ReconnectionHandler.class)
                    .addBinding()
                    .to(SpoolAgain.class);
            bind(RabbitMQMailQueueFactory.class).in(Scopes.SINGLETON);
            bind(EventsourcingConfigurationManagement.class).in(Scopes.SINGLETON);
            Multibinder.newSetBinder(binder(), CassandraModule.class)
                    .addBinding()
                    .toInstance(CassandraMailQueueViewModule.MODULE);
            CassandraModules.events(binder())
                    .addBinding()
                    .toInstance(CassandraMailQueueViewConfigurationModule.MAIL_QUEUE_VIEW_CONFIGURATION);
        }

        @Provides
        @Singleton
        MailQueueFactory<?> any(RabbitMQMailQueueFactory queues) {
            return queues;
        }

        @Provides
        @Singleton
        MailQueueFactory<? extends MailQueue> queues(RabbitMQMailQueueFactory queues) {
            return queues;
        }

        @Provides
        @Singleton
        MailQueueFactory<? extends ManageableMailQueue> manageable(RabbitMQMailQueueFactory queues) {
            return queues;
        }

        @Provides
        @Singleton
        MailQueueView.Factory views(CassandraMailQueueView.Factory views) {
            return views;
        }

        @Provides
        @Singleton
        CassandraMailQueueViewConfiguration views(PropertiesProvider files) throws Exception {
            return CassandraMailQueueViewConfiguration.from(files.getConfiguration("rabbitmq"));
        }

        @Provides
        @Singleton
        RabbitMQMailQueueConfiguration queues(PropertiesProvider files) throws Exception {
            return RabbitMQMailQueueConfiguration.from(files.getConfiguration("rabbitmq"));
        }

        @Provides
        @Singleton
        RabbitMQConfiguration broker(PropertiesProvider files) throws Exception {
            return RabbitMQConfiguration.from(files.getConfiguration("rabbitmq"));
        }

        @Provides
        @Singleton
        SimpleConnectionPool.Configuration connections(PropertiesProvider files) throws Exception {
            return SimpleConnectionPool.Configuration.from(files.getConfiguration("rabbitmq"));
        }

        @Provides
        @Singleton
        ReactorRabbitMQChannelPool channels(
                SimpleConnectionPool connections, PropertiesProvider files, MetricFactory metrics) throws Exception {
            ReactorRabbitMQChannelPool channels = new ReactorRabbitMQChannelPool(
                    connections.getResilientConnection(),
                    ReactorRabbitMQChannelPool.Configuration.from(files.getConfiguration("rabbitmq")),
                    metrics);
            channels.start();
            return channels;
        }

        @Provides
        @Singleton
        Sender sender(ReactorRabbitMQChannelPool channels) {
            return channels.getSender();
        }

        @Provides
        @Singleton
        ReceiverProvider receivers(SimpleConnectionPool connections) {
            return () -> RabbitFlux.createReceiver(
                    new ReceiverOptions().connectionMono(connections.getResilientConnection()));
        }

        @ProvidesIntoSet
        InitializationOperation reconnection(
                SimpleConnectionPool connections, Set<SimpleConnectionPool.ReconnectionHandler> handlers) {
            return InitilizationOperationBuilder.forClass(SimpleConnectionPool.class)
                    .init(() -> connections.init(handlers));
        }
    }

    /** As Apache's application has it: the spool is read again over a new connection. */
    private static final class SpoolAgain implements SimpleConnectionPool.ReconnectionHandler {
        private final JamesMailSpooler spooler;

        @Inject
        SpoolAgain(JamesMailSpooler spooler) {
            this.spooler = spooler;
        }

        @Override
        public Publisher<Void> handleReconnection(Connection connection) {
            return Mono.fromRunnable(spooler::restart);
        }
    }

    /** What happens in a mailbox is told to all servers. */
    static final class Events extends AbstractModule {
        @Override
        protected void configure() {
            bind(NamingStrategy.class).toInstance(NamingStrategy.MAILBOX_EVENT_NAMING_STRATEGY);
            bind(EventBusId.class).toInstance(EventBusId.random());
            bind(RabbitMQEventBus.class).in(Scopes.SINGLETON);
            bind(EventBus.class).to(RabbitMQEventBus.class);
            Multibinder.newSetBinder(binder(), EventBus.class).addBinding().to(EventBus.class);
            Multibinder.newSetBinder(binder(), RegistrationKey.Factory.class)
                    .addBinding()
                    .to(MailboxIdRegistrationKey.Factory.class);
            bind(RetryBackoffConfiguration.class).toInstance(RetryBackoffConfiguration.DEFAULT);
        }

        @ProvidesIntoSet
        InitializationOperation start(RabbitMQEventBus events) {
            return InitilizationOperationBuilder.forClass(RabbitMQEventBus.class)
                    .init(events::start);
        }
    }
}
