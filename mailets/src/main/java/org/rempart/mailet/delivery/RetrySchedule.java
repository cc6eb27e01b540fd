/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * When a mail is tried again. Its notation is James's: {@code 5m, 2*10m, 1 hour} is a delay of five minutes, then two of ten,
 * then one of an hour; a number without a unit is of milliseconds. More retries than delays repeat the last delay; more
 * delays than retries are more retries.
 */
public final class RetrySchedule {
    private static final Pattern DELAY = Pattern.compile("(?:(\\d{1,6})\\s*\\*\\s*)?(\\d{1,12})\\s*([a-zA-Z]*)");
    private static final Map<String, Duration> UNITS = Map.ofEntries(
            Map.entry("", Duration.ofMillis(1)),
            Map.entry("ms", Duration.ofMillis(1)),
            Map.entry("msec", Duration.ofMillis(1)),
            Map.entry("msecs", Duration.ofMillis(1)),
            Map.entry("s", Duration.ofSeconds(1)),
            Map.entry("sec", Duration.ofSeconds(1)),
            Map.entry("secs", Duration.ofSeconds(1)),
            Map.entry("second", Duration.ofSeconds(1)),
            Map.entry("seconds", Duration.ofSeconds(1)),
            Map.entry("m", Duration.ofMinutes(1)),
            Map.entry("min", Duration.ofMinutes(1)),
            Map.entry("mins", Duration.ofMinutes(1)),
            Map.entry("minute", Duration.ofMinutes(1)),
            Map.entry("minutes", Duration.ofMinutes(1)),
            Map.entry("h", Duration.ofHours(1)),
            Map.entry("hour", Duration.ofHours(1)),
            Map.entry("hours", Duration.ofHours(1)),
            Map.entry("d", Duration.ofDays(1)),
            Map.entry("day", Duration.ofDays(1)),
            Map.entry("days", Duration.ofDays(1)),
            Map.entry("w", Duration.ofDays(7)),
            Map.entry("week", Duration.ofDays(7)),
            Map.entry("weeks", Duration.ofDays(7)));
    private static final int MOST = 10_000;

    private final List<Duration> delays;

    private RetrySchedule(List<Duration> delays) {
        this.delays = List.copyOf(delays);
    }

    /**
     * Reads a schedule.
     *
     * @param delays the notation above
     * @param retries how often a mail is tried again at least
     * @throws IllegalArgumentException when it is none, with what is wrong
     */
    public static RetrySchedule parse(String delays, int retries) {
        List<Duration> read = new ArrayList<>();
        for (String part : delays.split(",", -1)) {
            Matcher found = DELAY.matcher(part.trim());
            Duration unit = found.matches() ? UNITS.get(found.group(3).toLowerCase(Locale.ROOT)) : null;
            if (unit == null) {
                throw new IllegalArgumentException("\"" + part.trim() + "\" is no delay");
            }
            int times =
                    Optional.ofNullable(found.group(1)).map(Integer::parseInt).orElse(1);
            if (read.size() + (long) times > MOST) {
                throw new IllegalArgumentException("more than " + MOST + " delays");
            }
            for (int i = 0; i < times; i++) {
                read.add(unit.multipliedBy(Long.parseLong(found.group(2))));
            }
        }
        if (read.isEmpty()) {
            throw new IllegalArgumentException("no delay is named");
        }
        while (read.size() < retries) {
            read.add(read.get(read.size() - 1));
        }
        return new RetrySchedule(read);
    }

    /**
     * How long a mail waits before it is tried again; empty when its time is up.
     *
     * @param retries how often it was tried again so far
     */
    public Optional<Duration> delayAfter(int retries) {
        return retries < delays.size() ? Optional.of(delays.get(retries)) : Optional.empty();
    }

    /** How long a mail is tried from now on that was tried again so often. */
    Duration rest(int retries) {
        return delays.stream().skip(retries).reduce(Duration.ZERO, Duration::plus);
    }

    @Override
    public String toString() {
        return delays.toString();
    }
}
