/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What the administrator has said about a delivery. Immutable. */
public final class DeliverySettings {
    private final String queue;
    private final RetrySchedule retries;
    private final int dnsRetries;
    private final Optional<String> bounceProcessor;
    private final Optional<String> successProcessor;
    private final Optional<String> reportProcessor;
    private final Optional<Duration> warnAfter;
    private final List<Endpoint> gateways;
    private final boolean loadBalancing;
    private final Optional<Credentials> credentials;
    private final int port;
    private final String heloName;
    private final Optional<InetAddress> bind;
    private final Timeouts timeouts;
    private final boolean sendPartial;
    private final boolean usePriority;
    private final int threads;
    private final int inFlight;
    private final int connectionsPerDestination;
    private final int mailsPerConnection;
    private final Duration idleTime;
    private final boolean debug;

    private DeliverySettings(Builder builder) {
        this.queue = builder.queue;
        this.retries = builder.retries;
        this.dnsRetries = builder.dnsRetries;
        this.bounceProcessor = builder.bounceProcessor;
        this.successProcessor = builder.successProcessor;
        this.reportProcessor = builder.reportProcessor;
        this.warnAfter = builder.warnAfter;
        this.gateways = List.copyOf(builder.gateways);
        this.loadBalancing = builder.loadBalancing;
        this.credentials = builder.credentials;
        this.port = builder.port;
        this.heloName = builder.heloName;
        this.bind = builder.bind;
        this.timeouts = builder.timeouts;
        this.sendPartial = builder.sendPartial;
        this.usePriority = builder.usePriority;
        this.threads = builder.threads;
        this.inFlight = builder.inFlight;
        this.connectionsPerDestination = builder.connectionsPerDestination;
        this.mailsPerConnection = builder.mailsPerConnection;
        this.idleTime = builder.idleTime;
        this.debug = builder.debug;
    }

    /** @param heloName the name that this server says of itself */
    public static Builder builder(String heloName) {
        return new Builder(heloName);
    }

    public String queue() {
        return queue;
    }

    RetrySchedule retries() {
        return retries;
    }

    /** How often a mail is tried again whose domain the DNS does not know. */
    int dnsRetries() {
        return dnsRetries;
    }

    /** The processor that tells senders of what failed; empty: James's own words do. */
    public Optional<String> bounceProcessor() {
        return bounceProcessor;
    }

    /** The processor that gets mail once it is delivered. */
    public Optional<String> successProcessor() {
        return successProcessor;
    }

    /** The processor that tells senders of mail that takes long, and of success; empty: nobody does. */
    public Optional<String> reportProcessor() {
        return reportProcessor;
    }

    /** After which time of waiting a sender is told so; empty: never. */
    Optional<Duration> warnAfter() {
        return warnAfter;
    }

    /** Where all mail goes; empty: to the MX hosts of its recipients. */
    public List<Endpoint> gateways() {
        return gateways;
    }

    /** Whether the gateways are tried in any order rather than in theirs. */
    boolean loadBalancing() {
        return loadBalancing;
    }

    Optional<Credentials> credentials() {
        return credentials;
    }

    /** The port of MX hosts. */
    public int port() {
        return port;
    }

    /** The name that this server says of itself. */
    public String heloName() {
        return heloName;
    }

    Optional<InetAddress> bind() {
        return bind;
    }

    Timeouts timeouts() {
        return timeouts;
    }

    boolean sendPartial() {
        return sendPartial;
    }

    public boolean usePriority() {
        return usePriority;
    }

    /** How many mails are delivered at once at most. */
    int threads() {
        return threads;
    }

    /** How many mails are taken from the queue at once at most. */
    public int inFlight() {
        return inFlight;
    }

    int connectionsPerDestination() {
        return connectionsPerDestination;
    }

    int mailsPerConnection() {
        return mailsPerConnection;
    }

    /** How long a connection rests before it is closed. */
    Duration idleTime() {
        return idleTime;
    }

    /** Whether the server's log tells of every attempt. */
    boolean debug() {
        return debug;
    }

    /** Collects the settings. Starts as James's RemoteDelivery does, but for {@code sendpartial}, which is on. */
    public static final class Builder {
        private final String heloName;
        private String queue = "outgoing";
        private RetrySchedule retries = RetrySchedule.parse("6h", 5);
        private int dnsRetries;
        private Optional<String> bounceProcessor = Optional.empty();
        private Optional<String> successProcessor = Optional.empty();
        private Optional<String> reportProcessor = Optional.empty();
        private Optional<Duration> warnAfter = Optional.empty();
        private List<Endpoint> gateways = List.of();
        private boolean loadBalancing = true;
        private Optional<Credentials> credentials = Optional.empty();
        private int port = 25;
        private Optional<InetAddress> bind = Optional.empty();
        private Timeouts timeouts = Timeouts.standard();
        private boolean sendPartial = true;
        private boolean usePriority;
        private int threads = 100;
        private int inFlight = 500;
        private int connectionsPerDestination = 20;
        private int mailsPerConnection = 100;
        private Duration idleTime = Duration.ofSeconds(5);
        private boolean debug;

        private Builder(String heloName) {
            this.heloName = Objects.requireNonNull(heloName);
        }

        public Builder queue(String value) {
            this.queue = Objects.requireNonNull(value);
            return this;
        }

        public Builder retries(RetrySchedule value) {
            this.retries = Objects.requireNonNull(value);
            return this;
        }

        public Builder dnsRetries(int value) {
            this.dnsRetries = value;
            return this;
        }

        public Builder bounceProcessor(Optional<String> value) {
            this.bounceProcessor = Objects.requireNonNull(value);
            return this;
        }

        public Builder successProcessor(Optional<String> value) {
            this.successProcessor = Objects.requireNonNull(value);
            return this;
        }

        public Builder reportProcessor(Optional<String> value) {
            this.reportProcessor = Objects.requireNonNull(value);
            return this;
        }

        public Builder warnAfter(Optional<Duration> value) {
            this.warnAfter = Objects.requireNonNull(value);
            return this;
        }

        public Builder gateways(List<Endpoint> value) {
            this.gateways = Objects.requireNonNull(value);
            return this;
        }

        public Builder loadBalancing(boolean value) {
            this.loadBalancing = value;
            return this;
        }

        public Builder credentials(Optional<Credentials> value) {
            this.credentials = Objects.requireNonNull(value);
            return this;
        }

        public Builder port(int value) {
            this.port = value;
            return this;
        }

        public Builder bind(Optional<InetAddress> value) {
            this.bind = Objects.requireNonNull(value);
            return this;
        }

        public Builder timeouts(Timeouts value) {
            this.timeouts = Objects.requireNonNull(value);
            return this;
        }

        public Builder sendPartial(boolean value) {
            this.sendPartial = value;
            return this;
        }

        public Builder usePriority(boolean value) {
            this.usePriority = value;
            return this;
        }

        public Builder threads(int value) {
            this.threads = value;
            return this;
        }

        public Builder inFlight(int value) {
            this.inFlight = value;
            return this;
        }

        public Builder connectionsPerDestination(int value) {
            this.connectionsPerDestination = value;
            return this;
        }

        public Builder mailsPerConnection(int value) {
            this.mailsPerConnection = value;
            return this;
        }

        public Builder idleTime(Duration value) {
            this.idleTime = Objects.requireNonNull(value);
            return this;
        }

        public Builder debug(boolean value) {
            this.debug = value;
            return this;
        }

        public DeliverySettings build() {
            return new DeliverySettings(this);
        }
    }
}
