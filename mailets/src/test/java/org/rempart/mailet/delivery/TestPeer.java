/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * A mail server on loopback that does as it is told: by default it is an honest one that takes everything. {@link #on} gives
 * a verb another answer, which may also be none.
 *
 * <p>Verbs are those of SMTP, {@code CONNECT} for the greeting, {@code END} for the end of a message in either form.
 */
final class TestPeer implements AutoCloseable {
    /** In the place of an answer: the connection is closed. */
    static final String DROP = "\0drop";

    /** In the place of an answer: nothing, for ever. */
    static final String STALL = "\0stall";

    private final ServerSocket listener;
    private final Map<String, Function<String, String>> answers = new ConcurrentHashMap<>();
    private final List<Taken> mails = new CopyOnWriteArrayList<>();
    private final List<String> commands = new CopyOnWriteArrayList<>();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();
    private volatile List<String> extensions = List.of("PIPELINING", "8BITMIME", "SIZE 50000000", "DSN");
    private volatile SSLContext tls;
    private volatile boolean counting;

    /** A mail that was taken, with 250. */
    static final class Taken {
        final String mailFrom;
        final List<String> rcptTo;
        final byte[] message;
        final boolean encrypted;

        Taken(String mailFrom, List<String> rcptTo, byte[] message, boolean encrypted) {
            this.mailFrom = mailFrom;
            this.rcptTo = List.copyOf(rcptTo);
            this.message = message;
            this.encrypted = encrypted;
        }

        String text() {
            return new String(message, StandardCharsets.ISO_8859_1);
        }
    }

    private TestPeer() throws IOException {
        listener = new ServerSocket(0, 200, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        Thread acceptor = new Thread(this::accept, "test-peer");
        acceptor.setDaemon(true);
        acceptor.start();
    }

    static TestPeer start() throws IOException {
        return new TestPeer();
    }

    TestPeer offering(String... keywords) {
        extensions = List.of(keywords);
        return this;
    }

    TestPeer withTls(SSLContext context) {
        tls = context;
        return this;
    }

    /** Bytes of messages are counted, not kept. */
    TestPeer countingOnly() {
        counting = true;
        return this;
    }

    /** @param answer to a command line; null means the honest one */
    TestPeer on(String verb, Function<String, String> answer) {
        answers.put(verb, answer);
        return this;
    }

    TestPeer on(String verb, String answer) {
        return on(verb, command -> answer);
    }

    int port() {
        return listener.getLocalPort();
    }

    List<Taken> mails() {
        return mails;
    }

    /** All command lines of all connections. */
    List<String> commands() {
        return commands;
    }

    int connections() {
        return connections.get();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                socket.setTcpNoDelay(true);
                connections.incrementAndGet();
                sockets.add(socket);
                Thread session = new Thread(() -> converse(socket), "test-peer-session");
                session.setDaemon(true);
                session.start();
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void converse(Socket socket) {
        try (Socket mine = socket) {
            new Session(mine).run();
        } catch (IOException gone) {
            // So is the session.
        } finally {
            sockets.remove(socket);
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private final class Session {
        private Socket socket;
        private InputStream in;
        private OutputStream out;
        private boolean encrypted;
        private String mailFrom;
        private final List<String> rcptTo = new CopyOnWriteArrayList<>();
        private final ByteArrayOutputStream chunks = new ByteArrayOutputStream();

        Session(Socket socket) throws IOException {
            this.socket = socket;
            wire();
        }

        private void wire() throws IOException {
            in = new BufferedInputStream(socket.getInputStream());
            out = socket.getOutputStream();
        }

        void run() throws IOException {
            if (!answer("CONNECT", "", "220 peer.example ESMTP")) {
                return;
            }
            for (String line = readLine(); line != null; line = readLine()) {
                commands.add(line);
                String verb = line.split("[ :]", 2)[0].toUpperCase(Locale.ROOT);
                if (!obey(verb, line)) {
                    return;
                }
            }
        }

        /** @return whether the conversation goes on */
        private boolean obey(String verb, String line) throws IOException {
            switch (verb) {
                case "EHLO":
                    return answer("EHLO", line, ehlo());
                case "STARTTLS":
                    return startTls(line);
                case "MAIL":
                    return mail(line);
                case "RCPT":
                    return rcpt(line);
                case "DATA":
                    return data(line);
                case "BDAT":
                    return chunk(line);
                case "RSET":
                    reset();
                    return answer("RSET", line, "250 2.0.0 Ok");
                case "QUIT":
                    answer("QUIT", line, "221 2.0.0 Bye");
                    return false;
                default:
                    return answer(verb, line, "250 2.0.0 Ok");
            }
        }

        private String ehlo() {
            StringBuilder reply = new StringBuilder("250-peer.example");
            for (String extension : extensions) {
                reply.append("\r\n250-").append(extension);
            }
            if (tls != null && !encrypted) {
                reply.append("\r\n250-STARTTLS");
            }
            return reply.append("\r\n250 HELP").toString();
        }

        private boolean startTls(String line) throws IOException {
            if (!answer("STARTTLS", line, "220 2.0.0 Ready")) {
                return false;
            }
            if (tls == null || answers.containsKey("STARTTLS")) {
                return true;
            }
            SSLSocket secure = (SSLSocket) tls.getSocketFactory()
                    .createSocket(socket, socket.getInetAddress().getHostAddress(), socket.getPort(), true);
            secure.setUseClientMode(false);
            secure.startHandshake();
            socket = secure;
            encrypted = true;
            wire();
            return true;
        }

        private boolean mail(String line) throws IOException {
            String reply = reply("MAIL", line, mailFrom == null ? "250 2.1.0 Ok" : "503 5.5.1 Nested MAIL");
            if (reply.startsWith("2")) {
                mailFrom = line.substring("MAIL FROM:".length());
            }
            return send(reply);
        }

        private boolean rcpt(String line) throws IOException {
            String reply = reply("RCPT", line, mailFrom == null ? "503 5.5.1 MAIL first" : "250 2.1.5 Ok");
            if (reply.startsWith("2")) {
                rcptTo.add(line.substring("RCPT TO:".length()));
            }
            return send(reply);
        }

        private boolean data(String line) throws IOException {
            String reply = reply("DATA", line, rcptTo.isEmpty() ? "503 5.5.1 RCPT first" : "354 Go on");
            if (!send(reply)) {
                return false;
            }
            if (!reply.startsWith("3")) {
                return true;
            }
            byte[] message = readDotStuffed();
            return message != null && end(message);
        }

        private boolean chunk(String line) throws IOException {
            String[] words = line.split(" ", -1);
            chunks.writeBytes(in.readNBytes(Integer.parseInt(words[1])));
            byte[] message = chunks.toByteArray();
            if (rcptTo.isEmpty()) {
                return send("503 5.5.1 RCPT first");
            }
            chunks.reset();
            return end(message);
        }

        private boolean end(byte[] message) throws IOException {
            String reply = reply("END", "", "250 2.0.0 Queued");
            if (reply.startsWith("2") && !rcptTo.isEmpty()) {
                mails.add(new Taken(mailFrom, rcptTo, message, encrypted));
            }
            reset();
            return send(reply);
        }

        private void reset() {
            mailFrom = null;
            rcptTo.clear();
            chunks.reset();
        }

        /** What stands before the line of a dot, without the dots that were put there; null when the peer has gone. */
        private byte[] readDotStuffed() throws IOException {
            ByteArrayOutputStream message = new ByteArrayOutputStream();
            long count = 0;
            int before = '\n';
            int beforeThat = '\r';
            while (true) {
                int next = in.read();
                if (next < 0) {
                    return null;
                }
                if (next == '.' && before == '\n' && beforeThat == '\r') {
                    next = in.read();
                    if (next == '\r') {
                        return in.read() == '\n' ? (counting ? longBytes(count) : message.toByteArray()) : null;
                    }
                }
                count++;
                if (!counting) {
                    message.write(next);
                }
                beforeThat = before;
                before = next;
            }
        }

        private byte[] longBytes(long count) {
            return Long.toString(count).getBytes(StandardCharsets.US_ASCII);
        }

        private boolean answer(String verb, String line, String honest) throws IOException {
            return send(reply(verb, line, honest));
        }

        private String reply(String verb, String line, String honest) {
            Function<String, String> answer = answers.get(verb);
            String told = answer == null ? null : answer.apply(line);
            return told == null ? honest : told;
        }

        private boolean send(String reply) throws IOException {
            if (reply.equals(DROP)) {
                return false;
            }
            if (reply.equals(STALL)) {
                // Until the other side, or the test, has had enough.
                while (in.read() >= 0) {}
                return false;
            }
            out.write((reply + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            return true;
        }

        private String readLine() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int next = in.read(); next >= 0; next = in.read()) {
                if (next == '\n') {
                    return line.toString(StandardCharsets.UTF_8).trim();
                }
                line.write(next);
            }
            return null;
        }
    }
}
