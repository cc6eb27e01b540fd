/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.sink;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A mail server of the audit's own, that the foreign domain's mail is led to. It takes what comes, keeps it in memory as it
 * came, and is gone with the run. The audited server has to reach it; nobody else should.
 */
public final class SmtpSink implements Sink {
    private static final int MESSAGE = 4 << 20;
    private static final int MESSAGES = 500;
    private static final int LINE = 4096;
    private static final int IDLE_MILLIS = 60_000;
    private static final int SESSIONS = 20;

    private final ServerSocket listener;
    private final ExecutorService threads;
    private final List<byte[]> messages = new ArrayList<>();
    private volatile boolean closed;

    private SmtpSink(ServerSocket listener) {
        this.listener = listener;
        this.threads = Executors.newFixedThreadPool(SESSIONS + 1, task -> {
            Thread thread = new Thread(task, "sink");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Listens. */
    public static SmtpSink start(InetSocketAddress address) throws IOException {
        ServerSocket listener = new ServerSocket();
        try {
            listener.setReuseAddress(true);
            listener.bind(address);
        } catch (IOException e) {
            listener.close();
            throw new IOException("the sink can't listen on " + address + ": " + e.getMessage(), e);
        }
        SmtpSink sink = new SmtpSink(listener);
        sink.threads.execute(sink::accept);
        return sink;
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    @Override
    public Optional<byte[]> await(String token, Duration limit) throws IOException {
        byte[] wanted = token.getBytes(StandardCharsets.US_ASCII);
        long end = System.nanoTime() + limit.toNanos();
        synchronized (messages) {
            while (true) {
                for (byte[] message : messages) {
                    if (Sink.isTestMessage(message, token)) {
                        return Optional.of(message);
                    }
                }
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0 || wanted.length == 0) {
                    return Optional.empty();
                }
                try {
                    messages.wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted", e);
                }
            }
        }
    }

    @Override
    public String describe() {
        return "the sink " + address().getAddress().getHostAddress() + ":"
                + address().getPort();
    }

    private void accept() {
        while (!closed) {
            try {
                Socket socket = listener.accept();
                threads.execute(() -> serve(socket));
            } catch (IOException e) {
                // Closed, or one connection less.
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setSoTimeout(IDLE_MILLIS);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            say(out, "220 rempart-audit.invalid ESMTP");
            for (String line = line(in); line != null; line = line(in)) {
                String verb = line.length() < 4 ? "" : line.substring(0, 4).toUpperCase(Locale.ROOT);
                switch (verb) {
                    case "EHLO" -> say(out, "250-rempart-audit.invalid\r\n250-8BITMIME\r\n250 SIZE " + MESSAGE);
                    case "DATA" -> {
                        say(out, "354 go on");
                        byte[] message = message(in);
                        if (message == null) {
                            return;
                        }
                        keep(message);
                        say(out, "250 kept");
                    }
                    case "QUIT" -> {
                        say(out, "221 bye");
                        return;
                    }
                    case "HELO", "MAIL", "RCPT", "RSET", "NOOP" -> say(out, "250 ok");
                    default -> say(out, "502 not here");
                }
            }
        } catch (IOException e) {
            // The client went.
        }
    }

    private void keep(byte[] message) {
        synchronized (messages) {
            if (messages.size() < MESSAGES) {
                messages.add(message);
            }
            messages.notifyAll();
        }
    }

    private static void say(OutputStream out, String text) throws IOException {
        out.write((text + "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = in.read(); b >= 0; b = in.read()) {
            if (b == '\n') {
                return line.toString().stripTrailing();
            }
            if (line.length() >= LINE) {
                return null;
            }
            line.append((char) b);
        }
        return null;
    }

    /** The bytes up to CRLF.CRLF, and to nothing else; dots of transparency are taken away. */
    private static byte[] message(InputStream in) throws IOException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        int state = 2;
        for (int b = in.read(); b >= 0; b = in.read()) {
            if (message.size() > MESSAGE) {
                return null;
            }
            // 0 within a line, 1 after CR, 2 after CRLF, 3 after CRLF and a dot, 4 after CRLF, dot and CR.
            switch (state) {
                case 3 -> {
                    if (b == '\r') {
                        state = 4;
                        continue;
                    }
                    state = 0;
                }
                case 4 -> {
                    if (b == '\n') {
                        return message.toByteArray();
                    }
                    message.write('\r');
                    state = 0;
                }
                default -> {
                    if (state == 2 && b == '.') {
                        state = 3;
                        continue;
                    }
                }
            }
            message.write(b);
            state = b == '\r' ? 1 : b == '\n' && state == 1 ? 2 : 0;
        }
        return null;
    }

    @Override
    public void close() throws IOException {
        closed = true;
        listener.close();
        threads.shutdownNow();
    }
}
