/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import com.google.inject.Module;
import com.google.inject.util.Modules;
import java.nio.file.Path;
import org.apache.james.modules.MailetProcessingModule;
import org.apache.james.modules.server.TaskManagerModule;
import org.rempart.distribution.accounts.AccountsModule;
import org.rempart.distribution.accounts.UsersModule;
import org.rempart.distribution.database.Database;
import org.rempart.distribution.database.DatabaseModule;
import org.rempart.distribution.mailboxes.MailboxesModule;
import org.rempart.distribution.queue.QueueModule;

/** Everything that keeps something, on disk: accounts, domains, mailboxes, queues, repositories. */
public final class Storage {
    private Storage() {}

    /**
     * What keeps something.
     *
     * @param database is open, and stays so until the server has stopped
     * @param blobs the folder of messages in queues and repositories
     */
    public static Module modules(Database database, Path blobs) {
        return Modules.combine(
                new MailetProcessingModule(),
                new TaskManagerModule(),
                new DatabaseModule(database),
                new AccountsModule(),
                new MailboxesModule(),
                new QueueModule(blobs));
    }

    /** Accounts, where usersrepository.xml names no directory. */
    public static Module users() {
        return new UsersModule();
    }
}
