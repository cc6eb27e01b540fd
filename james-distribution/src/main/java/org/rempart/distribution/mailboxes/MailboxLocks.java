/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.apache.james.mailbox.MailboxPathLocker;
import org.apache.james.mailbox.exception.MailboxException;
import org.apache.james.mailbox.model.MailboxPath;
import org.apache.james.mailbox.store.MailboxReactorUtils;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Schedulers;

/**
 * One change of a mailbox at a time, in the order in which they come, each together with the telling of it to the sessions
 * that have the mailbox open: a session that heard of an expunge before it heard of the message would show it for ever.
 *
 * <p>No thread waits for a lock, and nothing waits longer than its patience. A change that has begun goes on to its end
 * though the client has gone or was answered already.
 */
final class MailboxLocks implements MailboxPathLocker {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Duration patience;
    private final Map<Object, Deque<Ticket>> queues = new HashMap<>();

    private static final class Ticket {
        private final CompletableFuture<Void> turn = new CompletableFuture<>();
    }

    MailboxLocks() {
        this(PATIENCE);
    }

    MailboxLocks(Duration patience) {
        this.patience = patience;
    }

    /**
     * Does a change when its turn comes.
     *
     * @param mailbox what only one change at a time may be made of
     * @return fails with a {@link MailboxException} when its turn does not come
     */
    <T> Mono<T> change(Object mailbox, Mono<T> change) {
        return goesOn(locked(mailbox, change));
    }

    /** Does a change of two mailboxes. */
    <T> Mono<T> change(MailboxNumber one, MailboxNumber other, Mono<T> change) {
        if (one.equals(other)) {
            return change(one, change);
        }
        boolean inOrder = one.value() < other.value();
        return goesOn(locked(inOrder ? one : other, locked(inOrder ? other : one, change)));
    }

    private <T> Mono<T> locked(Object mailbox, Mono<T> change) {
        return Mono.defer(() -> {
            Ticket ticket = new Ticket();
            enter(mailbox, ticket);
            return Mono.fromFuture(ticket.turn)
                    .timeout(patience)
                    .onErrorMap(
                            TimeoutException.class,
                            late -> new MailboxException(
                                    "Others have changed mailbox " + mailbox + " for " + patience.toSeconds() + " s"))
                    .then(change)
                    .doFinally(end -> leave(mailbox, ticket));
        });
    }

    /**
     * Anyone who waits for it may go; it does not end with him. The sink is told once: a completion after a value would take
     * the place of the value where nobody has asked for it yet.
     */
    private static <T> Mono<T> goesOn(Mono<T> change) {
        return Mono.create((MonoSink<T> waiting) -> change.contextWrite(waiting.contextView())
                .map(Optional::of)
                .defaultIfEmpty(Optional.empty())
                .subscribe(result -> result.ifPresentOrElse(waiting::success, waiting::success), waiting::error));
    }

    private void enter(Object mailbox, Ticket ticket) {
        boolean first;
        synchronized (queues) {
            Deque<Ticket> queue = queues.computeIfAbsent(mailbox, any -> new ArrayDeque<>());
            queue.add(ticket);
            first = queue.size() == 1;
        }
        if (first) {
            ticket.turn.complete(null);
        }
    }

    private void leave(Object mailbox, Ticket ticket) {
        Ticket next;
        synchronized (queues) {
            Deque<Ticket> queue = queues.get(mailbox);
            boolean had = queue.peek() == ticket;
            queue.remove(ticket);
            next = had ? queue.peek() : null;
            if (queue.isEmpty()) {
                queues.remove(mailbox);
            }
        }
        if (next != null) {
            next.turn.complete(null);
        }
    }

    @Override
    public <T> T executeWithLock(MailboxPath path, LockAwareExecution<T> execution, LockType type)
            throws MailboxException {
        return MailboxReactorUtils.block(
                change(path, Mono.fromCallable(execution::execute).subscribeOn(Schedulers.boundedElastic())));
    }

    @Override
    public <T> Publisher<T> executeReactiveWithLockReactive(MailboxPath path, Publisher<T> execution, LockType type) {
        return change(path, Mono.from(execution));
    }
}
