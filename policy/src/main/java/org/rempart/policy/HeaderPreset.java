/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Header fields that belong together, by the name that {@code <strip preset="…">} calls them. */
public enum HeaderPreset {
    /** What a sender's program says of itself and of where it runs. */
    CLIENT("X-Mailer", "User-Agent", "X-Originating-IP", "X-PHP-Originating-Script"),
    /** What anti-spam and anti-virus products add: their names, their verdicts, their hosts. */
    FILTER("X-Spam-*", "X-Virus-*"),
    /** What Exchange adds for its own organisation. */
    EXCHANGE("X-MS-Exchange-Organization-*"),
    /** Classification marks. */
    LABELS("msip_label*"),
    /** Traces other than Received. */
    TRACE("X-Received");

    // An unmodifiable list of immutable patterns; the checker can't see that.
    @SuppressWarnings("ImmutableEnumChecker")
    private final List<HeaderPattern> patterns;

    HeaderPreset(String... names) {
        List<HeaderPattern> read = new ArrayList<>();
        try {
            for (String name : names) {
                read.add(HeaderPattern.parse(name));
            }
        } catch (PolicyException wrongName) {
            throw new AssertionError(wrongName);
        }
        this.patterns = List.copyOf(read);
    }

    /** The fields that the preset names. */
    public List<HeaderPattern> patterns() {
        return patterns;
    }

    /** The preset as the policy writes it. */
    public String keyword() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The preset of this keyword, in lower case; empty when there is none. */
    public static Optional<HeaderPreset> ofKeyword(String keyword) {
        for (HeaderPreset preset : values()) {
            if (preset.keyword().equals(keyword)) {
                return Optional.of(preset);
            }
        }
        return Optional.empty();
    }
}
