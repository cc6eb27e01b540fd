/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.shared;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.rempart.policy.Rule;

/**
 * The store that the servers of a cluster share: a {@code <shared>} element such as
 * {@code <shared store="rediss://redis.example:6379" password="conf/redis.password"/>}.
 */
public final class SharedPolicy {
    /** How long a command may take where nothing is said. */
    public static final Duration TIMEOUT = Duration.ofSeconds(2);

    /** What the names of all keys begin with where nothing is said. */
    public static final String PREFIX = "rempart";

    /** What the named servers are. */
    public enum Kind {
        /** One server of Redis or Valkey. */
        SERVER,
        /** Sentinels, which know the server that is the master. */
        SENTINEL,
        /** Some servers of a Redis Cluster, which know the others. */
        CLUSTER
    }

    private final Kind kind;
    private final List<InetSocketAddress> servers;
    private final boolean encrypted;
    private final String master;
    private final String user;
    private final String passwordFile;
    private final String sentinelPasswordFile;
    private final String trust;
    private final Duration timeout;
    private final String prefix;
    private final boolean exception;
    private final Rule rule;

    private SharedPolicy(Builder builder) {
        this.kind = builder.kind;
        this.servers = List.copyOf(builder.servers);
        this.encrypted = builder.encrypted;
        this.master = builder.master;
        this.user = builder.user;
        this.passwordFile = builder.passwordFile;
        this.sentinelPasswordFile = builder.sentinelPasswordFile;
        this.trust = builder.trust;
        this.timeout = builder.timeout;
        this.prefix = builder.prefix;
        this.exception = builder.exception;
        this.rule = builder.rule;
    }

    /**
     * A store.
     *
     * @param servers at least one; addresses are not looked up
     * @param encrypted whether they are spoken to over TLS
     * @param passwordFile a URL as in James's configuration, or a path in its home
     */
    public static Builder of(List<InetSocketAddress> servers, boolean encrypted, String passwordFile, Rule rule) {
        return new Builder(servers, encrypted, passwordFile, rule);
    }

    public Kind kind() {
        return kind;
    }

    /** Not looked up. */
    public List<InetSocketAddress> servers() {
        return servers;
    }

    /** Whether the servers are spoken to over TLS. */
    public boolean encrypted() {
        return encrypted;
    }

    /** The name under which sentinels know the server; empty without sentinels. */
    public Optional<String> master() {
        return Optional.ofNullable(master);
    }

    /** Whom to log in as; empty for the user {@code default}. */
    public Optional<String> user() {
        return Optional.ofNullable(user);
    }

    /** The URL of the file whose first line is the password. */
    public String passwordUrl() {
        return url(passwordFile);
    }

    /** The same of the sentinels; empty where they have none. */
    public Optional<String> sentinelPasswordUrl() {
        return Optional.ofNullable(sentinelPasswordFile).map(SharedPolicy::url);
    }

    /** The URL of the file with the certificates that are trusted; empty for those that the JVM trusts. */
    public Optional<String> trustUrl() {
        return Optional.ofNullable(trust).map(SharedPolicy::url);
    }

    private static String url(String file) {
        return file.contains(":") ? file : "file://" + file;
    }

    /** How long a connection or a command may take. */
    public Duration timeout() {
        return timeout;
    }

    /** What the names of all keys begin with. */
    public String prefix() {
        return prefix;
    }

    /** Whether it goes in clear text over a network, which somebody gave a reason for. */
    public boolean isException() {
        return exception;
    }

    public Rule rule() {
        return rule;
    }

    /** Makes one. */
    public static final class Builder {
        private final List<InetSocketAddress> servers;
        private final boolean encrypted;
        private final String passwordFile;
        private final Rule rule;
        private Kind kind = Kind.SERVER;
        private String master;
        private String user;
        private String sentinelPasswordFile;
        private String trust;
        private Duration timeout = TIMEOUT;
        private String prefix = PREFIX;
        private boolean exception;

        private Builder(List<InetSocketAddress> servers, boolean encrypted, String passwordFile, Rule rule) {
            this.servers = List.copyOf(servers);
            this.encrypted = encrypted;
            this.passwordFile = Objects.requireNonNull(passwordFile);
            this.rule = Objects.requireNonNull(rule);
        }

        /**
         * The servers are sentinels.
         *
         * @param name under which they know the store
         * @param password a file as for the store itself, or null for none
         */
        public Builder sentinels(String name, String password) {
            this.kind = Kind.SENTINEL;
            this.master = Objects.requireNonNull(name);
            this.sentinelPasswordFile = password;
            return this;
        }

        /** The servers are some of a Redis Cluster. */
        public Builder cluster() {
            this.kind = Kind.CLUSTER;
            return this;
        }

        public Builder user(String name) {
            this.user = name;
            return this;
        }

        /** @param file a URL as in James's configuration, or a path in its home */
        public Builder trust(String file) {
            this.trust = file;
            return this;
        }

        public Builder timeout(Duration longest) {
            this.timeout = Objects.requireNonNull(longest);
            return this;
        }

        public Builder prefix(String name) {
            this.prefix = Objects.requireNonNull(name);
            return this;
        }

        /** That it goes in clear text over a network is meant. */
        public Builder exception() {
            this.exception = true;
            return this;
        }

        public SharedPolicy build() {
            return new SharedPolicy(this);
        }
    }
}
