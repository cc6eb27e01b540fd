/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.accounts;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import java.time.Duration;

/** Answers of the database that are asked for again and again. */
public final class Remembered {
    /** So long an answer may be old that a look-up brought while it was changed. */
    private static final Duration TIME = Duration.ofSeconds(10);

    private static final int MOST = 10_000;

    private Remembered() {}

    /** A memory that forgets after some seconds. */
    public static <K, V> Cache<K, V> cache() {
        return CacheBuilder.newBuilder()
                .expireAfterWrite(TIME)
                .maximumSize(MOST)
                .build();
    }
}
