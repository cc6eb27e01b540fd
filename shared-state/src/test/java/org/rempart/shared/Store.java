/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.shared;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.rempart.policy.Rule;
import org.rempart.policy.shared.SharedPolicy;
import org.rempart.testsupport.RedisServer;

/** What tests say of the store that they have. */
final class Store {
    static final Duration TIMEOUT = Duration.ofSeconds(1);
    static final Rule RULE = Rule.byDefault("<shared/>");

    private Store() {}

    static InetSocketAddress address(RedisServer server) {
        return InetSocketAddress.createUnresolved("127.0.0.1", server.port());
    }

    static SharedPolicy.Builder at(RedisServer server) {
        return SharedPolicy.of(List.of(address(server)), false, "password", RULE)
                .timeout(TIMEOUT);
    }

    /** The one file that is there holds the password. */
    static InputStream file(String url) throws FileNotFoundException {
        if (!url.equals("file://password")) {
            throw new FileNotFoundException(url);
        }
        return new ByteArrayInputStream((RedisServer.PASSWORD + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
