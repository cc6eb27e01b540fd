/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A long way to a server: all bytes come there, and back, half a round trip later, in any amount at a time. A connection
 * takes a round trip to be made, as TCP's own handshake does; of the network's other properties it has none.
 */
final class DelayProxy implements AutoCloseable {
    private static final int BUFFER = 16_384;

    private final ServerSocket listener;
    private final InetSocketAddress server;
    private final Duration roundTrip;

    /** Bytes on their way; none: the end of the stream. */
    private record Parcel(byte[] bytes, long due) {}

    DelayProxy(InetSocketAddress server, Duration roundTrip) throws IOException {
        this.server = server;
        this.roundTrip = roundTrip;
        this.listener = new ServerSocket(0, 500, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        start(this::accept);
    }

    InetSocketAddress address() {
        return new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort());
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                start(() -> connect(client));
            } catch (IOException closed) {
                // The loop ends.
                continue;
            }
        }
    }

    private void connect(Socket client) {
        try {
            TimeUnit.NANOSECONDS.sleep(roundTrip.toNanos());
            Socket far = new Socket(server.getAddress(), server.getPort());
            client.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
            carry(client, far);
            carry(far, client);
        } catch (IOException gone) {
            close(client);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            close(client);
        }
    }

    private void carry(Socket from, Socket to) {
        BlockingQueue<Parcel> way = new LinkedBlockingQueue<>();
        start(() -> send(from, way));
        start(() -> deliver(way, to));
    }

    private void send(Socket from, BlockingQueue<Parcel> way) {
        long half = roundTrip.toNanos() / 2;
        try {
            InputStream in = from.getInputStream();
            byte[] buffer = new byte[BUFFER];
            for (int count = in.read(buffer); count > 0; count = in.read(buffer)) {
                way.add(new Parcel(java.util.Arrays.copyOf(buffer, count), System.nanoTime() + half));
            }
        } catch (IOException ended) {
            // The end goes the same way.
        }
        way.add(new Parcel(new byte[0], System.nanoTime() + half));
    }

    private static void deliver(BlockingQueue<Parcel> way, Socket to) {
        try {
            OutputStream out = to.getOutputStream();
            for (Parcel parcel = way.take(); parcel.bytes.length > 0; parcel = way.take()) {
                await(parcel);
                out.write(parcel.bytes);
            }
        } catch (IOException gone) {
            // Nobody is there to get it.
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } finally {
            close(to);
        }
    }

    private static void await(Parcel parcel) throws InterruptedException {
        long left = parcel.due - System.nanoTime();
        if (left > 0) {
            TimeUnit.NANOSECONDS.sleep(left);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException closed) {
            // It is closed either way.
        }
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "delay");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
