/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.filter;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.rempart.policy.Rule;

/** Who is asked about a mail at its end: the {@code <filters>} element. Immutable. */
public final class FilterPolicy {
    private static final FilterPolicy NONE = new FilterPolicy(List.of());

    private final List<Filter> filters;

    private FilterPolicy(List<Filter> filters) {
        this.filters = List.copyOf(filters);
    }

    /** Nobody. */
    public static FilterPolicy none() {
        return NONE;
    }

    /** These, in their order. */
    public static FilterPolicy of(List<Filter> filters) {
        return new FilterPolicy(filters);
    }

    /** All, in the order in which they are asked. */
    public List<Filter> filters() {
        return filters;
    }

    /**
     * Those that are shown a mail, in their order.
     *
     * @param outside whether the mail is of no account, and of no client that may relay with its envelope sender
     * @param client the connection's real address
     */
    public List<Filter> shown(boolean outside, InetAddress client) {
        return filters.stream()
                .filter(filter -> filter.isShown(outside, client))
                .collect(Collectors.toList());
    }

    /** The rules of the exceptions. */
    public List<Rule> exceptions() {
        List<Rule> exceptions = new ArrayList<>();
        filters.forEach(filter -> filter.exceptions().forEach(exceptions::add));
        return exceptions;
    }
}
