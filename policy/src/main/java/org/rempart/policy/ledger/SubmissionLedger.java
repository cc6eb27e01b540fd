/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.google.inject.ProvidedBy;
import java.util.List;
import java.util.Optional;
import org.apache.james.core.Username;
import org.rempart.policy.submission.RateLimit;

/**
 * What each account has submitted, and which accounts are held. One ledger serves all that submits: the listeners of a
 * server, its pipeline, its administration. It is this server's own, or one that a cluster shares, as the
 * policy says; a Guice module that {@code extensions.properties} names can bind another one.
 *
 * <p>While a shared one is away, every method but {@link #flush} throws {@link LedgerAwayException}.
 *
 * <p>An implementation is safe for use by many threads, and decides exactly: of submissions that arrive at the same time,
 * as many are entered as the limits leave room for, no more and no less.
 */
@ProvidedBy(Ledgers.Submissions.class)
public interface SubmissionLedger {
    /**
     * Enters a message, if the account is not held and every limit has room for it. Where one has not and it says
     * {@link RateLimit.Then#HOLD}, the account is held from here on.
     *
     * @param recipients how many the message has
     */
    Admission enter(Username account, List<RateLimit> limits, int recipients);

    /** Does as {@link #enter} does, but enters nothing: asks, before a message is sent, whether there is room for it. */
    Admission ask(Username account, List<RateLimit> limits, int recipients);

    /** Why the account is held; empty when it may submit. */
    Optional<Hold> held(Username account);

    /** Whether what the account has submitted has to wait: it is held, or nobody can tell. */
    default boolean keepsWaiting(Username account) {
        try {
            return held(account).isPresent();
        } catch (LedgerAwayException away) {
            return true;
        }
    }

    /**
     * Holds an account from here on. It lasts: a server that is killed the moment after still knows it.
     *
     * @return false when it was held already, as it stays then
     */
    boolean hold(Hold hold);

    /**
     * Lets a held account submit again, with nothing counted against it.
     *
     * @return whether it was held
     */
    boolean release(Username account);

    /** What is known of an account. */
    Usage usage(Username account);

    /** All accounts that are held, or have something in a window. */
    List<Usage> usages();

    /** Writes down what is only in memory yet; called when the server stops. */
    void flush();
}
