/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package cluster;

import com.google.inject.Module;
import com.google.inject.util.Modules;
import org.apache.commons.configuration2.BaseHierarchicalConfiguration;
import org.apache.james.GuiceJamesServer;
import org.apache.james.modules.MailboxModule;
import org.apache.james.modules.MailetProcessingModule;
import org.apache.james.modules.server.TaskManagerModule;
import org.apache.james.modules.protocols.IMAPServerModule;
import org.apache.james.modules.protocols.ProtocolHandlerModule;
import org.apache.james.modules.protocols.SMTPServerModule;
import org.apache.james.modules.server.DKIMMailetModule;
import org.apache.james.modules.server.DataRoutesModules;
import org.apache.james.modules.server.MailQueueRoutesModule;
import org.apache.james.modules.server.MailRepositoriesRoutesModule;
import org.apache.james.modules.server.MailboxRoutesModule;
import org.apache.james.modules.server.MailetContainerModule;
import org.apache.james.modules.server.NoJwtModule;
import org.apache.james.modules.server.RawPostDequeueDecoratorModule;
import org.apache.james.modules.server.WebAdminServerModule;
import org.apache.james.server.core.configuration.Configuration;

/** James 3.8.1 on Cassandra and RabbitMQ, without JMAP, OpenSearch and S3, whose parts are not on Maven Central. */
public final class DistributedJames {
    private DistributedJames() {}

    public static void main(String[] arguments) throws Exception {
        Configuration configuration =
                Configuration.builder().useWorkingDirectoryEnvProperty().build();
        GuiceJamesServer server = GuiceJamesServer.forConfiguration(configuration)
                .combineWith(
                        new MailetProcessingModule(),
                        new RawPostDequeueDecoratorModule(),
                        new MailboxModule(),
                        new TaskManagerModule(),
                        new CassandraModules.Session(),
                        new CassandraModules.Blobs(),
                        new CassandraModules.Accounts(),
                        new CassandraModules.Repositories(),
                        new CassandraModules.Mailboxes(),
                        new RabbitModules.Queues(),
                        protocols(),
                        administration())
                .overrideWith(new RabbitModules.Events());
        server.start();
        Runtime.getRuntime().addShutdownHook(new Thread(server::stop));
    }

    private static Module protocols() {
        return Modules.combine(
                new ProtocolHandlerModule(),
                new SMTPServerModule(),
                new IMAPServerModule(),
                new DKIMMailetModule(),
                binder -> binder.bind(MailetContainerModule.DefaultProcessorsConfigurationSupplier.class)
                        .toInstance(BaseHierarchicalConfiguration::new));
    }

    private static Module administration() {
        return Modules.combine(
                new WebAdminServerModule(),
                new NoJwtModule(),
                new DataRoutesModules(),
                new MailboxRoutesModule(),
                new MailQueueRoutesModule(),
                new MailRepositoriesRoutesModule());
    }
}
