/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.james.core.Domain;
import org.rempart.message.HeaderBlock;
import org.rempart.message.HeaderField;

/**
 * Which fields of a header the signatures of others cover, DKIM's and ARC's (RFC 8617, section 4.1.2: the same rules). A signature whose {@code h=} names a field n times covers
 * its last n instances (RFC 6376, section 5.4.2); taking one of them out, or changing it, breaks the signature.
 *
 * <p>{@code Received} fields above a signature are not covered, whatever it says: servers put them on top, so they were
 * written after it was made. Else a sender could save the trace fields of all servers behind him by signing more of them
 * than there are.
 */
final class ForeignSignatures {
    private static final String RECEIVED = "received";

    private final Map<String, Integer> covered = new HashMap<>();
    /** By the index of a Received field: how many of them, counted from the bottom, the signatures above it cover. */
    private final int[] receivedCovered;

    private ForeignSignatures(int fields) {
        this.receivedCovered = new int[fields];
    }

    /**
     * Reads the signatures of a header.
     *
     * @param ours whether a domain is one of ours: its signatures are made again when the mail leaves
     */
    static ForeignSignatures of(HeaderBlock header, Predicate<Domain> ours) {
        List<HeaderField> fields = header.fields();
        ForeignSignatures signatures = new ForeignSignatures(fields.size());
        for (int i = 0; i < fields.size(); i++) {
            HeaderField field = fields.get(i);
            if (isOne(field)) {
                signatures.add(tags(field.value()), ours);
            } else if (field.isNamed(RECEIVED)) {
                signatures.receivedCovered[i] = signatures.covered.getOrDefault(RECEIVED, 0);
            }
        }
        return signatures;
    }

    /** Whether a field is a signature, of whomever. */
    static boolean isOne(HeaderField field) {
        return field.isNamed("DKIM-Signature") || field.isNamed("ARC-Message-Signature");
    }

    private void add(Map<String, String> tags, Predicate<Domain> ours) {
        if (!tags.containsKey("h") || isOurs(tags.getOrDefault("d", ""), ours)) {
            return;
        }
        Map<String, Integer> named = new HashMap<>();
        for (String name : tags.get("h").split(":", -1)) {
            if (!name.isEmpty()) {
                named.merge(name.toLowerCase(Locale.ROOT), 1, Integer::sum);
            }
        }
        named.forEach((name, count) -> covered.merge(name, count, Math::max));
    }

    private static boolean isOurs(String name, Predicate<Domain> ours) {
        Domain domain;
        try {
            domain = Domain.of(name);
        } catch (IllegalArgumentException noDomain) {
            // A signature of no domain verifies for nobody.
            return true;
        }
        return ours.test(domain);
    }

    /** The tags of a signature (RFC 6376, section 3.2), without white space. */
    static Map<String, String> tags(String value) {
        Map<String, String> tags = new HashMap<>();
        for (String tag : value.split(";", -1)) {
            int equals = tag.indexOf('=');
            if (equals > 0) {
                tags.putIfAbsent(
                        tag.substring(0, equals).trim(),
                        tag.substring(equals + 1).replaceAll("\\s+", ""));
            }
        }
        return tags;
    }

    /**
     * Whether a signature covers a field.
     *
     * @param index the field's place in the header
     * @param name its name in lower case
     * @param fromBottom which of the fields of this name it is, the last one being 1
     */
    boolean cover(int index, String name, int fromBottom) {
        int count = name.equals(RECEIVED) ? receivedCovered[index] : covered.getOrDefault(name, 0);
        return fromBottom <= count;
    }
}
