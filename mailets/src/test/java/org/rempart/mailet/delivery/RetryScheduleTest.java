/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RetryScheduleTest {
    @Test
    void delaysAreThoseOfJames() {
        RetrySchedule schedule = RetrySchedule.parse("500, 2*10 m, 1 Hour", 6);

        assertThat(schedule.delayAfter(0)).contains(Duration.ofMillis(500));
        assertThat(schedule.delayAfter(1)).contains(Duration.ofMinutes(10));
        assertThat(schedule.delayAfter(2)).contains(Duration.ofMinutes(10));
        assertThat(schedule.delayAfter(3)).contains(Duration.ofHours(1));
        assertThat(schedule.delayAfter(5)).contains(Duration.ofHours(1));
        assertThat(schedule.delayAfter(6)).isEmpty();
    }

    @Test
    void moreDelaysAreMoreRetries() {
        RetrySchedule schedule = RetrySchedule.parse("1s, 2s, 3s", 1);

        assertThat(schedule.delayAfter(2)).contains(Duration.ofSeconds(3));
        assertThat(schedule.delayAfter(3)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5m,", "five", "5 fortnights", "-1s", "2*", "*5m", "999999*1s"})
    void whatIsNoDelayIsSaid(String delays) {
        assertThatThrownBy(() -> RetrySchedule.parse(delays, 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
