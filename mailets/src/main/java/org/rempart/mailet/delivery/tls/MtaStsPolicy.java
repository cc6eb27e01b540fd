/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** The policy file of a domain (RFC 8461, section 3.2). */
final class MtaStsPolicy {
    /** The longest time that a policy may ask to be remembered: a year, 31557600 seconds. */
    static final Duration LONGEST = Duration.ofHours(8_766);

    /** So many names suffice: a longer list is a mistake, or meant to cost us. */
    private static final int MOST_MX = 1_000;

    /** What happens where an MX does not satisfy the policy. */
    enum Mode {
        /** It gets no mail. */
        ENFORCE,
        /** It gets mail; what would have kept it from it is told. */
        TESTING,
        /** The domain takes its policy back. */
        NONE;

        String keyword() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Mode mode;
    private final List<MxPattern> mx;
    private final Duration maxAge;

    private MtaStsPolicy(Mode mode, List<MxPattern> mx, Duration maxAge) {
        this.mode = Objects.requireNonNull(mode);
        this.mx = List.copyOf(mx);
        this.maxAge = Objects.requireNonNull(maxAge);
    }

    /**
     * Reads a policy: lines {@code key: value}, which end in LF or CRLF. Of a key other than {@code mx} the first line
     * counts; keys that are not known don't count. A {@code max_age} beyond a year is taken for a year.
     *
     * @throws MtaStsException when it is none
     */
    static MtaStsPolicy parse(byte[] file) throws MtaStsException {
        Map<String, String> values = new HashMap<>();
        List<MxPattern> mx = new ArrayList<>();
        for (String line : new String(file, StandardCharsets.UTF_8).split("\r?\n", -1)) {
            if (line.isBlank()) {
                continue;
            }
            int colon = line.indexOf(':');
            if (colon <= 0) {
                throw new MtaStsException("the policy has the line " + shown(line) + ", which is not key: value");
            }
            String key = line.substring(0, colon).strip();
            String value = line.substring(colon + 1).strip();
            if (key.equals("mx")) {
                mx.add(MxPattern.parse(value)
                        .orElseThrow(() -> new MtaStsException("the policy's mx " + shown(value) + " is no host")));
                if (mx.size() > MOST_MX) {
                    throw new MtaStsException("the policy names more than " + MOST_MX + " hosts");
                }
            } else {
                values.putIfAbsent(key, value);
            }
        }
        return of(values, mx);
    }

    private static MtaStsPolicy of(Map<String, String> values, List<MxPattern> mx) throws MtaStsException {
        String version = values.getOrDefault("version", "");
        if (!version.equals("STSv1")) {
            throw new MtaStsException("the policy's version is " + shown(version) + ", not STSv1");
        }
        Mode mode = mode(values.getOrDefault("mode", ""));
        if (mx.isEmpty() && mode != Mode.NONE) {
            throw new MtaStsException("the policy names no mx");
        }
        return new MtaStsPolicy(mode, mx, maxAge(values.getOrDefault("max_age", "")));
    }

    private static Mode mode(String written) throws MtaStsException {
        for (Mode mode : Mode.values()) {
            if (mode.keyword().equals(written)) {
                return mode;
            }
        }
        throw new MtaStsException("the policy's mode is " + shown(written) + ", not enforce, testing or none");
    }

    private static Duration maxAge(String written) throws MtaStsException {
        if (!written.matches("[0-9]{1,10}")) {
            throw new MtaStsException("the policy's max_age is " + shown(written) + ", not a number of seconds");
        }
        Duration maxAge = Duration.ofSeconds(Long.parseLong(written));
        return maxAge.compareTo(LONGEST) > 0 ? LONGEST : maxAge;
    }

    /** What a stranger wrote, fit for a line of a log. */
    private static String shown(String written) {
        int longest = 80;
        String ascii = written.replaceAll("[^\\x20-\\x7e]", "?");
        return '"' + (ascii.length() <= longest ? ascii : ascii.substring(0, longest) + "…") + '"';
    }

    Mode mode() {
        return mode;
    }

    /** The hosts that may take the domain's mail. */
    List<MxPattern> mx() {
        return mx;
    }

    /** How long the policy holds from when it was fetched. */
    Duration maxAge() {
        return maxAge;
    }

    /** The policy as a file that {@link #parse} reads. */
    String toFile() {
        return "version: STSv1\nmode: " + mode.keyword() + '\n'
                + mx.stream().map(pattern -> "mx: " + pattern + '\n').collect(Collectors.joining()) + "max_age: "
                + maxAge.toSeconds() + '\n';
    }

    @Override
    public String toString() {
        return "mode: " + mode.keyword()
                + mx.stream().map(pattern -> ", mx: " + pattern).collect(Collectors.joining());
    }
}
