/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.james.filesystem.api.FileSystem;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.rempart.testsupport.RedisServer;

/** One store for the tests of a class, empty for each, and a clock that tests put forward. */
final class SharedLedgers implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
    private final AtomicLong offset = new AtomicLong();
    private final List<SharedStore> stores = new ArrayList<>();
    private Path folder;
    private RedisServer redis;
    private int clusters;

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        RedisServer.require();
        folder = Files.createTempDirectory(Path.of("target"), "redis");
        redis = RedisServer.start(folder);
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        stores.forEach(SharedStore::close);
        stores.clear();
        redis.cli("FLUSHALL");
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        if (redis != null) {
            redis.close();
        }
    }

    RedisServer redis() {
        return redis;
    }

    /** The store as one more server sees it. */
    SharedStore store() {
        return store("rempart");
    }

    /** The store of another cluster, with nothing in it. */
    SharedStore empty() {
        return store("other" + ++clusters);
    }

    private SharedStore store(String prefix) {
        try {
            SharedStore store = SharedStore.open(
                    Store.at(redis)
                            .prefix(prefix)
                            .timeout(Duration.ofSeconds(10))
                            .build(),
                    Store::file);
            stores.add(store);
            return store;
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** The folder of a server. */
    FileSystem home() {
        return new Home(folder.resolve("home"));
    }

    long offset() {
        return offset.get();
    }

    void pass(Duration time) {
        offset.addAndGet(time.toNanos() / 1000);
    }
}
