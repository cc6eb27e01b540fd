/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The beginning of a conversation with a server: its greeting, what it offers, and STARTTLS (RFC 3207). */
final class SmtpGreeting implements AutoCloseable {
    private static final int MOST_LINES = 200;
    private static final int LONGEST_LINE = 2_000;

    private final Socket socket;
    private final boolean startTls;

    private SmtpGreeting(Socket socket) throws IOException {
        this.socket = socket;
        expect(reply(), "220", "its greeting");
        say("EHLO " + literal(socket.getLocalAddress()));
        List<String> offer = reply();
        expect(offer, "250", "its answer to EHLO");
        this.startTls = offer.stream().anyMatch(line -> keyword(line).equals("STARTTLS"));
    }

    /**
     * Connects to the first of these addresses that lets itself be connected to.
     *
     * @param deadline how long the server may take for each step
     * @throws IOException when there is none, or it does not greet as a mail server that is there for us
     */
    static SmtpGreeting of(List<InetAddress> addresses, int port, Duration deadline) throws IOException {
        IOException last = new IOException("it has no address");
        for (InetAddress address : addresses) {
            Socket socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(address, port), (int) deadline.toMillis());
                socket.setSoTimeout((int) deadline.toMillis());
                return new SmtpGreeting(socket);
            } catch (IOException failure) {
                socket.close();
                last = failure;
            }
        }
        throw last;
    }

    private static String literal(InetAddress address) {
        return "[" + (address instanceof Inet6Address ? "IPv6:" : "")
                + address.getHostAddress().replaceFirst("%.*", "") + "]";
    }

    private static String keyword(String line) {
        return line.substring(Math.min(4, line.length())).split(" ", 2)[0].toUpperCase(Locale.ROOT);
    }

    private static void expect(List<String> reply, String code, String what) throws IOException {
        if (!reply.get(0).startsWith(code)) {
            throw new IOException(what + " is " + reply.get(0));
        }
    }

    private void say(String command) throws IOException {
        socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    private List<String> reply() throws IOException {
        List<String> lines = new ArrayList<>();
        do {
            lines.add(line());
            if (lines.size() > MOST_LINES) {
                throw new IOException("its answer has more than " + MOST_LINES + " lines");
            }
        } while (lines.get(lines.size() - 1).startsWith("-", 3));
        return lines;
    }

    /** Byte by byte, so that nothing behind the line is taken from the handshake, which looks for what was injected. */
    private String line() throws IOException {
        InputStream in = socket.getInputStream();
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("it closed the connection");
            }
            if (line.size() >= LONGEST_LINE) {
                throw new IOException("its answer has a line of more than " + LONGEST_LINE + " bytes");
            }
            line.write(next);
        }
        return line.toString(StandardCharsets.ISO_8859_1).replaceAll("[^\\x20-\\x7e]", "");
    }

    boolean offersStartTls() {
        return startTls;
    }

    /** Asks for TLS; returns the answer. */
    String startTls() throws IOException {
        say("STARTTLS");
        return reply().get(0);
    }

    Socket socket() {
        return socket;
    }

    String address() {
        return socket.getInetAddress().getHostAddress();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
