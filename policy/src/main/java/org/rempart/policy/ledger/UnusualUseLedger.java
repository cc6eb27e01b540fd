/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import com.google.inject.ProvidedBy;
import java.net.InetAddress;
import org.apache.james.core.Username;
import org.rempart.policy.submission.UnusualUse;

/**
 * Counts what the owners of accounts hardly do, and remembers when somebody was told of it. One ledger serves all that
 * accounts use. This interface is where a ledger that several servers share is put in: bind it in a Guice module that
 * {@code extensions.properties} names.
 *
 * <p>An implementation is safe for use by many threads.
 */
@ProvidedBy(Ledgers.Unusual.class)
public interface UnusualUseLedger {
    /**
     * Notes a login.
     *
     * @param sign one of {@link UnusualUse.Sign#NETWORKS}
     * @return whether the account has logged in from more networks than is usual, and this was not answered before within
     *     the window
     */
    boolean loggedIn(Username account, InetAddress client, UnusualUse sign);

    /**
     * Notes a recipient that was refused.
     *
     * @param sign one of {@link UnusualUse.Sign#REFUSED}
     * @return whether more were refused to the account than is usual, and this was not answered before within the window
     */
    boolean refused(Username account, UnusualUse sign);

    /** Counts nothing against an account any more: it is released. */
    void forget(Username account);

    /** Writes down what is only in memory yet; called when the server stops. */
    void flush();
}
