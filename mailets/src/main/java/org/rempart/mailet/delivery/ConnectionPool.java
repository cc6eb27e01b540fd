/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.rempart.mailet.delivery.tls.TlsRequirement;

/**
 * The open connections. One that rests is used again for the same host, port and TLS requirement, and for no other: what was
 * made under a weaker requirement never carries mail of a stronger one. To each host and port there are not more than so
 * many.
 */
final class ConnectionPool {
    private final DeliverySettings settings;
    private final Map<Key, Deque<SmtpConnection>> resting = new HashMap<>();
    private final Map<Endpoint, Integer> open = new HashMap<>();
    private final Set<SmtpConnection> all = new HashSet<>();
    /** Where servers hang up early, so that a message should not go along with its envelope. */
    private final Cache<Endpoint, Boolean> droppingEarly = Caffeine.newBuilder()
            .expireAfterWrite(Duration.ofHours(1))
            .maximumSize(10_000)
            .build();

    private boolean closed;
    private boolean aborted;

    ConnectionPool(DeliverySettings settings) {
        this.settings = settings;
    }

    /** What two mails must agree in to go over the same connection. */
    static final class Key {
        private final Endpoint endpoint;
        private final TlsRequirement requirement;

        Key(Endpoint endpoint, TlsRequirement requirement) {
            this.endpoint = endpoint;
            this.requirement = requirement;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key
                    && endpoint.equals(((Key) other).endpoint)
                    && requirement.equals(((Key) other).requirement);
        }

        @Override
        public int hashCode() {
            return Objects.hash(endpoint, requirement);
        }
    }

    /** A resting connection that is still in order. It has to be given back. */
    Optional<SmtpConnection> take(Key key) {
        while (true) {
            SmtpConnection connection;
            synchronized (this) {
                Deque<SmtpConnection> candidates = resting.get(key);
                connection = candidates == null ? null : candidates.pollLast();
                if (candidates != null && candidates.isEmpty()) {
                    resting.remove(key);
                }
            }
            if (connection == null) {
                return Optional.empty();
            }
            if (!isTired(connection) && !connection.isStale()) {
                return Optional.of(connection);
            }
            connection.quit();
            forget(connection);
        }
    }

    private boolean isTired(SmtpConnection connection) {
        return connection.idle().compareTo(settings.idleTime()) > 0;
    }

    /**
     * Asks for leave to open one more connection; who has it either {@link #opened opens} one or {@link #release gives up}.
     *
     * @return false when there are as many as there may be
     */
    boolean reserve(Endpoint endpoint) {
        SmtpConnection spare = null;
        synchronized (this) {
            if (aborted) {
                return false;
            }
            int count = open.getOrDefault(endpoint, 0);
            if (count >= settings.connectionsPerDestination()) {
                spare = spare(endpoint);
                if (spare == null) {
                    return false;
                }
                all.remove(spare);
            } else {
                open.put(endpoint, count + 1);
            }
        }
        if (spare != null) {
            spare.quit();
        }
        return true;
    }

    /** One that rests under another requirement makes room; its place is taken over. */
    private SmtpConnection spare(Endpoint endpoint) {
        for (Iterator<Map.Entry<Key, Deque<SmtpConnection>>> entries =
                        resting.entrySet().iterator();
                entries.hasNext(); ) {
            Map.Entry<Key, Deque<SmtpConnection>> entry = entries.next();
            if (entry.getKey().endpoint.equals(endpoint)) {
                SmtpConnection spare = entry.getValue().pollFirst();
                if (entry.getValue().isEmpty()) {
                    entries.remove();
                }
                if (spare != null) {
                    return spare;
                }
            }
        }
        return null;
    }

    synchronized void release(Endpoint endpoint) {
        open.computeIfPresent(endpoint, (key, count) -> count > 1 ? count - 1 : null);
    }

    /**
     * Takes over a new connection. One that was on its way when all were closed is closed, too.
     *
     * @return whether it may be used
     */
    boolean opened(SmtpConnection connection) {
        connection.droppedEarly(droppingEarly.getIfPresent(connection.endpoint()) != null);
        boolean usable;
        synchronized (this) {
            usable = !aborted;
            all.add(connection);
        }
        if (!usable) {
            connection.close();
        }
        return usable;
    }

    /** Whether all were closed, and none may be opened. */
    synchronized boolean isAborted() {
        return aborted;
    }

    /** Takes a connection back, to rest until it is used again, or to be closed when it is not to be used any more. */
    void give(Key key, SmtpConnection connection) {
        if (connection.hasDroppedEarly() && connection.isAbandoned()) {
            droppingEarly.put(connection.endpoint(), true);
        }
        boolean rests = !connection.isAbandoned() && connection.transactions() < settings.mailsPerConnection();
        if (rests) {
            connection.rest();
            synchronized (this) {
                rests = !closed;
                if (rests) {
                    resting.computeIfAbsent(key, none -> new ArrayDeque<>()).addLast(connection);
                }
            }
        }
        if (!rests) {
            connection.quit();
            forget(connection);
        }
    }

    private synchronized void forget(SmtpConnection connection) {
        if (all.remove(connection)) {
            release(connection.endpoint());
        }
    }

    /** Closes what has rested for too long, and what is stuck in writing; to be called every second or so. */
    void tidy() {
        List<SmtpConnection> tired = new ArrayList<>();
        List<SmtpConnection> stuck = new ArrayList<>();
        synchronized (this) {
            for (Iterator<Deque<SmtpConnection>> deques = resting.values().iterator(); deques.hasNext(); ) {
                Deque<SmtpConnection> deque = deques.next();
                while (!deque.isEmpty() && isTired(deque.peekFirst())) {
                    tired.add(deque.pollFirst());
                }
                if (deque.isEmpty()) {
                    deques.remove();
                }
            }
            all.stream().filter(SmtpConnection::isStuck).forEach(stuck::add);
        }
        for (SmtpConnection connection : tired) {
            connection.quit();
            forget(connection);
        }
        // Anyone who writes gets an exception, and gives the connection back.
        stuck.forEach(SmtpConnection::close);
    }

    /** How many connections there are. */
    synchronized int size() {
        return all.size();
    }

    /** Closes those that rest; the others when they are given back. */
    void close() {
        List<SmtpConnection> idle = new ArrayList<>();
        synchronized (this) {
            closed = true;
            resting.values().forEach(idle::addAll);
            resting.clear();
        }
        for (SmtpConnection connection : idle) {
            connection.quit();
            forget(connection);
        }
    }

    /** Closes all, whatever they are used for; none is opened after it. */
    void abort() {
        List<SmtpConnection> every;
        synchronized (this) {
            aborted = true;
            every = new ArrayList<>(all);
        }
        every.forEach(SmtpConnection::close);
    }
}
