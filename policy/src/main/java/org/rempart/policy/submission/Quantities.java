/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.submission;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;

/** Reads durations such as {@code 10m} and limits such as {@code 200/1h}. */
public final class Quantities {
    /** Longer ones are slips, and would overflow the arithmetic of those who count. */
    private static final Duration LONGEST = Duration.ofDays(366);

    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})([smhd])");
    private static final Pattern COUNT = Pattern.compile("[0-9]{1,18}");

    private Quantities() {}

    /** @throws PolicyException when the text is no duration, or it is nothing, or more than 366 days */
    public static Duration duration(String text) throws PolicyException {
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            throw new PolicyException(
                    Wording.quoted(text) + " is not a duration",
                    "write a number and, without a space, its unit s, m, h or d: 30s, 10m, 1h, 1d");
        }
        Duration duration = Duration.of(Long.parseLong(matcher.group(1)), unit(matcher.group(2)));
        if (duration.isZero() || duration.compareTo(LONGEST) > 0) {
            throw new PolicyException(
                    "the duration " + Wording.quoted(text) + " is out of bounds", "write one from 1s to 366d");
        }
        return duration;
    }

    private static ChronoUnit unit(String letter) {
        switch (letter) {
            case "s":
                return ChronoUnit.SECONDS;
            case "m":
                return ChronoUnit.MINUTES;
            case "h":
                return ChronoUnit.HOURS;
            case "d":
                return ChronoUnit.DAYS;
            default:
                throw new AssertionError(letter);
        }
    }

    /** @throws PolicyException when the text is no count from 1 on, a slash and a duration */
    public static RateLimit.Quantity quantity(String text) throws PolicyException {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new PolicyException(
                    Wording.quoted(text) + " is not a limit",
                    "write a number, a slash and a duration: 200/1h for two hundred within an hour");
        }
        String count = text.substring(0, slash);
        long number = COUNT.matcher(count).matches() ? Long.parseLong(count) : 0;
        if (number < 1 || number > Integer.MAX_VALUE) {
            throw new PolicyException(
                    Wording.quoted(count) + " in " + Wording.quoted(text) + " is not a number that a limit can have",
                    "write a whole number from 1 to " + Integer.MAX_VALUE);
        }
        return RateLimit.Quantity.of((int) number, duration(text.substring(slash + 1)));
    }

    /** A duration as the policy writes it, in the largest unit that leaves no rest. */
    static String format(Duration duration) {
        long seconds = duration.toSeconds();
        if (!duration.equals(Duration.ofSeconds(seconds))) {
            return duration.toString();
        }
        if (seconds % 86_400 == 0) {
            return seconds / 86_400 + "d";
        }
        if (seconds % 3_600 == 0) {
            return seconds / 3_600 + "h";
        }
        return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }
}
