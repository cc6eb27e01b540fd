/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import javax.inject.Inject;
import org.apache.james.utils.GuiceProbe;

/**
 * What a server's stop begins with. James's spooler ends its threads before it leaves the queue, and gets mail until then that
 * no thread is there for any more: the queue would wait for it.
 */
public final class QueueStop implements GuiceProbe {
    private final MailStore store;

    @Inject
    QueueStop(MailStore store) {
        this.store = store;
    }

    /** From now on no queue hands out mail. It takes mail, and what it has handed out can be finished. */
    public void handOutNoMore() {
        store.handOutNoMore();
    }
}
