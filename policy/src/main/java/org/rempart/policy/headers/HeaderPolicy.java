/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.headers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.rempart.policy.Decision;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;
import org.rempart.policy.Wording;

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
    /** Sorted. */
    private final String[] prefixes;
    /** For each prefix, the index of the longest other one that it begins with; -1 where there is none. */
    private final int[] wider;

    private final List<Decision<HeaderVerdict>> byPrefix;
    /** Those with a star inside, the most specific first. */
    private final List<Map.Entry<HeaderPattern, Decision<HeaderVerdict>>> globs;

    private final Decision<ReceivedHandling> received;
    private final String publicName;
    private final boolean keepSigned;
    private final Rule signedRule;
    private final boolean rewriteValues;
    private final Rule valuesRule;
    private final List<String> innerDomains;

    private HeaderPolicy(Builder builder) {
        Map<String, Decision<HeaderVerdict>> names = new HashMap<>();
        TreeMap<String, Decision<HeaderVerdict>> prefixed = new TreeMap<>();
        Map<HeaderPattern, Decision<HeaderVerdict>> all = new HashMap<>();
        builder.strip.forEach((pattern, rule) -> all.put(pattern, Decision.of(HeaderVerdict.STRIP, rule)));
        builder.keep.forEach((pattern, rule) -> all.put(pattern, Decision.of(HeaderVerdict.KEEP, rule)));
        List<Map.Entry<HeaderPattern, Decision<HeaderVerdict>>> starred = new ArrayList<>();
        all.forEach((pattern, decision) -> {
            if (pattern.isName()) {
                names.put(pattern.name(), decision);
            } else if (pattern.isPrefix()) {
                prefixed.put(pattern.name(), decision);
            } else {
                starred.add(Map.entry(pattern, decision));
            }
        });
        starred.sort(Comparator.comparing((Map.Entry<HeaderPattern, Decision<HeaderVerdict>> entry) ->
                        -entry.getKey().said())
                .thenComparing(entry -> entry.getValue().verdict() != HeaderVerdict.KEEP)
                .thenComparing(entry -> entry.getKey().toString()));
        this.globs = List.copyOf(starred);
        Decision<HeaderVerdict> receivedByName = names.get(RECEIVED);
        this.received = receivedByName == null
                ? builder.received
                : Decision.of(
                        receivedByName.verdict() == HeaderVerdict.KEEP
                                ? ReceivedHandling.KEEP
                                : ReceivedHandling.REMOVE,
                        receivedByName.rule());
        names.put(RECEIVED, Decision.of(verdictOf(received.verdict()), received.rule()));
        this.byName = Map.copyOf(names);
        this.prefixes = prefixed.keySet().toArray(new String[0]);
        this.byPrefix = List.copyOf(prefixed.values());
        this.wider = new int[prefixes.length];
        for (int i = 0; i < prefixes.length; i++) {
            wider[i] = longestBeginning(prefixes[i], i - 1);
        }
        this.publicName = builder.publicName;
        this.keepSigned = builder.keepSigned;
        this.signedRule = builder.signedRule;
        this.rewriteValues = builder.rewriteValues;
        this.valuesRule = builder.valuesRule;
        this.innerDomains = List.copyOf(builder.innerDomains);
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
        String name = HeaderPattern.fold(fieldName);
        Decision<HeaderVerdict> decision = byName.get(name);
        if (decision != null) {
            return decision;
        }
        int found = Arrays.binarySearch(prefixes, name);
        int prefix = longestBeginning(name, found >= 0 ? found : -found - 2);
        int said = prefix < 0 ? 0 : prefixes[prefix].length();
        for (Map.Entry<HeaderPattern, Decision<HeaderVerdict>> glob : globs) {
            if (glob.getKey().said() <= said) {
                break;
            }
            if (glob.getKey().matchesFolded(name)) {
                return glob.getValue();
            }
        }
        return prefix < 0 ? UNNAMED : byPrefix.get(prefix);
    }

    /** Whether a rule names a field, to be stripped or to be kept. */
    public boolean names(String fieldName) {
        return decide(fieldName) != UNNAMED;
    }

    /**
     * The longest prefix that the name begins with, or -1. In their order, whatever lies between a prefix and a name that
     * begins with it begins with it too; so it is the last one up to the name, or one that this one begins with.
     *
     * @param last the index of the last prefix that is not behind the name in their order
     */
    private int longestBeginning(String name, int last) {
        int prefix = last;
        while (prefix >= 0 && !name.startsWith(prefixes[prefix])) {
            prefix = wider[prefix];
        }
        return prefix;
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

    /**
     * What happens to {@code Received} fields: what a {@code <strip>} or {@code <keep>} of just this name says, else what
     * {@code <received>} says. A prefix such as {@code Re*} never means them.
     */
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

    /**
     * Whether the fields that leave lose what their values say of the internal network: addresses that are not routed outside, names
     * of inner hosts, the mail program in a comment of {@code MIME-Version}.
     */
    public Decision<Boolean> rewriteValues() {
        return Decision.of(rewriteValues, valuesRule);
    }

    /**
     * Domains whose host names belong to our inside, themselves and all below them, beside those below our mail domains;
     * lower-case A-labels.
     */
    public List<String> innerDomains() {
        return innerDomains;
    }

    /**
     * Collects the rules. Starts without any to strip, {@code Received} and values rewritten, signed fields kept.
     */
    public static final class Builder {
        private final Map<HeaderPattern, Rule> strip = new HashMap<>();
        private final Map<HeaderPattern, Rule> keep = new HashMap<>();
        private Decision<ReceivedHandling> received =
                Decision.of(ReceivedHandling.REWRITE, Rule.byDefault("<received>rewrite</received>"));
        private String publicName;
        private boolean keepSigned = true;
        private Rule signedRule = Rule.byDefault("<signed>keep</signed>");
        private boolean rewriteValues = true;
        private Rule valuesRule = Rule.byDefault("<values>rewrite</values>");
        private final List<String> innerDomains = new ArrayList<>();

        private Builder() {}

        public Builder strip(HeaderPattern pattern, Rule rule) {
            strip.putIfAbsent(pattern, rule);
            return this;
        }

        /** Strips all that a preset names. */
        public Builder strip(HeaderPreset preset, Rule rule) {
            preset.patterns().forEach(pattern -> strip(pattern, rule));
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

        public Builder rewriteValues(boolean value, Rule rule) {
            this.rewriteValues = value;
            this.valuesRule = Objects.requireNonNull(rule);
            return this;
        }

        /**
         * Adds a domain whose host names, it and all below it, belong to our inside.
         *
         * @throws PolicyException when the text is no domain, or one with a star
         */
        public Builder inner(String domain) throws PolicyException {
            DomainPattern pattern = DomainPattern.parse(domain);
            if (pattern.isWildcard()) {
                throw new PolicyException(
                        Wording.quoted(domain) + " has a star",
                        "write corp.example alone, which means that name and all below it");
            }
            innerDomains.add(pattern.name());
            return this;
        }

        public HeaderPolicy build() {
            return new HeaderPolicy(this);
        }
    }
}
