/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A policy that a domain has published, as TLS reports name it (RFC 8460, section 4.4). Bounded, whatever a stranger
 * publishes.
 */
public final class PublishedPolicy {
    private static final int MOST = 20;
    private static final int LONGEST = 300;

    private final String type;
    private final String domain;
    private final List<String> text;
    private final List<String> hosts;

    /**
     * @param type {@code tlsa}, {@code sts} or {@code no-policy-found}
     * @param domain whose policy it is
     * @param text its lines, or its records
     * @param hosts the MX hosts that it names
     */
    public PublishedPolicy(String type, String domain, List<String> text, List<String> hosts) {
        this.type = Objects.requireNonNull(type);
        this.domain = Objects.requireNonNull(domain);
        this.text = bounded(text);
        this.hosts = bounded(hosts);
    }

    private static List<String> bounded(List<String> lines) {
        List<String> bounded = new ArrayList<>();
        for (String line : lines.subList(0, Math.min(MOST, lines.size()))) {
            bounded.add(line.length() > LONGEST ? line.substring(0, LONGEST) : line);
        }
        return List.copyOf(bounded);
    }

    /** A domain that has none. */
    public static PublishedPolicy none(String domain) {
        return new PublishedPolicy("no-policy-found", domain, List.of(), List.of());
    }

    public String type() {
        return type;
    }

    public String domain() {
        return domain;
    }

    public List<String> text() {
        return text;
    }

    public List<String> hosts() {
        return hosts;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof PublishedPolicy)) {
            return false;
        }
        PublishedPolicy that = (PublishedPolicy) other;
        return type.equals(that.type)
                && domain.equals(that.domain)
                && text.equals(that.text)
                && hosts.equals(that.hosts);
    }

    @Override
    public int hashCode() {
        return Objects.hash(type, domain, text, hosts);
    }

    @Override
    public String toString() {
        return type + " of " + domain + ": " + text;
    }
}
