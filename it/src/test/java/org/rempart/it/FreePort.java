/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports that nothing uses, below those that systems give to outgoing connections, so that none of the tests' own
 * connections takes one before its server does, or while its server is away. Test processes that run at the same time have
 * ranges of their own.
 */
public final class FreePort {
    private static final int RANGE = 3_000;
    private static final int FROM = 20_000 + RANGE * ((Folders.fork() - 1) % 4);

    private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

    private FreePort() {}

    /** Another one each time. */
    public static int next() throws IOException {
        for (int attempt = 0; attempt < 200; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(FROM, FROM + RANGE);
            if (GIVEN.add(port)) {
                try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                    return probe.getLocalPort();
                } catch (BindException taken) {
                    // The next one.
                }
            }
        }
        throw new IOException("no free port between " + FROM + " and " + (FROM + RANGE));
    }
}
