/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An old mail server: no extensions at all, so neither TLS nor 8BITMIME. It keeps every word that it hears, and refuses
 * recipients whose address begins with {@code refused}.
 */
final class PlainSink implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<String> conversations = new CopyOnWriteArrayList<>();

    PlainSink() throws IOException {
        Thread thread = new Thread(this::serve, "plain sink");
        thread.setDaemon(true);
        thread.start();
    }

    int port() {
        return listener.getLocalPort();
    }

    /** All that was said in a connection in which a mail was handed over, a connection each. */
    List<String> conversations() {
        return List.copyOf(conversations);
    }

    private void serve() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Thread thread = new Thread(() -> talk(client), "plain sink, one connection");
                thread.setDaemon(true);
                thread.start();
            } catch (IOException closed) {
                // The loop ends.
            }
        }
    }

    private void talk(Socket client) {
        StringBuilder heard = new StringBuilder();
        boolean took = false;
        try (client;
                BufferedReader in = new BufferedReader(
                        new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1))) {
            say(client, "220 old.partner.example");
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                heard.append(line).append('\n');
                String command = line.toUpperCase(Locale.ROOT);
                if (command.startsWith("EHLO")) {
                    say(client, "502 5.5.1 Unknown");
                } else if (command.equals("DATA")) {
                    say(client, "354 Go on");
                    for (line = in.readLine(); line != null && !line.equals("."); line = in.readLine()) {
                        heard.append(line).append('\n');
                    }
                    took = true;
                    say(client, "250 2.0.0 Taken");
                } else if (command.startsWith("RCPT TO:<REFUSED")) {
                    say(client, "550 5.1.1 No such user");
                } else if (command.equals("QUIT")) {
                    say(client, "221 2.0.0 Bye");
                    return;
                } else {
                    say(client, "250 2.0.0 Yes");
                }
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } finally {
            if (took) {
                conversations.add(heard.toString());
            }
        }
    }

    private static void say(Socket client, String line) throws IOException {
        client.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
