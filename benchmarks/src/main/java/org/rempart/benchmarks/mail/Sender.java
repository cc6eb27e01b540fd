/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.util.List;

/** Something that sends mails to the sink, in a process of its own. */
interface Sender extends AutoCloseable {
    /** Begins to send; may return before the last mail has gone. */
    void send(List<Mail> mails) throws Exception;

    @Override
    void close() throws Exception;
}
