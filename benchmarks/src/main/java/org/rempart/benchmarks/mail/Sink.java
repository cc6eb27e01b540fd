/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The next server: takes every mail at once, without TLS, and notes which came when. Postfix's smtp-sink only counts, and
 * whether each mail arrived is the question here.
 */
final class Sink implements AutoCloseable {
    /** When a mail first came, and how often. */
    record Arrival(long first, int times) {}

    private final ServerSocket listener;
    private final ExecutorService sessions = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "sink");
        thread.setDaemon(true);
        return thread;
    });
    private final Map<String, Arrival> arrivals = new HashMap<>();

    Sink() throws IOException {
        listener = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
        sessions.execute(this::accept);
    }

    InetSocketAddress address() {
        return new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort());
    }

    /** What has come so far, by the mails' names. */
    Map<String, Arrival> arrivals() {
        synchronized (arrivals) {
            return Map.copyOf(arrivals);
        }
    }

    /** How many of these have come. */
    int count(Iterable<String> names) {
        int count = 0;
        synchronized (arrivals) {
            for (String name : names) {
                if (arrivals.containsKey(name)) {
                    count++;
                }
            }
        }
        return count;
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                sessions.execute(() -> serve(client));
            }
        } catch (IOException closed) {
            sessions.shutdownNow();
        }
    }

    private void serve(Socket client) {
        try (client;
                BufferedReader in = new BufferedReader(new InputStreamReader(
                        new BufferedInputStream(client.getInputStream()), StandardCharsets.ISO_8859_1))) {
            client.setTcpNoDelay(true);
            OutputStream out = client.getOutputStream();
            say(out, "220 sink ESMTP");
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String verb = line.split(" ", 2)[0].toUpperCase(Locale.ROOT);
                switch (verb) {
                    case "EHLO" -> say(out, "250-sink\r\n250-8BITMIME\r\n250 SIZE 100000000");
                    case "DATA" -> {
                        say(out, "354 go on");
                        note(read(in));
                        say(out, "250 taken");
                    }
                    case "QUIT" -> {
                        say(out, "221 bye");
                        return;
                    }
                    default -> say(out, "250 ok");
                }
            }
        } catch (IOException gone) {
            // A client that leaves in the middle has delivered nothing; its mail is missed in the count.
            return;
        }
    }

    /** Reads a message and gives back its header. */
    private static String read(BufferedReader in) throws IOException {
        StringBuilder header = new StringBuilder();
        boolean inHeader = true;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.equals(".")) {
                return header.toString();
            }
            inHeader &= !line.isEmpty();
            if (inHeader) {
                header.append(line).append('\n');
            }
        }
        throw new IOException("the connection ended inside a message");
    }

    private void note(String header) {
        long now = System.nanoTime();
        Mail.nameIn(header).ifPresent(name -> {
            synchronized (arrivals) {
                arrivals.merge(name, new Arrival(now, 1), (had, one) -> new Arrival(had.first(), had.times() + 1));
            }
        });
    }

    private static void say(OutputStream out, String answer) throws IOException {
        out.write((answer + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
