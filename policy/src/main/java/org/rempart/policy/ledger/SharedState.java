/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.io.IOException;
import java.util.Optional;
import java.util.ServiceLoader;
import org.apache.james.filesystem.api.FileSystem;

/**
 * What the servers of a cluster have in common. A module beside this one offers it where the policy names a store; the
 * {@link ServiceLoader} finds it.
 */
public interface SharedState {
    SubmissionLedger submissions();

    LoginFailureLedger logins();

    UnusualUseLedger unusualUse();

    /** Why it is away; empty when it is there. */
    Optional<String> away();

    /** Offers it. */
    interface Source {
        /**
         * What the policy in this file system says is shared; empty where the server is alone. The store need not be there.
         *
         * @throws IOException when the policy, or a file that it names, can't be read
         */
        Optional<SharedState> open(FileSystem files) throws IOException;

        /**
         * The key that all servers have. The first one that asks gives them its own.
         *
         * @param name of the key, as a part of a file's name
         * @param own the one that this server has; empty where it has none yet
         * @return empty where the server is alone
         * @throws IOException when another one is agreed on than this server has, or the store is away and it has none
         */
        Optional<byte[]> agree(FileSystem files, String name, Optional<byte[]> own) throws IOException;

        /** The one that is there, if one is. */
        static Optional<Source> find() {
            return ServiceLoader.load(Source.class, Source.class.getClassLoader())
                    .findFirst();
        }
    }
}
