/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.delay;

import java.time.Duration;
import java.util.Collection;
import java.util.List;

/**
 * When each delayed mail of a queue is due, which are held, and which of them a server is about to hand on. All servers of a
 * cluster share one. It may lose what it knows: the mails themselves say it, too.
 *
 * <p>A key is in one of three states: due at a time, held, or leased to a server until a time. A lease that has run out makes
 * the mail due. Each method is one step for all servers. Safe for use by many threads.
 */
public interface DelayIndex extends AutoCloseable {
    /** What {@link #take} gives. */
    final class Turn {
        private final boolean complete;
        private final List<String> keys;

        public Turn(boolean complete, List<String> keys) {
            this.complete = complete;
            this.keys = List.copyOf(keys);
        }

        /** Whether the index has lost nothing since somebody has {@link DelayIndex#completed} it. */
        public boolean isComplete() {
            return complete;
        }

        /** What this server has a lease of now. */
        public List<String> keys() {
            return keys;
        }
    }

    /** Makes a mail due after a time, whatever it was, unless another server has a lease of it. */
    void due(String key, Duration delay) throws IndexAwayException;

    /** Keeps a mail from being due, whatever it was, unless another server has a lease of it. */
    void hold(String key) throws IndexAwayException;

    /** Makes a mail due after a time, unless the index knows it. */
    void dueIfUnknown(String key, Duration delay) throws IndexAwayException;

    /** Takes mails that are due, in their order. */
    Turn take(int most, Duration lease) throws IndexAwayException;

    /**
     * Takes one mail, due or not, held or not.
     *
     * @return false when a server has a lease of it, or the index does not know it
     */
    boolean take(String key, Duration lease) throws IndexAwayException;

    /**
     * Makes leases of this server longer.
     *
     * @return those of the keys that this server has
     */
    List<String> renew(Collection<String> keys, Duration lease) throws IndexAwayException;

    /** Forgets a mail that is nowhere any more. */
    void forget(String key) throws IndexAwayException;

    /** Those of the keys that the index does not know. */
    List<String> unknown(Collection<String> keys) throws IndexAwayException;

    /** All mails that there are have been shown to it. */
    void completed() throws IndexAwayException;

    @Override
    void close();
}
