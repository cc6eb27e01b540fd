/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What of a message's header leaves for the outside: the {@code <headers>} element.
 *
 * <p>The most specific rule wins: a name over a prefix, a longer prefix over a shorter one, and {@code <keep>} over
 * {@code <strip>} where both say the same name.
 */
public final class HeaderPolicy {
    private static final String RECEIVED = "received";
    private static final Decision<HeaderVerdict> UNNAMED =
            Decision.of(HeaderVerdict.KEEP, Rule.byDefault("no <strip> of <headers> names it"));

    private final Map<String, Decision<HeaderVerdict>> byName;
    private final Map<String, Decision<HeaderVerdict>> byPrefix;
    /** The lengths of the prefixes, longest first. */
    private final int[] prefixLengths;

    private final Decision<ReceivedHandling> received;
    private final String publicName;
    private final boolean keepSigned;
    private final Rule signedRule;

    private HeaderPolicy(Builder builder) {
        Map<String, Decision<HeaderVerdict>> names = new HashMap<>();
        Map<String, Decision<HeaderVerdict>> prefixes = new HashMap<>();
        builder.strip.forEach((pattern, rule) ->
                (pattern.isPrefix() ? prefixes : names).put(pattern.name(), Decision.of(HeaderVerdict.STRIP, rule)));
        builder.keep.forEach((pattern, rule) ->
                (pattern.isPrefix() ? prefixes : names).put(pattern.name(), Decision.of(HeaderVerdict.KEEP, rule)));
        this.byName = Map.copyOf(names);
        this.byPrefix = Map.copyOf(prefixes);
        TreeSet<Integer> lengths = new TreeSet<>();
        prefixes.keySet().forEach(prefix -> lengths.add(prefix.length()));
        this.prefixLengths =
                lengths.descendingSet().stream().mapToInt(Integer::intValue).toArray();
        this.received = builder.received;
        this.publicName = builder.publicName;
        this.keepSigned = builder.keepSigned;
        this.signedRule = builder.signedRule;
    }

    public static Builder builder() {
        return new Builder();
    }

    /**
     * Decides about a field by its name.
     *
     * @param fieldName as in the message; compared without regard to case
     */
    public Decision<HeaderVerdict> decide(String fieldName) {
        String name = fieldName.toLowerCase(Locale.ROOT);
        Decision<HeaderVerdict> decision = byName.get(name);
        if (decision != null) {
            return decision;
        }
        if (name.equals(RECEIVED)) {
            return Decision.of(verdictOf(received.verdict()), received.rule());
        }
        for (int length : prefixLengths) {
            if (length <= name.length()) {
                decision = byPrefix.get(name.substring(0, length));
                if (decision != null) {
                    return decision;
                }
            }
        }
        return UNNAMED;
    }

    private static HeaderVerdict verdictOf(ReceivedHandling handling) {
        switch (handling) {
            case KEEP:
                return HeaderVerdict.KEEP;
            case REWRITE:
                return HeaderVerdict.REWRITE;
            case REMOVE:
                return HeaderVerdict.STRIP;
        }
        throw new AssertionError(handling);
    }

    /** What happens to {@code Received} fields that no {@code <strip>} or {@code <keep>} names. */
    public Decision<ReceivedHandling> received() {
        return received;
    }

    /** The host name that stands for ours in rewritten trace fields; empty: the server's default domain. */
    public Optional<String> publicName() {
        return Optional.ofNullable(publicName);
    }

    /** Whether a field that a foreign DKIM signature covers (RFC 6376, section 3.5, {@code h=}) is left alone. */
    public Decision<Boolean> keepSigned() {
        return Decision.of(keepSigned, signedRule);
    }

    /** Collects the rules. Starts without any to strip, {@code Received} rewritten, signed fields kept. */
    public static final class Builder {
        private final Map<HeaderPattern, Rule> strip = new HashMap<>();
        private final Map<HeaderPattern, Rule> keep = new HashMap<>();
        private Decision<ReceivedHandling> received =
                Decision.of(ReceivedHandling.REWRITE, Rule.byDefault("<received>rewrite</received>"));
        private String publicName;
        private boolean keepSigned = true;
        private Rule signedRule = Rule.byDefault("<signed>keep</signed>");

        private Builder() {}

        public Builder strip(HeaderPattern pattern, Rule rule) {
            strip.putIfAbsent(pattern, rule);
            return this;
        }

        /** Strips all that a preset names. */
        public Builder strip(HeaderPreset preset, Rule rule) {
            return stripAll(preset.patterns(), rule);
        }

        private Builder stripAll(Collection<HeaderPattern> patterns, Rule rule) {
            List<HeaderPattern> all = new ArrayList<>(patterns);
            all.forEach(pattern -> strip(pattern, rule));
            return this;
        }

        public Builder keep(HeaderPattern pattern, Rule rule) {
            keep.putIfAbsent(pattern, rule);
            return this;
        }

        public Builder received(Decision<ReceivedHandling> handling) {
            this.received = Objects.requireNonNull(handling);
            return this;
        }

        /** The host name for rewritten trace fields. */
        public Builder publicName(String hostName) {
            this.publicName = Objects.requireNonNull(hostName);
            return this;
        }

        public Builder keepSigned(boolean value, Rule rule) {
            this.keepSigned = value;
            this.signedRule = Objects.requireNonNull(rule);
            return this;
        }

        public HeaderPolicy build() {
            return new HeaderPolicy(this);
        }
    }
}
