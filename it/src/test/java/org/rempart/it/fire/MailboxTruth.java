/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * What many sessions know together of one mailbox: which messages it was told to keep, under which UIDs, and which have
 * gone. Each session tells it what it was answered, and it says what can't be right (RFC 3501, section 2.3.1.1).
 */
final class MailboxTruth {
    private final String name;
    private final Map<Long, String> arrived = new ConcurrentHashMap<>();
    private final Set<Long> doomed = ConcurrentHashMap.newKeySet();
    private final Map<Long, Long> gone = new ConcurrentHashMap<>();
    private final AtomicLong moments = new AtomicLong();
    private final AtomicLong highest = new AtomicLong();
    private final AtomicLong next = new AtomicLong();
    private final AtomicLong validity = new AtomicLong();
    private final AtomicInteger unanswered = new AtomicInteger();

    MailboxTruth(String name) {
        this.name = name;
    }

    String name() {
        return name;
    }

    /**
     * What is known before a command is sent.
     *
     * @param uid a message that arrives after this has a higher UID
     * @param moment what has gone before this does not come back
     */
    record Before(long uid, long moment) {}

    Before before() {
        return new Before(Math.max(highest.get(), next.get() - 1), moments.incrementAndGet());
    }

    /** A message was acknowledged with this UID. */
    void arrived(long uid, String subject, Before before) {
        check(uid > before.uid(), "UID %d comes after UID %d was known", uid, before.uid());
        String other = arrived.putIfAbsent(uid, subject);
        check(other == null, "UID %d is given to %s and to %s", uid, other, subject);
        highest.accumulateAndGet(uid, Math::max);
    }

    /** So many messages may have been added, and nobody will say under which UIDs. */
    void unanswered(int messages) {
        unanswered.addAndGet(messages);
    }

    /** A UIDNEXT was told. */
    void next(long uid, Before before) {
        check(uid > before.uid(), "UIDNEXT is %d after UID %d was known", uid, before.uid());
        next.accumulateAndGet(uid, Math::max);
    }

    void validity(long value) {
        long first = validity.compareAndExchange(0, value);
        check(first == 0 || first == value, "UIDVALIDITY was %d and is %d", first, value);
    }

    /** Somebody is about to mark these as deleted, or to move them. */
    void doom(List<Long> uids) {
        doomed.addAll(uids);
    }

    /** Somebody was told that this message has gone. */
    void gone(long uid) {
        gone.putIfAbsent(uid, moments.get());
    }

    /** A mailbox that was opened after the given moment has this message. */
    void seen(long uid, Before before) {
        Long since = gone.get(uid);
        check(since == null || since >= before.moment(), "UID %d had gone, and has come back", uid);
    }

    /** What is known of a message; null when nobody was answered. */
    String subject(long uid) {
        return arrived.get(uid);
    }

    boolean isDoomed(long uid) {
        return doomed.contains(uid);
    }

    /** The end: this is what the mailbox holds. */
    void end(Map<Long, String> messages) {
        gone.keySet().stream()
                .filter(arrived::containsKey)
                .forEach(uid -> check(
                        doomed.contains(uid), "UID %d (%s) has gone, and nobody has deleted it", uid, subject(uid)));
        arrived.forEach((uid, subject) -> {
            String found = messages.get(uid);
            check(found != null || doomed.contains(uid), "UID %d (%s) is lost", uid, subject);
            check(found == null || found.equals(subject), "UID %d is %s, and was %s", uid, found, subject);
        });
        messages.keySet().forEach(uid -> check(!gone.containsKey(uid), "UID %d had gone, and is there", uid));
        // A copy that nobody was told of may have been marked as deleted from the start, as its original was.
        long unknown = Stream.concat(messages.keySet().stream(), gone.keySet().stream())
                .filter(uid -> !arrived.containsKey(uid))
                .count();
        check(
                unknown <= unanswered.get(),
                "%d messages that nobody has put there, of %d that may be there",
                unknown,
                unanswered.get());
    }

    int size() {
        return arrived.size();
    }

    private void check(boolean right, String fault, Object... values) {
        if (!right) {
            throw new AssertionError("mailbox " + name + ": "
                    + String.format(fault, Stream.of(values).toArray()));
        }
    }
}
