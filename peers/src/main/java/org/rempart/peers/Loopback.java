/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/**
 * Addresses of loopback for servers that must all listen on one port, since MX hosts do. Needs a system on which all of
 * 127.0.0.0/8 is this machine, as on Linux.
 */
public final class Loopback {
    private static final int ATTEMPTS = 50;

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
        IOException last = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            List<ServerSocket> sockets = new ArrayList<>();
            try {
                sockets.add(new ServerSocket(0, 1, address(0)));
                int port = sockets.get(0).getLocalPort();
                for (int i = 1; i < addresses; i++) {
                    sockets.add(new ServerSocket(port, 1, address(i)));
                }
                return new Loopback(port);
            } catch (IOException taken) {
                last = taken;
            } finally {
                for (ServerSocket socket : sockets) {
                    socket.close();
                }
            }
        }
        throw new IOException("no port is free on " + addresses + " addresses of loopback", last);
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
