/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A bare SMTP client: so many connections at once, each kept for a hundred mails; no queue, no rules. */
final class ConnectionsSender implements Sender {
    private static final int MAILS_A_CONNECTION = 100;

    private final int connections;
    private final Connector connector;

    /** One connection. */
    interface Connection extends AutoCloseable {
        /** Sends a mail and waits for its 250. */
        void send(Mail mail) throws Exception;

        @Override
        void close() throws Exception;
    }

    /** Opens connections, under TLS. */
    @FunctionalInterface
    interface Connector {
        Connection open() throws Exception;
    }

    ConnectionsSender(int connections, Connector connector) {
        this.connections = connections;
        this.connector = connector;
    }

    @Override
    public void send(List<Mail> mails) {
        AtomicInteger next = new AtomicInteger();
        for (int i = 0; i < connections; i++) {
            Thread thread = new Thread(() -> run(mails, next), "connection-" + i);
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void run(List<Mail> mails, AtomicInteger next) {
        try {
            for (int i = next.getAndIncrement(); i < mails.size(); ) {
                try (Connection connection = connector.open()) {
                    for (int sent = 0; sent < MAILS_A_CONNECTION && i < mails.size(); sent++) {
                        connection.send(mails.get(i));
                        i = next.getAndIncrement();
                    }
                }
            }
        } catch (Exception failure) {
            // The mail is missed in the count.
            failure.printStackTrace();
        }
    }

    @Override
    public void close() {}
}
