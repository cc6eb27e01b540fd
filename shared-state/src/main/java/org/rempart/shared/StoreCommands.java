/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.util.function.Function;
import org.rempart.policy.ledger.LedgerAwayException;

/** What can be asked of a store. */
@FunctionalInterface
public interface StoreCommands {
    /**
     * Asks, and waits for the answer.
     *
     * @throws LedgerAwayException when the store does not answer in time, or answers with an error
     */
    <T> T ask(Function<RedisClusterAsyncCommands<String, String>, RedisFuture<T>> command);
}
