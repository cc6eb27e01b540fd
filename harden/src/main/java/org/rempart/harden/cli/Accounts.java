/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.rempart.harden.text.UnreadableException;

/** Tells a server who may send again, or not any more, by files in its folder that it looks for. */
final class Accounts {
    /** Where each of a server's ledgers looks for its orders. */
    private static final List<String> LEDGERS = List.of("holds", "logins", "signs");

    private final Path orders;
    private final Duration patience;

    private Accounts(Path orders, Duration patience) {
        this.orders = orders;
        this.patience = patience;
    }

    /**
     * The accounts of a server.
     *
     * @param server the folder that it runs in
     * @param patience how long it is waited for
     * @throws UnreadableException when no James with Rempart has run in it
     */
    static Accounts of(Path server, Duration patience) throws UnreadableException {
        Path orders = server.resolve("var").resolve("accounts").resolve("orders");
        if (!Files.isDirectory(orders.resolve("holds"))) {
            throw new UnreadableException(
                    orders + " is not there: --folder is the folder that James runs in, with conf and var,"
                            + " and James with Rempart has to have been started in it once");
        }
        return new Accounts(orders, patience);
    }

    /**
     * Lets an account send again, as one that has logged in nowhere yet.
     *
     * @return whether a running server has done it; else it does so when it is next asked about an account, or starts
     */
    boolean release(String account) throws IOException {
        List<OrderFile> written = new ArrayList<>();
        for (String ledger : LEDGERS) {
            if (Files.isDirectory(orders.resolve(ledger))) {
                written.add(OrderFile.write(orders.resolve(ledger), "release " + account));
            }
        }
        return written.get(0).isDone(patience);
    }

    /** @return as {@link #release} does */
    boolean hold(String account, String reason) throws IOException {
        return OrderFile.write(orders.resolve(LEDGERS.get(0)), ("hold " + account + " " + reason).strip())
                .isDone(patience);
    }
}
