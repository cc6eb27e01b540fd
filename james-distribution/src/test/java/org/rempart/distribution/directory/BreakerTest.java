/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BreakerTest {
    private final AtomicLong now = new AtomicLong();
    private final Breaker breaker = new Breaker(2, Duration.ofSeconds(5), now::get);

    private void pass(int seconds) {
        now.addAndGet(Duration.ofSeconds(seconds).toNanos());
    }

    @Test
    void failuresInARowOpenIt() {
        breaker.failed();
        breaker.succeeded();
        breaker.failed();
        assertThat(breaker.letsThrough()).isTrue();
        breaker.failed();
        assertThat(breaker.letsThrough()).isFalse();
        pass(4);
        assertThat(breaker.letsThrough()).isFalse();
    }

    @Test
    void oneProbeGoesAndDecides() {
        breaker.failed();
        breaker.failed();
        pass(5);
        assertThat(breaker.letsThrough()).isTrue();
        assertThat(breaker.letsThrough()).isFalse();
        breaker.failed();
        assertThat(breaker.letsThrough()).isFalse();
        pass(5);
        assertThat(breaker.letsThrough()).isTrue();
        breaker.succeeded();
        assertThat(breaker.letsThrough()).isTrue();
        assertThat(breaker.letsThrough()).isTrue();
    }
}
