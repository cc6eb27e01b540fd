/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.admin;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Mail at rest: all of it, in every queue and in every repository. Ids are letters, digits, {@code -} and {@code _}, and
 * stay a mail's own for as long as it rests where it is.
 */
public interface Mails {
    /** What keeps the mail. */
    enum Kind {
        /** A queue: the mail is on its way. */
        QUEUE,
        /** A repository: the mail stays until somebody deals with it. */
        REPOSITORY;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Which mails; all conditions have to hold, an empty one always does.
     *
     * @param ids their ids
     * @param place the queue or repository
     * @param sender the envelope sender; the empty string for the null sender
     * @param recipient one of the envelope recipients
     * @param held whether only held mails are meant
     * @param before they came before this moment
     */
    record Selection(
            Set<String> ids,
            Optional<String> place,
            Optional<String> sender,
            Optional<String> recipient,
            boolean held,
            Optional<Instant> before) {
        /** Whether all mails are meant. */
        public boolean isAll() {
            return ids.isEmpty()
                    && place.isEmpty()
                    && sender.isEmpty()
                    && recipient.isEmpty()
                    && !held
                    && before.isEmpty();
        }

        /** Whether a mail is meant. */
        public boolean holds(Mail mail) {
            return (ids.isEmpty() || ids.contains(mail.id()))
                    && place.map(mail.place()::equals).orElse(true)
                    && sender.map(mail.sender()::equalsIgnoreCase).orElse(true)
                    && recipient
                            .map(wanted -> mail.recipients().stream().anyMatch(wanted::equalsIgnoreCase))
                            .orElse(true)
                    && (!held || mail.held())
                    && before.map(limit -> mail.arrived().isBefore(limit)).orElse(true);
        }
    }

    /**
     * A mail.
     *
     * @param id its id
     * @param kind what keeps it
     * @param place the name of the queue or repository
     * @param name what the logs call it
     * @param sender the envelope sender; empty for the null sender
     * @param recipients the envelope recipients
     * @param size the size of the message in bytes; -1 when it is not known
     * @param arrived when it came
     * @param nextTry when it is tried next; empty when it is due, or not in a queue
     * @param held whether it waits to be released
     * @param tries how often it was tried
     * @param lastError why the last try failed; empty when none did
     */
    record Mail(
            String id,
            Kind kind,
            String place,
            String name,
            String sender,
            List<String> recipients,
            long size,
            Instant arrived,
            Optional<Instant> nextTry,
            boolean held,
            int tries,
            String lastError) {}

    /**
     * More of a mail.
     *
     * @param mail the mail
     * @param state the processor that it goes to
     * @param remote the address of the client that it came from
     * @param attributes what is noted on it
     * @param header the header of the message; each byte a character
     */
    record Details(Mail mail, String state, String remote, Map<String, String> attributes, String header) {}

    /**
     * The mails of a place.
     *
     * @param oldest when the oldest of them came
     */
    record Count(Kind kind, String place, long mails, long held, Optional<Instant> oldest) {}

    /** What a place can't do, in words for the administrator. */
    final class UnsupportedException extends IOException {
        private static final long serialVersionUID = 1L;

        public UnsupportedException(String message) {
            super(message);
        }
    }

    /**
     * Mails, the oldest first.
     *
     * @throws IOException when they can't be read
     */
    List<Mail> list(Selection selection, int offset, int limit) throws IOException;

    /** More of a mail; empty when it is not there any more. */
    Optional<Details> show(String id) throws IOException;

    /** The message of a mail, to be closed; empty when it is not there any more. */
    Optional<InputStream> message(String id) throws IOException;

    /** The mails of all places, empty places as well. */
    List<Count> counts() throws IOException;

    /**
     * Makes delayed mails due.
     *
     * @return how many mails there were
     */
    long flush(Selection selection) throws IOException;

    /** Keeps mails from being tried until they are released. */
    long hold(Selection selection) throws IOException;

    /** Lets held mails go on. */
    long release(Selection selection) throws IOException;

    /** Deletes mails, without a word to sender or recipients. */
    long delete(Selection selection) throws IOException;
}
