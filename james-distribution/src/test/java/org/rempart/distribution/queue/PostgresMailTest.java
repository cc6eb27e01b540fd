/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.james.queue.api.MailQueue;
import org.apache.james.queue.api.MailQueue.MailQueueItem.CompletionStatus;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.rempart.testsupport.PostgresServer;

/** Stored mail in PostgreSQL. */
class PostgresMailTest extends StoredMailContract {
    private static PostgresServer server;

    /** Which only one test has, that stops it. */
    private static PostgresServer stopping;

    private String url;

    @BeforeAll
    static void startServer() throws Exception {
        server = PostgresServer.start();
    }

    @AfterAll
    static void stopServer() throws Exception {
        for (PostgresServer started : new PostgresServer[] {server, stopping}) {
            if (started != null) {
                started.close();
            }
        }
    }

    @Override
    TestDatabase database() throws Exception {
        url = server.newDatabase();
        return sameDatabase();
    }

    @Override
    TestDatabase sameDatabase() {
        return TestDatabase.postgres(url);
    }

    @Test
    void loss2AServerThatStopsInTheMiddleLosesNothing() throws Exception {
        stopping = PostgresServer.start();
        url = stopping.newDatabase();
        reopen();
        Set<String> acknowledged = new TreeSet<>();
        for (int number = 0; number < 20; number++) {
            queue.enQueue(mail("before" + number));
            acknowledged.add("before" + number);
        }
        Collected collected = collect(queue, 5);
        await().until(() -> collected.items().size() == 5);
        stopping.stop("immediate");
        try {
            for (MailQueue.MailQueueItem item : collected.items()) {
                item.done(CompletionStatus.SUCCESS);
                acknowledged.remove(item.getMail().getName());
            }
            assertThatThrownBy(() -> queue.enQueue(mail("refused"))).isInstanceOf(MailQueue.MailQueueException.class);
        } finally {
            stopping.resume();
        }
        await().untilAsserted(() -> assertThat(names()).containsExactlyElementsOf(acknowledged));
        queue.enQueue(mail("after"));
        acknowledged.add("after");
        collected.request(100);
        await().untilAsserted(() -> assertThat(new TreeSet<>(collected.names())).containsAll(acknowledged));
        assertThat(collected.errors()).isEmpty();
    }

    private List<String> names() throws Exception {
        return administration.list(MailAdministration.Filter.ALL, 0, 1000).mails().stream()
                .map(MailAdministration.Summary::name)
                .sorted()
                .toList();
    }
}
