/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.filter;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.rempart.policy.Networks;
import org.rempart.policy.Rule;

/** A {@code <filter>}: a program that is asked about each message at its end. Immutable. */
public final class Filter {
    /** How it is talked to. */
    public enum Protocol {
        /** HTTP, as rspamd's {@code checkv2} has it. */
        HTTP,
        /** The protocol of Sendmail's filters, version 6. */
        MILTER
    }

    private final String name;
    private final Protocol protocol;
    private final String host;
    private final int port;
    private final FilteredMail mail;
    private final FilterHandling reject;
    private final FilterHandling quarantine;
    private final FilterHandling spam;
    private final AwayHandling away;
    private final Duration timeout;
    private final OptionalLong largest;
    private final Networks networks;
    private final Map<String, Rule> exceptNetworks;
    private final Rule rule;

    private Filter(Builder builder) {
        this.name = Objects.requireNonNull(builder.name);
        this.protocol = Objects.requireNonNull(builder.protocol);
        this.host = Objects.requireNonNull(builder.host);
        this.port = builder.port;
        this.mail = builder.mail;
        this.reject = builder.reject;
        this.quarantine = builder.quarantine;
        this.spam = builder.spam;
        this.away = builder.away;
        this.timeout = builder.timeout;
        this.largest = builder.largest;
        this.networks = builder.networks;
        this.exceptNetworks = Map.copyOf(builder.exceptNetworks);
        this.rule = Objects.requireNonNull(builder.rule);
    }

    /**
     * A filter with the defaults.
     *
     * @param name by which the trail, and fields that it has not seen a mail, name it
     */
    public static Builder builder(String name, Protocol protocol, String host, int port, Rule rule) {
        return new Builder(name, protocol, host, port, rule);
    }

    /** By which the trail, and fields that it has not seen a mail, name it. */
    public String name() {
        return name;
    }

    public Protocol protocol() {
        return protocol;
    }

    /** A host name, or an address; an IPv6 address without brackets. */
    public String host() {
        return host;
    }

    public int port() {
        return port;
    }

    /**
     * Whether it is shown a mail.
     *
     * @param outside whether the mail is of no account, and of no client that may relay with its envelope sender
     * @param client the connection's real address
     */
    public boolean isShown(boolean outside, InetAddress client) {
        if (mail != FilteredMail.ALL && outside != (mail == FilteredMail.OUTSIDE)) {
            return false;
        }
        return exceptNetworks.isEmpty() || networks.containing(client).stream().noneMatch(exceptNetworks::containsKey);
    }

    /** What becomes of mail that it rejects. */
    public FilterHandling reject() {
        return reject;
    }

    /** What becomes of mail that it wants put aside, or thrown away. */
    public FilterHandling quarantine() {
        return quarantine;
    }

    /** What becomes of mail that it takes for spam without rejecting it. */
    public FilterHandling spam() {
        return spam;
    }

    /** What becomes of mail that it does not answer about. */
    public AwayHandling away() {
        return away;
    }

    /** How long it has for a mail, in all. */
    public Duration timeout() {
        return timeout;
    }

    /** What is larger, in bytes, it is not shown; empty where it is shown all. */
    public OptionalLong largest() {
        return largest;
    }

    /** Whether mail may have to be kept in a repository on its word. */
    public boolean mayQuarantine() {
        return uses(FilterHandling.QUARANTINE);
    }

    /** Whether mail may have to go into the folder for junk on its word. */
    public boolean mayJunk() {
        return uses(FilterHandling.JUNK);
    }

    private boolean uses(FilterHandling handling) {
        return reject == handling || quarantine == handling || spam == handling;
    }

    /** The rule that this is. */
    public Rule rule() {
        return rule;
    }

    /** The rules of its exceptions. */
    public Iterable<Rule> exceptions() {
        return exceptNetworks.values();
    }

    /** Collects what is said of a filter. Not thread-safe. */
    public static final class Builder {
        private final String name;
        private final Protocol protocol;
        private final String host;
        private final int port;
        private final Rule rule;
        private FilteredMail mail = FilteredMail.OUTSIDE;
        private FilterHandling reject = FilterHandling.REFUSE;
        private FilterHandling quarantine = FilterHandling.QUARANTINE;
        private FilterHandling spam = FilterHandling.JUNK;
        private AwayHandling away = AwayHandling.DEFER;
        private Duration timeout = Duration.ofSeconds(30);
        private OptionalLong largest = OptionalLong.empty();
        private Networks networks = Networks.none();
        private Map<String, Rule> exceptNetworks = Map.of();

        private Builder(String name, Protocol protocol, String host, int port, Rule rule) {
            this.name = name;
            this.protocol = protocol;
            this.host = host;
            this.port = port;
            this.rule = rule;
        }

        public Builder mail(FilteredMail shown) {
            this.mail = Objects.requireNonNull(shown);
            return this;
        }

        public Builder reject(FilterHandling handling) {
            this.reject = Objects.requireNonNull(handling);
            return this;
        }

        public Builder quarantine(FilterHandling handling) {
            this.quarantine = Objects.requireNonNull(handling);
            return this;
        }

        public Builder spam(FilterHandling handling) {
            this.spam = Objects.requireNonNull(handling);
            return this;
        }

        public Builder away(AwayHandling handling) {
            this.away = Objects.requireNonNull(handling);
            return this;
        }

        public Builder timeout(Duration time) {
            this.timeout = Objects.requireNonNull(time);
            return this;
        }

        public Builder largest(long bytes) {
            this.largest = OptionalLong.of(bytes);
            return this;
        }

        /** Mail from these networks it is not shown. */
        public Builder except(Networks all, Map<String, Rule> names) {
            this.networks = Objects.requireNonNull(all);
            this.exceptNetworks = Map.copyOf(names);
            return this;
        }

        public Filter build() {
            return new Filter(this);
        }
    }
}
