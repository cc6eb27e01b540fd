/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution;

import com.google.inject.Module;
import com.google.inject.util.Modules;
import org.apache.james.modules.BlobMemoryModule;
import org.apache.james.modules.MailboxModule;
import org.apache.james.modules.MailetProcessingModule;
import org.apache.james.modules.data.MemoryDataModule;
import org.apache.james.modules.data.MemoryDelegationStoreModule;
import org.apache.james.modules.data.MemoryUsersRepositoryModule;
import org.apache.james.modules.eventstore.MemoryEventStoreModule;
import org.apache.james.modules.mailbox.MemoryMailboxModule;
import org.apache.james.modules.queue.memory.MemoryMailQueueModule;
import org.apache.james.modules.server.TaskManagerModule;

/** Everything that keeps something, in memory: accounts, domains, queues, mailboxes, repositories. */
final class MemoryStorage {
    private MemoryStorage() {}

    static Module modules() {
        return Modules.combine(
                new MailetProcessingModule(),
                new MemoryDelegationStoreModule(),
                new BlobMemoryModule(),
                new MailboxModule(),
                new MemoryDataModule(),
                new MemoryEventStoreModule(),
                new MemoryMailboxModule(),
                new MemoryMailQueueModule(),
                new TaskManagerModule());
    }

    /** Accounts, where usersrepository.xml names no directory. */
    static Module users() {
        return new MemoryUsersRepositoryModule();
    }
}
