/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A filter that does not answer is left alone for a while. */
class BreakerTest {
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicInteger asked = new AtomicInteger();
    private boolean answers;
    private final Breaker breaker = new Breaker(this::ask, nanos::get);

    private FilterAnswer ask(FilteredMessage message) throws IOException {
        asked.incrementAndGet();
        if (!answers) {
            throw new IOException("away");
        }
        return FilterAnswer.of(FilterAnswer.Verdict.ACCEPT, "", List.of());
    }

    private void fails(String why) {
        assertThatThrownBy(() -> breaker.ask(SampleMessage.plain())).hasMessageContaining(why);
    }

    @Test
    void threeFailuresInARow() throws Exception {
        fails("away");
        fails("away");
        answers = true;
        breaker.ask(SampleMessage.plain());
        answers = false;
        for (int i = 0; i < 3; i++) {
            fails("away");
        }
        fails("left alone");
        assertThat(asked).hasValue(6);
        nanos.addAndGet(Duration.ofSeconds(11).toNanos());
        fails("away");
        fails("left alone");
        nanos.addAndGet(Duration.ofSeconds(11).toNanos());
        answers = true;
        breaker.ask(SampleMessage.plain());
        breaker.ask(SampleMessage.plain());
        assertThat(asked).hasValue(9);
    }
}
