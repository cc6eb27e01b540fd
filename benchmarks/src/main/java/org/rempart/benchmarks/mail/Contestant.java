/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/** A mail server that takes part. It starts from nothing, in a folder of its own. */
interface Contestant extends AutoCloseable {
    /** Its name in the table. */
    String name();

    /**
     * Starts it and sets up accounts.
     *
     * @param accounts how many of {@link Mail#account}
     */
    void start(int accounts) throws IOException, InterruptedException;

    /** Where it takes mail from other servers and from the network that may relay. */
    InetSocketAddress smtp();

    /** Where it takes mail from accounts; empty for one that has none in this benchmark. */
    default Optional<Submission> submission() {
        return Optional.empty();
    }

    /** How many messages an account's mailbox shows. */
    int count(int account) throws IOException;

    /** The names of all mails in an account's mailbox, as often as they are there. */
    List<String> names(int account) throws IOException;

    /** CPU time that it has used since its start. */
    long cpuMillis() throws IOException;

    /** The most memory that it had resident, in KiB; 0 where its processes come and go. */
    default long peakKib() throws IOException {
        return 0;
    }

    @Override
    void close() throws IOException, InterruptedException;
}
