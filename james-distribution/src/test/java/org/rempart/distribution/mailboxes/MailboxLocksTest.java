/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.mailboxes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.james.mailbox.exception.MailboxException;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.Exceptions;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

class MailboxLocksTest {
    private final MailboxLocks locks = new MailboxLocks(Duration.ofMillis(200));

    /** Takes the result of a change when it is told to. */
    private static final class Late extends BaseSubscriber<String> {
        private final List<String> heard = new ArrayList<>();

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            // Asks later.
        }

        @Override
        protected void hookOnNext(String value) {
            heard.add(value);
        }

        @Override
        protected void hookOnComplete() {
            heard.add("end");
        }
    }

    /** A command is answered by the result: without it, nobody answers. */
    @Test
    void aResultThatIsThereBeforeItIsAskedForIsNotLost() {
        Late late = new Late();
        locks.change("box", Mono.just("result")).subscribe(late);
        late.request(1);

        assertThat(late.heard).containsExactly("result", "end");
    }

    @Test
    void aChangeWithoutAResultEnds() {
        Late late = new Late();
        locks.change("box", Mono.<String>empty()).subscribe(late);
        late.request(1);

        assertThat(late.heard).containsExactly("end");
    }

    @Test
    void oneChangeWaitsForTheOtherAndNoLongerThanItsPatience() {
        Sinks.One<String> first = Sinks.one();
        List<String> ended = new ArrayList<>();
        locks.change("box", first.asMono()).subscribe(ended::add);
        locks.change("other", Mono.just("other")).subscribe(ended::add);
        assertThat(ended).containsExactly("other");

        assertThatThrownBy(() -> locks.change("box", Mono.just("second")).block())
                .satisfies(failed -> assertThat(Exceptions.unwrap(failed)).isInstanceOf(MailboxException.class))
                .hasMessageContaining("Others have changed mailbox box");
        first.tryEmitValue("first").orThrow();
        assertThat(ended).containsExactly("other", "first");
        assertThat(locks.change("box", Mono.just("third")).block()).isEqualTo("third");
    }
}
