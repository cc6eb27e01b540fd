/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/**
 * Ports for servers that can't choose their own and tell it: those that run in another process, that listen on several
 * addresses, or that are stopped and started again. A server that can binds port 0 instead, and reads it back.
 *
 * <p>No two processes are given the same port, whatever build they belong to. The ports are handed out in blocks, and a
 * process holds a block by listening on its first port, which the system lets one process do at a time and ends with the
 * process. All blocks lie below the ports that the system gives to outgoing connections, so none of those takes one
 * before its server does, or while the server is away. A port that something else listens on is left out.
 */
public final class FreePort {
    private static final int FIRST = 10_000;
    private static final int END = 20_000;
    private static final int BLOCK = 50;

    /** The first ports of this process's blocks; never closed, since they hold the blocks. */
    private static final List<ServerSocket> BLOCKS = new ArrayList<>();

    /** The next port to give, and the first one that is not of its block. */
    private static int next;

    private static int end;

    private FreePort() {}

    /**
     * A port of 127.0.0.1 that nothing listens on; another one each time.
     *
     * @throws IOException if all are taken
     */
    public static int next() throws IOException {
        return next(List.of(loopback()));
    }

    /**
     * A port that nothing listens on at any of these addresses; another one each time.
     *
     * @throws IOException if all are taken, or an address is none of this machine
     */
    public static synchronized int next(List<InetAddress> addresses) throws IOException {
        while (true) {
            if (next == end) {
                hold();
            }
            int port = next++;
            if (isFree(port, addresses)) {
                return port;
            }
        }
    }

    /**
     * 127.0.0.1 with a port that nothing listens on; another one each time.
     *
     * @throws IOException if all are taken
     */
    public static InetSocketAddress address() throws IOException {
        return new InetSocketAddress(loopback(), next());
    }

    /** Takes a block that no process holds. */
    private static void hold() throws IOException {
        // Processes that start together don't all try the same blocks one after the other.
        int blocks = (END - FIRST) / BLOCK;
        int start = (int) (ProcessHandle.current().pid() % blocks);
        for (int i = 0; i < blocks; i++) {
            int first = FIRST + (start + i) % blocks * BLOCK;
            try {
                BLOCKS.add(new ServerSocket(first, 1, loopback()));
                next = first + 1;
                end = first + BLOCK;
                return;
            } catch (BindException held) {
                // By another process, or by this one.
            }
        }
        throw new IOException("the tests' ports, from " + FIRST + " to " + (END - 1) + ", are all taken");
    }

    private static boolean isFree(int port, List<InetAddress> addresses) throws IOException {
        for (InetAddress address : addresses) {
            try (ServerSocket probe = new ServerSocket()) {
                try {
                    probe.bind(new InetSocketAddress(address, port), 1);
                } catch (BindException taken) {
                    if (!isOurs(address)) {
                        throw taken;
                    }
                    return false;
                }
            }
        }
        return true;
    }

    /** Whether this machine has the address: a bind to another one fails as if the port were taken. */
    private static boolean isOurs(InetAddress address) throws IOException {
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(new InetSocketAddress(address, 0), 1);
            return true;
        } catch (BindException absent) {
            return false;
        }
    }

    private static InetAddress loopback() throws IOException {
        return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    }
}
