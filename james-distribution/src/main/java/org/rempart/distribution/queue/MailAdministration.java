/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.queue;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * All mail at rest: in every queue and in every repository. Nothing lies in a place that this does not show.
 *
 * <p>A mail is named by a number that is never used again. Selections are made by a {@link Filter}; one that asks for
 * nothing selects everything, so anyone who takes one from a person asks before {@link #delete}.
 *
 * <p>Safe for use by many threads. Each method throws {@link MailStoreException} when the database does not answer.
 */
public interface MailAdministration {
    /** What a place is for. */
    enum Kind {
        /** Mail that is to be processed or sent. */
        QUEUE,
        /** Mail that was put aside: {@code error}, {@code relay-denied} and the like. */
        REPOSITORY
    }

    /**
     * Where mail lies.
     *
     * @param name the queue's name, such as {@code spool}, or the repository's URL, such as {@code stored://var/mail/error}
     */
    record Place(Kind kind, String name) {}

    /**
     * What to select; all that is given must hold, and what is empty is not asked for.
     *
     * @param ids numbers of mails; empty for all
     * @param kind queues or repositories alone
     * @param name a queue's name, a repository's URL, or such a URL without what stands before its path
     * @param sender the envelope's sender, whatever its case; {@code <>} for none
     * @param recipient one of the envelope's recipients, whatever its case
     * @param account that submitted it, whatever its case
     * @param held whether it is held
     * @param olderThan so long it has lain where it lies at least
     */
    record Filter(
            Set<Long> ids,
            Optional<Kind> kind,
            Optional<String> name,
            Optional<String> sender,
            Optional<String> recipient,
            Optional<String> account,
            Optional<Boolean> held,
            Optional<Duration> olderThan) {
        /** Everything. */
        public static final Filter ALL = new Filter(
                Set.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());

        public Filter {
            ids = Set.copyOf(ids);
        }

        /** The mails of these numbers. */
        public static Filter ofIds(Set<Long> ids) {
            if (ids.isEmpty()) {
                throw new IllegalArgumentException("no number of a mail is given");
            }
            return new Filter(
                    ids,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty());
        }

        /** The same, of one kind of place. */
        public Filter withKind(Kind wanted) {
            return new Filter(ids, Optional.of(wanted), name, sender, recipient, account, held, olderThan);
        }

        /** The same, of one queue or repository. */
        public Filter withName(String wanted) {
            return new Filter(ids, kind, Optional.of(wanted), sender, recipient, account, held, olderThan);
        }

        /** The same, from one sender. */
        public Filter withSender(String wanted) {
            return new Filter(ids, kind, name, Optional.of(wanted), recipient, account, held, olderThan);
        }

        /** The same, to one recipient. */
        public Filter withRecipient(String wanted) {
            return new Filter(ids, kind, name, sender, Optional.of(wanted), account, held, olderThan);
        }

        /** The same, that one account submitted. */
        public Filter withAccount(String wanted) {
            return new Filter(ids, kind, name, sender, recipient, Optional.of(wanted), held, olderThan);
        }

        /** The same, held or not held. */
        public Filter withHeld(boolean wanted) {
            return new Filter(ids, kind, name, sender, recipient, account, Optional.of(wanted), olderThan);
        }

        /** The same, of mail that has lain so long at least. */
        public Filter withOlderThan(Duration wanted) {
            return new Filter(ids, kind, name, sender, recipient, account, held, Optional.of(wanted));
        }
    }

    /**
     * A line of a list.
     *
     * @param id the mail's number
     * @param name James's name of it, as the log has it
     * @param sender the envelope's sender; {@code <>} for none
     * @param recipients of the envelope
     * @param size bytes of the message; 0 when it has none
     * @param arrival when it came to this place
     * @param nextDelivery when a queue hands it out next, in the past when it is waiting for its turn; of no meaning in a
     *     repository
     * @param held whether it is kept from being handed out
     * @param inFlight whether it is being processed now
     * @param tries how often it was tried in vain
     * @param lastError why the last time failed, or why it is held; empty when nothing failed
     */
    record Summary(
            long id,
            Place place,
            String name,
            String sender,
            List<String> recipients,
            long size,
            Instant arrival,
            Instant nextDelivery,
            boolean held,
            boolean inFlight,
            int tries,
            String lastError) {
        public Summary {
            recipients = List.copyOf(recipients);
        }
    }

    /**
     * All about a mail but its body.
     *
     * @param state the processor that it goes to, such as {@code root}
     * @param errorMessage what a mailet noted in the mail; empty when none did
     * @param remoteHost the name of the host that it came from
     * @param remoteAddress its address
     * @param attributes of the envelope, each value as text
     * @param header the message's header, cut after 64 KiB; says why when it can't be read
     */
    record Details(
            Summary summary,
            String state,
            String errorMessage,
            String remoteHost,
            String remoteAddress,
            Map<String, String> attributes,
            String header) {
        public Details {
            attributes = Map.copyOf(attributes);
        }
    }

    /**
     * A part of a list, in the order of numbers.
     *
     * @param next what to give as {@code after} for what follows; empty at the end
     */
    record Page(List<Summary> mails, OptionalLong next) {
        public Page {
            mails = List.copyOf(mails);
        }
    }

    /**
     * How much lies in a place.
     *
     * @param mails all of them, held ones too
     * @param delayed those that are not held and not due yet; 0 in a repository
     * @param bytes of all messages
     * @param oldest when the oldest came
     */
    record Count(Place place, long mails, long held, long delayed, long bytes, Optional<Instant> oldest) {}

    /** Every place that is known, empty ones too, queues first, then by name. */
    List<Count> counts() throws MailStoreException;

    /**
     * A page of a list.
     *
     * @param after the number after which the page starts; 0 for the first
     * @param limit mails at most, between 1 and 1000
     */
    Page list(Filter filter, long after, int limit) throws MailStoreException;

    /** How many mails there are of this kind. */
    long count(Filter filter) throws MailStoreException;

    /** All about one mail; empty when there is none of this number. */
    Optional<Details> show(long id) throws MailStoreException;

    /**
     * The message's bytes as they are stored; empty when there is no mail of this number or it has no message.
     *
     * @throws IOException when the file can't be opened, because it is missing, for instance
     */
    Optional<InputStream> message(long id) throws MailStoreException, IOException;

    /**
     * Keeps mail in queues from being handed out until it is released. Mail that is being processed goes on; it is held if
     * it comes back.
     *
     * @return how many were not held before
     */
    long hold(Filter filter) throws MailStoreException;

    /**
     * Undoes {@link #hold}, and gives mail that was held for a fault another try at once.
     *
     * @return how many were held
     */
    long release(Filter filter) throws MailStoreException;

    /**
     * Makes mail in queues due now, if it is not held.
     *
     * @return how many were not due
     */
    long flush(Filter filter) throws MailStoreException;

    /**
     * Gives mail of repositories to the server's spool again, each to be processed from where it was put aside. It is in one
     * of the two places at every moment.
     *
     * @return how many
     */
    long process(Filter filter) throws MailStoreException;

    /**
     * Deletes mail for good. No bounce is sent. Mail that is being processed stays.
     *
     * @return how many were deleted
     */
    long delete(Filter filter) throws MailStoreException;
}
