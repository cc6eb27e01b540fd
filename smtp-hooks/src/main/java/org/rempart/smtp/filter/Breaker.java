/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import java.io.IOException;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Leaves a filter alone for a while that did not answer several times in a row. Each mail would wait for it as long as it may,
 * and hold a thread of the listener.
 */
final class Breaker implements FilterClient {
    private static final int FAILURES = 3;
    private static final Duration PAUSE = Duration.ofSeconds(10);

    private final FilterClient filter;
    private final LongSupplier nanos;
    private int failures;
    private long until;

    Breaker(FilterClient filter) {
        this(filter, System::nanoTime);
    }

    Breaker(FilterClient filter, LongSupplier nanos) {
        this.filter = filter;
        this.nanos = nanos;
    }

    @Override
    public FilterAnswer ask(FilteredMessage message) throws IOException {
        enter();
        boolean answered = false;
        try {
            FilterAnswer answer = filter.ask(message);
            answered = true;
            return answer;
        } finally {
            leave(answered);
        }
    }

    private synchronized void enter() throws IOException {
        if (failures < FAILURES) {
            return;
        }
        if (nanos.getAsLong() - until < 0) {
            throw new IOException(
                    "it has not answered " + FAILURES + " times in a row, and is left alone for some seconds");
        }
        // One mail tries it, and the others go on without.
        until = nanos.getAsLong() + PAUSE.toNanos();
    }

    private synchronized void leave(boolean answered) {
        failures = answered ? 0 : Math.min(failures + 1, FAILURES);
        if (!answered) {
            until = nanos.getAsLong() + PAUSE.toNanos();
        }
    }
}
