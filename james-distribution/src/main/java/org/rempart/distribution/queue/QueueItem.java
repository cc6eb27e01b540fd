/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.james.queue.api.MailQueue.MailQueueItem;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Mail;
import org.rempart.distribution.queue.MailStore.Envelopes;
import org.rempart.distribution.queue.MailTable.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A mail that was handed out, and what becomes of it. */
final class QueueItem implements MailQueueItem {
    private static final Logger LOGGER = LoggerFactory.getLogger(QueueItem.class);
    private static final List<Duration> RETRIES = List.of(
            Duration.ofSeconds(1),
            Duration.ofSeconds(5),
            Duration.ofSeconds(30),
            Duration.ofMinutes(2),
            Duration.ofMinutes(10),
            Duration.ofMinutes(30));

    private final MailStore store;
    private final Dispatcher dispatcher;
    private final Row row;
    private final MailImpl mail;
    private final long handedOut = System.nanoTime();
    private final AtomicBoolean done = new AtomicBoolean();

    QueueItem(MailStore store, Dispatcher dispatcher, Row row, MailImpl mail) {
        this.store = store;
        this.dispatcher = dispatcher;
        this.row = row;
        this.mail = mail;
    }

    /** How long a mail waits before it is tried again, after so many tries in vain. */
    static Duration backOff(int tries) {
        return RETRIES.get(Math.max(0, Math.min(tries, RETRIES.size()) - 1));
    }

    @Override
    public Mail getMail() {
        return mail;
    }

    /**
     * Waits until the outcome is on the disk; what can't be written now is written as soon as it can be.
     *
     * <p>A rejected mail is held, unless the store has failed meanwhile: then its processing can hardly be blamed, and
     * it is tried again, a few times.
     */
    @Override
    public void done(CompletionStatus status) {
        if (done.getAndSet(true)) {
            return;
        }
        switch (status) {
            case SUCCESS -> store.delete(row, () -> dispatcher.letGo(row.id()));
            case RETRY -> retry("its processing failed", currentEnvelope());
            case REJECT -> {
                if (store.lastFailure() - handedOut >= 0 && row.tries() < RETRIES.size()) {
                    retry("mail could not be stored while this one was processed", Optional.empty());
                } else {
                    store.holdFor(row.id(), rejection(), () -> dispatcher.letGo(row.id()));
                }
            }
        }
    }

    private void retry(String error, Optional<Envelopes> envelope) {
        store.postpone(row, backOff(row.tries() + 1), error, envelope, () -> dispatcher.letGoAndLookAgain(row.id()));
    }

    /** Recipients that were dealt with are not among those of the next try. */
    private Optional<Envelopes> currentEnvelope() {
        try {
            return mail.getRecipients().isEmpty() ? Optional.empty() : Optional.of(Envelopes.of(mail));
        } catch (IOException | RuntimeException unwritable) {
            LOGGER.warn("Mail {} is tried again as it was: {}", row.name(), unwritable.toString());
            return Optional.empty();
        }
    }

    private String rejection() {
        String error = mail.getErrorMessage();
        return error == null || error.isBlank()
                ? "its processing failed, and so did what James does then; the log says why"
                : "its processing failed: " + error;
    }

    @Override
    public String toString() {
        return "mail " + row.name();
    }
}
