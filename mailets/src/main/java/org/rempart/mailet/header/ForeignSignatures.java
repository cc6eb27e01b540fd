/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.james.core.Domain;

/**
 * Which fields of a header the DKIM signatures of others cover. A signature whose {@code h=} names a field n times covers
 * its last n instances (RFC 6376, section 5.4.2); taking one of them out, or changing it, breaks the signature.
 */
final class ForeignSignatures {
    private final Map<String, Integer> covered = new HashMap<>();

    private ForeignSignatures() {}

    /**
     * Reads the signatures of a header.
     *
     * @param ours whether a domain is one of ours: its signatures are made anew when the mail leaves
     */
    static ForeignSignatures of(HeaderBlock header, Predicate<Domain> ours) {
        ForeignSignatures signatures = new ForeignSignatures();
        for (HeaderField field : header.fields()) {
            if (field.isNamed("DKIM-Signature")) {
                signatures.add(tags(field.value()), ours);
            }
        }
        return signatures;
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

    private static boolean isOurs(String domain, Predicate<Domain> ours) {
        try {
            return ours.test(Domain.of(domain));
        } catch (IllegalArgumentException noDomain) {
            // A signature of no domain verifies for nobody.
            return true;
        }
    }

    /** The tags of a signature (RFC 6376, section 3.2), without white space. */
    private static Map<String, String> tags(String value) {
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
     * Whether a signature covers an instance of a field.
     *
     * @param name the field's name
     * @param fromBottom which of its instances, the last one being 1
     */
    boolean cover(String name, int fromBottom) {
        return fromBottom <= covered.getOrDefault(name.toLowerCase(Locale.ROOT), 0);
    }
}
