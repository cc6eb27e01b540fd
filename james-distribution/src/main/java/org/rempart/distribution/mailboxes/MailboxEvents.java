/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import java.util.Set;
import javax.inject.Inject;
import org.apache.james.events.Event;
import org.apache.james.events.EventDeadLetters;
import org.apache.james.events.EventListener;
import org.apache.james.events.InVMEventBus;
import org.apache.james.events.Registration;
import org.apache.james.events.RegistrationKey;
import org.apache.james.events.RetryBackoffConfiguration;
import org.apache.james.events.delivery.EventDelivery;
import reactor.core.publisher.Mono;

/**
 * James's bus of events, whose listeners come and go while it looks for those of an event: an APPEND would fail since
 * somebody else selects the mailbox at that moment.
 */
final class MailboxEvents extends InVMEventBus {
    @Inject
    MailboxEvents(EventDelivery delivery, RetryBackoffConfiguration retries, EventDeadLetters deadLetters) {
        super(delivery, retries, deadLetters);
    }

    @Override
    public synchronized Mono<Registration> register(EventListener.ReactiveEventListener listener, RegistrationKey key) {
        return super.register(listener, key)
                .map(registration -> () -> Mono.fromRunnable(() -> unregister(registration)));
    }

    private synchronized void unregister(Registration registration) {
        // It takes the listener out of a map, and is done when this returns.
        Mono.from(registration.unregister()).subscribe();
    }

    /** The listeners are looked for here, and called later. */
    @Override
    public synchronized Mono<Void> dispatch(Event event, Set<RegistrationKey> keys) {
        return super.dispatch(event, keys);
    }
}
