/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Queue;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.store.mail.MessageMapper.FetchType;
import org.apache.james.mailbox.store.mail.model.MailboxMessage;
import org.rempart.distribution.mailboxes.MessageTable.Depth;
import org.rempart.distribution.mailboxes.StoredMessage.Row;

/**
 * The messages of a range of UIDs, in their order, of which a few are read at a time. Its methods throw an
 * {@link IllegalStateException} when the database fails.
 */
final class MessagePages implements Iterator<MailboxMessage> {
    private final MessageTable table;
    private final MailboxNumber mailbox;
    private final long last;
    private final Optional<Depth> depth;

    /** From here on nothing has been read. */
    private long from;

    private final Queue<Row> rows = new ArrayDeque<>();
    private final Queue<MailboxMessage> ready = new ArrayDeque<>();

    MessagePages(MessageTable table, MailboxNumber mailbox, long first, long last, FetchType type) {
        this.table = table;
        this.mailbox = mailbox;
        this.from = first;
        this.last = last;
        this.depth = switch (type) {
            case METADATA -> Optional.empty();
            case HEADERS -> Optional.of(Depth.HEADERS);
            case ATTACHMENTS_METADATA, FULL -> Optional.of(Depth.BODIES);
        };
    }

    @Override
    public boolean hasNext() {
        try {
            while (ready.isEmpty()) {
                if (rows.isEmpty() && !readRows()) {
                    return false;
                }
                readContents();
            }
            return true;
        } catch (MailboxException failed) {
            throw new IllegalStateException(failed.getMessage(), failed);
        }
    }

    private boolean readRows() throws MailboxException {
        if (from > last) {
            return false;
        }
        List<Row> page = table.page(mailbox, from, last);
        rows.addAll(page);
        from = page.size() < MessageTable.AT_ONCE || page.get(page.size() - 1).uid() == last
                ? Long.MAX_VALUE
                : page.get(page.size() - 1).uid() + 1;
        return !page.isEmpty();
    }

    private void readContents() throws MailboxException {
        if (depth.isEmpty()) {
            rows.forEach(row -> ready.add(new StoredMessage(row, table.content(row))));
            rows.clear();
            return;
        }
        List<Row> waiting = List.copyOf(rows);
        List<Row> next = new ArrayList<>(waiting.subList(0, MessageTable.atOnce(waiting, depth.get())));
        Map<Long, StoredContent> contents = table.contents(mailbox, next, depth.get());
        for (Row row : next) {
            rows.remove();
            // It may have been expunged just now.
            if (contents.containsKey(row.uid())) {
                ready.add(new StoredMessage(row, contents.get(row.uid())));
            }
        }
    }

    @Override
    public MailboxMessage next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return ready.remove();
    }
}
