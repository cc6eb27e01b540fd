/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import io.lettuce.core.ScriptOutputType;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.ledger.ClientNetwork;
import org.rempart.policy.ledger.LedgerAwayException;
import org.rempart.policy.ledger.Orders;
import org.rempart.policy.ledger.UnusualUseLedger;
import org.rempart.policy.submission.UnusualUse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts over all servers what accounts hardly do. While the store is away nothing is counted, and nobody is told. */
final class SharedUnusualUseLedger implements UnusualUseLedger {
    private static final Logger LOGGER = LoggerFactory.getLogger(SharedUnusualUseLedger.class);
    private static final Script<Long> NOTE =
            Script.of(SharedUnusualUseLedger.class, ScriptOutputType.INTEGER, "windows.lua", "unusual.lua");
    private static final Script<Long> FORGET =
            Script.of(SharedUnusualUseLedger.class, ScriptOutputType.INTEGER, "usual.lua");

    private final SharedStore store;
    private final Orders orders;
    private final LongSupplier offset;

    /** @param files where the orders of an administrator lie */
    SharedUnusualUseLedger(SharedStore store, FileSystem files) {
        this(store, files, () -> 0);
    }

    /**
     * A ledger for tests.
     *
     * @param offset what is added to the store's clock, in microseconds
     */
    SharedUnusualUseLedger(SharedStore store, FileSystem files, LongSupplier offset) {
        this.store = store;
        this.orders = Orders.in(files, "signs", System::nanoTime);
        this.offset = offset;
    }

    @Override
    public boolean loggedIn(Username account, InetAddress client, UnusualUse sign) {
        return note(account, sign, List.of(ClientNetwork.site(client)));
    }

    @Override
    public boolean refused(Username account, UnusualUse sign) {
        return note(account, sign, List.of());
    }

    private boolean note(Username account, UnusualUse sign, List<String> networks) {
        List<String> values = new ArrayList<>(List.of(
                String.valueOf(offset.getAsLong()),
                sign.sign().name(),
                String.valueOf(sign.limit().count()),
                SharedSubmissionLedger.micros(sign.limit().window())));
        values.addAll(networks);
        try {
            orders.carryOut(this::forget);
            return store.run(NOTE, List.of(store.key(account.asString(), "")), values) == 1;
        } catch (LedgerAwayException away) {
            LOGGER.debug("What {} does is not counted", account.asString(), away);
            return false;
        }
    }

    @Override
    public void forget(Username account) {
        store.run(FORGET, List.of(store.key(account.asString(), "")), List.of());
    }

    /** Nothing is in memory alone. */
    @Override
    public void flush() {}
}
