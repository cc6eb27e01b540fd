/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.james.core.Username;
import org.apache.james.events.Event;
import org.apache.james.events.EventListener;
import org.apache.james.events.MemoryEventDeadLetters;
import org.apache.james.events.Registration;
import org.apache.james.events.RegistrationKey;
import org.apache.james.events.RetryBackoffConfiguration;
import org.apache.james.mailbox.events.MailboxIdRegistrationKey;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/** Sessions open and leave a mailbox while others are told of its changes. */
class MailboxEventsTest {
    private static final RegistrationKey KEY = new MailboxIdRegistrationKey(new MailboxNumber(1));

    private final AtomicInteger told = new AtomicInteger();
    private final MailboxEvents events = new MailboxEvents(
            (listener, event, options) -> Mono.from(listener.reactiveEvent(event)),
            RetryBackoffConfiguration.DEFAULT,
            new MemoryEventDeadLetters());

    private EventListener.ReactiveEventListener listener() {
        return new EventListener.ReactiveEventListener() {
            @Override
            public Publisher<Void> reactiveEvent(Event event) {
                return Mono.fromRunnable(told::incrementAndGet);
            }

            @Override
            public boolean isHandling(Event event) {
                return true;
            }
        };
    }

    private record Change(EventId getEventId) implements Event {
        Change() {
            this(EventId.random());
        }

        @Override
        public Username getUsername() {
            return Username.of("alice@example.com");
        }

        @Override
        public boolean isNoop() {
            return false;
        }
    }

    @Test
    void listenersComeAndGoWhileEventsAreTold() throws Exception {
        for (int i = 0; i < 100; i++) {
            Mono.from(events.register(listener(), KEY)).block();
        }
        ExecutorService others = Executors.newSingleThreadExecutor();
        try {
            Future<?> sessions = others.submit(() -> {
                for (int i = 0; i < 20_000; i++) {
                    Registration registration =
                            Mono.from(events.register(listener(), KEY)).block();
                    Mono.from(registration.unregister()).block();
                }
            });
            int dispatched = 0;
            do {
                events.dispatch(new Change(), Set.of(KEY)).block();
                dispatched++;
            } while (!sessions.isDone());
            sessions.get();
            assertThat(told.get()).isGreaterThanOrEqualTo(100 * dispatched);
        } finally {
            others.shutdownNow();
        }
        told.set(0);
        events.dispatch(new Change(), Set.of(KEY)).block();
        assertThat(told).as("those that have not gone").hasValue(100);
    }
}
