/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.dkim;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;
import org.rempart.policy.DomainNames;
import org.rempart.policy.dkim.DkimKeyKind;
import org.rempart.policy.dkim.DkimRecord;
import org.rempart.policy.dkim.TagList;

/**
 * What servers on the way have found of a message, each sealing what it found and all that was found before (ARC, RFC 8617).
 * Immutable.
 */
public final class ArcChain {
    /** A chain of honest servers has two or three; RFC 8617 lets there be 50, each of which costs a question and a proof. */
    public static final int MOST_SETS = 10;

    static final String RESULTS = "ARC-Authentication-Results";
    static final String SIGNATURE = "ARC-Message-Signature";
    static final String SEAL = "ARC-Seal";

    private static final Pattern INSTANCE = Pattern.compile("[1-9][0-9]?");

    private final List<Set> sets;
    private final String fault;

    /** What one server has written. */
    private static final class Set {
        private HeaderField results;
        private HeaderField signature;
        private HeaderField seal;
        private Map<String, String> sealTags = Map.of();

        private boolean isWhole() {
            return results != null && signature != null && seal != null;
        }

        private String field(HeaderField field, boolean lineEnd) {
            return Canonicalisation.RELAXED.field(field, lineEnd);
        }

        private String text(boolean last) {
            String before = field(results, true) + field(signature, true);
            return last
                    ? before
                            + Canonicalisation.RELAXED.field(
                                    seal.name(), seal.rawName(), DkimSignature.withoutSignature(seal.rawValue()), false)
                    : before + field(seal, true);
        }
    }

    private ArcChain(List<Set> sets, String fault) {
        this.sets = List.copyOf(sets);
        this.fault = fault;
    }

    /** The chain of a header. */
    public static ArcChain of(HeaderBlock header) {
        NavigableMap<Integer, Set> found = new TreeMap<>();
        for (HeaderField field : header.fields()) {
            boolean results = field.isNamed(RESULTS);
            if (results || field.isNamed(SIGNATURE) || field.isNamed(SEAL)) {
                String value = field.value();
                int end = value.indexOf(';');
                Optional<Map<String, String>> tags =
                        results ? TagList.parse(end < 0 ? value : value.substring(0, end)) : TagList.parse(value);
                String instance = tags.map(read -> read.getOrDefault("i", "")).orElse("");
                if (!INSTANCE.matcher(instance).matches()) {
                    return new ArcChain(List.of(), "a set can't be read");
                }
                Set set = found.computeIfAbsent(Integer.valueOf(instance), number -> new Set());
                HeaderField before = results ? set.results : field.isNamed(SEAL) ? set.seal : set.signature;
                if (before != null) {
                    return new ArcChain(List.of(), "a set has a field twice");
                }
                if (results) {
                    set.results = field;
                } else if (field.isNamed(SEAL)) {
                    set.seal = field;
                    set.sealTags = tags.get();
                } else {
                    set.signature = field;
                }
            }
        }
        return new ArcChain(new ArrayList<>(found.values()), fault(found));
    }

    /** RFC 8617, section 5.2, what can be told without a key; null where nothing is wrong. */
    private static String fault(NavigableMap<Integer, Set> sets) {
        if (sets.size() > MOST_SETS) {
            return "there are more than " + MOST_SETS + " sets";
        }
        int expected = 1;
        for (Map.Entry<Integer, Set> entry : sets.entrySet()) {
            Set set = entry.getValue();
            if (entry.getKey() != expected || !set.isWhole()) {
                return "a set is not whole";
            }
            String cv = set.sealTags.getOrDefault("cv", "");
            if (!cv.equals(expected == 1 ? "none" : "pass")) {
                return "a seal says that the chain was broken before";
            }
            if (DkimKeyKind.ofAlgorithm(set.sealTags.getOrDefault("a", "")).isEmpty()
                    || DomainNames.parse(set.sealTags.getOrDefault("d", "")).isEmpty()
                    || DomainNames.parse(set.sealTags.getOrDefault("s", "")).isEmpty()
                    || set.sealTags.containsKey("h")
                    || DkimSignature.decoded(set.sealTags.getOrDefault("b", "")).length == 0) {
                return "a seal proves nothing";
            }
            expected++;
        }
        return null;
    }

    /** Whether nobody has sealed it. */
    public boolean isEmpty() {
        return sets.isEmpty() && fault == null;
    }

    /** Why it proves nothing whatever the keys are; empty when it may. */
    public Optional<String> fault() {
        return Optional.ofNullable(fault);
    }

    /** How many servers have sealed it. */
    public int length() {
        return sets.size();
    }

    /** The signature of the message as the last of them passed it on. */
    public DkimSignature newestSignature() {
        return DkimSignature.ofArc(sets.get(sets.size() - 1).signature);
    }

    /** The domain of a seal. */
    public String domain(int number) {
        return DomainNames.comparable(sets.get(number - 1).sealTags.get("d"));
    }

    /** Where the key of a seal is. */
    public String recordName(int number) {
        return sets.get(number - 1).sealTags.get("s") + "._domainkey." + domain(number);
    }

    /** Whether a seal is one of its set and all before, by a key. */
    public boolean isSealed(int number, DkimRecord record) {
        Map<String, String> tags = sets.get(number - 1).sealTags;
        return record.fault().isEmpty()
                && record.kind().algorithm().equals(tags.get("a"))
                && record.verifies(Canonicalisation.bytes(text(number)), DkimSignature.decoded(tags.get("b")));
    }

    private String text(int number) {
        StringBuilder text = new StringBuilder();
        for (int i = 1; i <= number; i++) {
            text.append(sets.get(i - 1).text(i == number));
        }
        return text.toString();
    }

    /** All sets, as the text of the seal that follows them begins. */
    String textBefore() {
        StringBuilder text = new StringBuilder();
        sets.forEach(set -> text.append(set.text(false)));
        return text.toString();
    }

    /**
     * Whether the last server says that DMARC proved a From when the message came to it.
     *
     * @param from the domain of From
     */
    public boolean saysProven(String from) {
        for (String method : plain(sets.get(sets.size() - 1).results.value()).split(";", -1)) {
            List<String> words = List.of(method.trim().split("\\s+", -1));
            if (words.get(0).equalsIgnoreCase("dmarc=pass")
                    && words.stream()
                            .anyMatch(word -> word.toLowerCase(Locale.ROOT).startsWith("header.from=")
                                    && DomainNames.comparable(word.substring(word.indexOf('=') + 1))
                                            .equals(from))) {
                return true;
            }
        }
        return false;
    }

    /** A value without its quoted strings and comments: strangers write those, the sender's address for one. */
    private static String plain(String value) {
        StringBuilder plain = new StringBuilder(value.length());
        boolean quoted = false;
        int depth = 0;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '"' && depth == 0) {
                quoted = !quoted;
            } else if (!quoted && c == '(') {
                depth++;
            } else if (!quoted && c == ')' && depth > 0) {
                depth--;
            } else if (!quoted && depth == 0) {
                plain.append(c);
            }
        }
        return plain.toString();
    }
}
