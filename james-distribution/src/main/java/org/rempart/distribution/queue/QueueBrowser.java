/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayDeque;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.james.queue.api.ManageableMailQueue.DefaultMailQueueItemView;
import org.apache.james.queue.api.ManageableMailQueue.MailQueueItemView;
import org.apache.james.queue.api.ManageableMailQueue.MailQueueIterator;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Mail;
import org.rempart.distribution.queue.MailTable.Row;

/** All mail of a queue, held and delayed and in flight, in the order in which it came; some of it in memory at a time. */
final class QueueBrowser implements MailQueueIterator {
    private static final int PAGE = 100;

    private final MailStore store;
    private final int place;
    private final ArrayDeque<Row> page = new ArrayDeque<>();
    private long last;
    private boolean ended;

    /** @throws MailStoreException when the database does not answer */
    QueueBrowser(MailStore store, int place) throws MailStoreException {
        this.store = store;
        this.place = place;
        read();
    }

    private void read() throws MailStoreException {
        List<Row> rows = store.table().rows("place = ? AND id > ?", List.of(place, last), PAGE);
        page.addAll(rows);
        ended = rows.size() < PAGE;
        if (!rows.isEmpty()) {
            last = rows.get(rows.size() - 1).id();
        }
    }

    @Override
    public boolean hasNext() {
        if (page.isEmpty() && !ended) {
            try {
                read();
            } catch (MailStoreException failure) {
                throw new IllegalStateException(failure);
            }
        }
        return !page.isEmpty();
    }

    @Override
    public MailQueueItemView next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Row row = page.poll();
        return new DefaultMailQueueItemView(view(row), nextDelivery(row));
    }

    private Mail view(Row row) {
        try {
            return store.mail(row);
        } catch (IOException broken) {
            // Held for that already, or soon; it is shown all the same.
            return MailImpl.builder()
                    .name(row.name())
                    .errorMessage(broken.getMessage())
                    .build();
        }
    }

    private Optional<ZonedDateTime> nextDelivery(Row row) {
        return row.due() <= store.now()
                ? Optional.empty()
                : Optional.of(Instant.ofEpochMilli(Math.min(row.due(), StoredMailAdministration.LAST_INSTANT))
                        .atZone(ZoneOffset.UTC));
    }

    @Override
    public void close() {
        page.clear();
        ended = true;
    }
}
