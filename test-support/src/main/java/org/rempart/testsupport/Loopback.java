/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.stream.IntStream;

/**
 * Addresses of loopback for servers that must all listen on one port, since MX hosts do. Needs a system on which all of
 * 127.0.0.0/8 is this machine, as on Linux.
 */
public final class Loopback {
    private final int port;
    private int given;

    private Loopback(int port) {
        this.port = port;
    }

    /**
     * Finds a port that is free on so many addresses.
     *
     * @throws IOException if there is none, or the addresses can't be used
     */
    public static Loopback of(int addresses) throws IOException {
        return new Loopback(FreePort.next(
                IntStream.range(0, addresses).mapToObj(Loopback::address).toList()));
    }

    /** The port that all have. */
    public int port() {
        return port;
    }

    /** The next address that nobody has been given. */
    public InetSocketAddress next() {
        return new InetSocketAddress(address(given++), port);
    }

    private static InetAddress address(int number) {
        try {
            return InetAddress.getByAddress(new byte[] {127, 0, (byte) (1 + number / 200), (byte) (1 + number % 200)});
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
