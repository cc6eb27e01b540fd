/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.stock;

import com.google.inject.util.Modules;
import org.apache.james.ExtraProperties;
import org.apache.james.GuiceJamesServer;
import org.apache.james.JamesServerMain;
import org.apache.james.modules.MailboxModule;
import org.apache.james.modules.MailetProcessingModule;
import org.apache.james.modules.data.SieveFileRepositoryModule;
import org.apache.james.modules.mailbox.DefaultEventModule;
import org.apache.james.modules.mailbox.MemoryDeadLetterModule;
import org.apache.james.modules.protocols.IMAPServerModule;
import org.apache.james.modules.protocols.ProtocolHandlerModule;
import org.apache.james.modules.protocols.SMTPServerModule;
import org.apache.james.modules.server.DataRoutesModules;
import org.apache.james.modules.server.DefaultProcessorsConfigurationProviderModule;
import org.apache.james.modules.server.MailQueueRoutesModule;
import org.apache.james.modules.server.MailRepositoriesRoutesModule;
import org.apache.james.modules.server.MailboxRoutesModule;
import org.apache.james.modules.server.NoJwtModule;
import org.apache.james.modules.server.RawPostDequeueDecoratorModule;
import org.apache.james.modules.server.TaskManagerModule;
import org.apache.james.modules.server.WebAdminServerModule;
import org.apache.james.server.core.configuration.Configuration;

/**
 * The server that James's "jpa-app" is, for comparison. Its assembly is not on Maven Central, its parts are: Derby and
 * OpenJPA, ActiveMQ with KahaDB, Lucene, with the settings that James gives them. Left out is what the benchmark does not
 * touch: POP3, LMTP, ManageSieve, JMX; Sieve scripts, of which there are none, would lie in files and not in the database.
 *
 * <p>It reads {@code conf/} in the folder that the system property {@code working.directory} names.
 */
public final class StockJpaServer {
    private StockJpaServer() {}

    public static void main(String[] arguments) throws Exception {
        ExtraProperties.initialize();
        JamesServerMain.main(GuiceJamesServer.forConfiguration(
                        Configuration.builder().useWorkingDirectoryEnvProperty().build())
                .combineWith(
                        Modules.combine(
                                new MailetProcessingModule(),
                                new DefaultProcessorsConfigurationProviderModule(),
                                new RawPostDequeueDecoratorModule(),
                                new TaskManagerModule()),
                        Modules.combine(new StockDataModule(), new SieveFileRepositoryModule()),
                        Modules.combine(
                                new StockMailboxModule(),
                                new MailboxModule(),
                                new DefaultEventModule(),
                                new MemoryDeadLetterModule()),
                        new StockQueueModule(),
                        Modules.combine(new ProtocolHandlerModule(), new SMTPServerModule(), new IMAPServerModule()),
                        Modules.combine(
                                new WebAdminServerModule(),
                                new NoJwtModule(),
                                new DataRoutesModules(),
                                new MailboxRoutesModule(),
                                new MailQueueRoutesModule(),
                                new MailRepositoriesRoutesModule())));
    }
}
