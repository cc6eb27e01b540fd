/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.james.core.Domain;

/**
 * Values by domain, the most specific pattern first: {@code a.b.example} over {@code *.b.example} over
 * {@code *.example} over {@code *}. A look-up costs one hash access a label, however many patterns there are.
 *
 * @param <V> what a domain maps to
 */
public final class DomainTable<V> {
    private final Map<String, V> exact;
    private final Map<String, V> below;

    private DomainTable(Map<String, V> exact, Map<String, V> below) {
        this.exact = exact;
        this.below = below;
    }

    public static <V> DomainTable<V> of(Map<DomainPattern, V> values) {
        Map<String, V> exact = new LinkedHashMap<>();
        Map<String, V> below = new LinkedHashMap<>();
        values.forEach((pattern, value) -> (pattern.isWildcard() ? below : exact).put(pattern.name(), value));
        return new DomainTable<>(Map.copyOf(exact), Map.copyOf(below));
    }

    /** The value of the most specific pattern that means this domain. */
    public Optional<V> find(Domain domain) {
        String name = DomainPattern.normalise(domain);
        V value = exact.get(name);
        return Optional.ofNullable(value == null ? findBelowParents(name) : value);
    }

    /** The value that would apply to what a pattern means if the pattern itself were not in the table. */
    public Optional<V> findWider(DomainPattern pattern) {
        return Optional.ofNullable(findBelowParents(pattern.name()));
    }

    private V findBelowParents(String name) {
        V value = null;
        String parent = name;
        while (value == null && !parent.isEmpty()) {
            int dot = parent.indexOf('.');
            parent = dot < 0 ? "" : parent.substring(dot + 1);
            value = below.get(parent);
        }
        return value;
    }
}
