/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * The next server: takes every mail at once and notes which came when. Postfix's smtp-sink only counts, and whether each
 * mail arrived is the question here. With a certificate it also offers STARTTLS, PIPELINING and CHUNKING.
 */
final class Sink implements AutoCloseable {
    /** When a mail first came, and how often. */
    record Arrival(long first, int times) {}

    private final ServerSocket listener;
    private final SSLContext tls;
    private final ExecutorService sessions = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "sink");
        thread.setDaemon(true);
        return thread;
    });
    private final Map<String, Arrival> arrivals = new HashMap<>();
    private final Set<String> unstripped = new HashSet<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger inClearText = new AtomicInteger();

    /** A sink without TLS. */
    Sink() throws IOException {
        this(null);
    }

    /** A sink that offers TLS, or, with null, does not. */
    Sink(SSLContext tls) throws IOException {
        this.tls = tls;
        this.listener = new ServerSocket(0, 500, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        sessions.execute(this::accept);
    }

    /** How many connections there were. */
    int connections() {
        return connections.get();
    }

    /** How many mails came without TLS. */
    int inClearText() {
        return inClearText.get();
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

    /** The names of those that came with a field that they should have been stripped of. */
    Set<String> unstripped() {
        synchronized (arrivals) {
            return Set.copyOf(unstripped);
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
        connections.incrementAndGet();
        try (client) {
            client.setTcpNoDelay(true);
            new Session(client).run();
        } catch (IOException gone) {
            // A client that leaves in the middle has delivered nothing; its mail is missed in the count.
            return;
        }
    }

    /** One connection. */
    private final class Session {
        private Socket socket;
        private InputStream in;
        private OutputStream out;
        private final ByteArrayOutputStream chunks = new ByteArrayOutputStream();

        Session(Socket client) throws IOException {
            use(client);
        }

        private void use(Socket next) throws IOException {
            socket = next;
            in = new BufferedInputStream(next.getInputStream());
            // Answers to commands that came together go out together.
            out = new BufferedOutputStream(next.getOutputStream());
        }

        void run() throws IOException {
            say("220 sink ESMTP");
            out.flush();
            for (String line = readLine(); line != null; line = readLine()) {
                String[] words = line.split(" ", 3);
                switch (words[0].toUpperCase(Locale.ROOT)) {
                    case "EHLO" -> hello();
                    case "STARTTLS" -> startTls();
                    case "DATA" -> {
                        say("354 go on");
                        out.flush();
                        note(readMessage());
                        say("250 taken");
                    }
                    case "BDAT" -> {
                        chunks.writeBytes(in.readNBytes(Integer.parseInt(words[1])));
                        if (words.length > 2) {
                            note(header(chunks.toString(StandardCharsets.ISO_8859_1)));
                            chunks.reset();
                        }
                        say("250 taken");
                    }
                    case "QUIT" -> {
                        say("221 bye");
                        out.flush();
                        return;
                    }
                    default -> say("250 ok");
                }
                if (in.available() == 0) {
                    out.flush();
                }
            }
        }

        private void hello() throws IOException {
            say("250-sink\r\n250-8BITMIME");
            if (tls != null) {
                say("250-PIPELINING\r\n250-CHUNKING" + (isSecured() ? "" : "\r\n250-STARTTLS"));
            }
            say("250 SIZE 100000000");
        }

        private boolean isSecured() {
            return socket instanceof SSLSocket;
        }

        private void startTls() throws IOException {
            say("220 go on");
            out.flush();
            SSLSocket secured = (SSLSocket) tls.getSocketFactory()
                    .createSocket(socket, socket.getInetAddress().getHostAddress(), socket.getPort(), true);
            secured.setUseClientMode(false);
            secured.startHandshake();
            use(secured);
        }

        private void note(String header) {
            if (!isSecured()) {
                inClearText.incrementAndGet();
            }
            Sink.this.note(header);
        }

        /** Reads a message and gives back its header. */
        private String readMessage() throws IOException {
            StringBuilder header = new StringBuilder();
            boolean inHeader = true;
            for (String line = readLine(); line != null; line = readLine()) {
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

        private String readLine() throws IOException {
            StringBuilder line = new StringBuilder(80);
            for (int b = in.read(); b >= 0; b = in.read()) {
                if (b == '\n') {
                    int end = line.length() - 1;
                    return end >= 0 && line.charAt(end) == '\r' ? line.substring(0, end) : line.toString();
                }
                line.append((char) b);
            }
            return null;
        }

        private void say(String answer) throws IOException {
            out.write((answer + "\r\n").getBytes(StandardCharsets.US_ASCII));
        }
    }

    private static String header(String message) {
        int end = message.indexOf("\r\n\r\n");
        return end < 0 ? message : message.substring(0, end);
    }

    private void note(String header) {
        long now = System.nanoTime();
        Mail.nameIn(header).ifPresent(name -> {
            synchronized (arrivals) {
                arrivals.merge(name, new Arrival(now, 1), (had, one) -> new Arrival(had.first(), had.times() + 1));
                if (header.contains("\n" + Mail.STRIPPED_PREFIX)) {
                    unstripped.add(name);
                }
            }
        });
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
