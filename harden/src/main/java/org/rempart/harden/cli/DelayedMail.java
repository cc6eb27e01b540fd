/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.rempart.harden.text.UnreadableException;

/** Tells a server what becomes of mail that waits for its next try in a repository, by files in its folder that it looks for. */
final class DelayedMail {
    /** What can be asked. */
    static final Set<String> ACTIONS = Set.of("hold", "release", "flush", "delete");

    /** Stands for the keys of all mails. */
    static final String ALL = "*";

    private final Path orders;

    private DelayedMail(Path orders) {
        this.orders = orders;
    }

    /**
     * The mail of a queue.
     *
     * @param server the folder that one of the servers runs in
     * @throws UnreadableException when no James with Rempart that keeps delayed mail has run in it
     */
    static DelayedMail of(Path server, String queue) throws UnreadableException {
        Path orders = server.resolve("var").resolve("delayed").resolve(queue.replaceAll("[^A-Za-z0-9_-]", "_"));
        if (!Files.isDirectory(orders)) {
            throw new UnreadableException(
                    orders + " is not there: --folder is the folder that James runs in, with conf and var, whose"
                            + " SecureRemoteDelivery has <delayedMail>; --queue is its <outgoing>, if that is not"
                            + " outgoing");
        }
        return new DelayedMail(orders);
    }

    /** @param key of the mail in its repository, or {@value #ALL} */
    OrderFile order(String action, String key) throws IOException {
        return OrderFile.write(orders, action + " " + key);
    }
}
