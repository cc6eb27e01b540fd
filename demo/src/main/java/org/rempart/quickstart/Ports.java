/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/** The ports of one run, all on 127.0.0.1. Immutable. */
final class Ports {
    /** What listens. */
    enum Listener {
        SMTP("MX", 2525),
        SUBMISSION("submission", 2587),
        SUBMISSIONS("submission with TLS", 2465),
        IMAP("IMAP", 2143),
        IMAPS("IMAP with TLS", 2993),
        WEBADMIN("webadmin", 8025),
        SINK("sink", 2526);

        private final String label;
        private final int preferred;

        Listener(String label, int preferred) {
            this.label = label;
            this.preferred = preferred;
        }

        /** For people. */
        String label() {
            return label;
        }

        /** The port that it gets when nobody asks for another one. */
        int preferred() {
            return preferred;
        }
    }

    private final Map<Listener, Integer> ports;

    private Ports(Map<Listener, Integer> ports) {
        this.ports = ports;
    }

    /**
     * Chooses a free port for each listener.
     *
     * @param wanted ports that were asked for; the others get their usual one, or any free one if that is taken
     * @param remark told when a usual port is taken
     * @throws IOException if a port that was asked for is taken, or is asked for twice
     */
    static Ports choose(Map<Listener, Integer> wanted, Consumer<String> remark) throws IOException {
        return choose(wanted, Listener::preferred, remark);
    }

    /**
     * Chooses as {@link #choose(Map, Consumer)} does.
     *
     * @param usual the port that a listener gets when nobody asks for another one
     */
    static Ports choose(Map<Listener, Integer> wanted, ToIntFunction<Listener> usual, Consumer<String> remark)
            throws IOException {
        Map<Listener, Integer> chosen = new EnumMap<>(Listener.class);
        Set<Integer> used = new HashSet<>();
        for (Map.Entry<Listener, Integer> entry : wanted.entrySet()) {
            int port = entry.getValue();
            if (!used.add(port)) {
                throw new IOException("Port " + port + " is asked for twice; each listener needs one of its own.");
            }
            if (!isFree(port)) {
                throw new IOException("Port " + port + ", asked for as the port of "
                        + entry.getKey().label() + ", is taken on 127.0.0.1; choose another one.");
            }
            chosen.put(entry.getKey(), port);
        }
        for (Listener listener : Listener.values()) {
            if (!chosen.containsKey(listener)) {
                int preferred = usual.applyAsInt(listener);
                int port = preferred;
                if (used.contains(port) || !isFree(port)) {
                    port = anyFree(used);
                    remark.accept(
                            "Port " + preferred + " is taken; " + listener.label() + " gets " + port + " instead.");
                }
                used.add(port);
                chosen.put(listener, port);
            }
        }
        return new Ports(chosen);
    }

    int of(Listener listener) {
        return ports.get(listener);
    }

    InetSocketAddress address(Listener listener) {
        return new InetSocketAddress(loopback(), of(listener));
    }

    /** 127.0.0.1, whatever the machine thinks that localhost is. */
    static InetAddress loopback() {
        try {
            return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        } catch (UnknownHostException e) {
            throw new IllegalStateException("Four bytes are an IPv4 address.", e);
        }
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(loopback(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * A free port below those that systems give to outgoing connections, so that none of these takes it before the server
     * does.
     */
    private static int anyFree(Set<Integer> used) throws IOException {
        for (int attempt = 0; attempt < 200; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
            if (!used.contains(port) && isFree(port)) {
                return port;
            }
        }
        throw new IOException("No free port was found between 20000 and 32000 on 127.0.0.1.");
    }
}
