/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * SMTP clients that send mails as fast as the server takes them. Each keeps its connection for a hundred mails and waits for
 * every answer, as most programs that send mail do.
 */
final class Load {
    private static final int TIMEOUT_MILLIS = 120_000;

    /** Servers limit what they do over one connection, and other servers, when they send, keep to less. */
    private static final int MAILS_A_CONNECTION = 100;

    /** A server that refuses more than this does not work, and each may wait for its time-out. */
    private static final int MOST_REFUSALS = 50;

    private final InetSocketAddress server;
    private final Optional<Submission> submission;
    private final List<Mail> mails;
    private final AtomicInteger next = new AtomicInteger();
    private final long[] begun;
    private final long[] acknowledged;
    private final List<String> refusals = new ArrayList<>();

    private Load(InetSocketAddress server, Optional<Submission> submission, List<Mail> mails) {
        this.server = server;
        this.submission = submission;
        this.mails = mails;
        this.begun = new long[mails.size()];
        this.acknowledged = new long[mails.size()];
    }

    /**
     * What became of a load. Times are those of {@link System#nanoTime()}.
     *
     * @param mails what was to be sent
     * @param begun when the client began with a mail, by the mail's place
     * @param acknowledged when the server answered 250 to it, 0 where it did not
     * @param refusals what the server said instead, or how the connection failed
     */
    record Sent(List<Mail> mails, long[] begun, long[] acknowledged, List<String> refusals) {
        /** Names of the mails that the server took. */
        List<String> names() {
            List<String> names = new ArrayList<>();
            for (int i = 0; i < acknowledged.length; i++) {
                if (acknowledged[i] != 0) {
                    names.add(mails.get(i).name());
                }
            }
            return names;
        }
    }

    /** Sends all mails and returns when the last one is answered. A connection that fails takes only its one mail along. */
    static Sent send(InetSocketAddress server, int connections, List<Mail> mails) throws InterruptedException {
        return send(new Load(server, Optional.empty(), mails), connections);
    }

    /** The same, by an account that logs in. */
    static Sent submit(Submission submission, int connections, List<Mail> mails) throws InterruptedException {
        return send(new Load(submission.address(), Optional.of(submission), mails), connections);
    }

    private static Sent send(Load load, int connections) throws InterruptedException {
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            clients.add(new Thread(load::sendUntilDone, "client-" + i));
        }
        clients.forEach(Thread::start);
        for (Thread client : clients) {
            client.join();
        }
        return new Sent(load.mails, load.begun, load.acknowledged, List.copyOf(load.refusals));
    }

    private void sendUntilDone() {
        while (next.get() < mails.size()) {
            try (Client client = new Client(server, submission)) {
                client.greet();
                for (int sent = 0; sent < MAILS_A_CONNECTION; sent++) {
                    int i = next.getAndIncrement();
                    if (i >= mails.size()) {
                        break;
                    }
                    begun[i] = System.nanoTime();
                    client.send(mails.get(i));
                    acknowledged[i] = System.nanoTime();
                }
                client.quit();
            } catch (IOException failed) {
                synchronized (refusals) {
                    refusals.add(failed.toString());
                    if (refusals.size() > MOST_REFUSALS) {
                        return;
                    }
                }
            }
        }
    }

    private static final class Client implements AutoCloseable {
        private final Socket socket;
        private final boolean logsIn;
        private final OutputStream out;
        private final BufferedReader in;

        Client(InetSocketAddress server, Optional<Submission> submission) throws IOException {
            Socket plain = new Socket();
            plain.setTcpNoDelay(true);
            plain.setSoTimeout(TIMEOUT_MILLIS);
            plain.connect(server, TIMEOUT_MILLIS);
            logsIn = submission.isPresent();
            socket = logsIn ? submission.get().handshake(plain) : plain;
            out = socket.getOutputStream();
            in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
        }

        void greet() throws IOException {
            expect("220");
            say("EHLO client.bench.example", "250");
            if (logsIn) {
                say(Submission.login(), "235");
            }
        }

        void send(Mail mail) throws IOException {
            say("MAIL FROM:<" + mail.sender() + ">", "250");
            say("RCPT TO:<" + mail.recipient() + ">", "250");
            say("DATA", "354");
            byte[] content = mail.content();
            byte[] ended = java.util.Arrays.copyOf(content, content.length + 3);
            ended[content.length] = '.';
            ended[content.length + 1] = '\r';
            ended[content.length + 2] = '\n';
            out.write(ended);
            expect("250");
        }

        void quit() throws IOException {
            say("QUIT", "221");
        }

        private void say(String command, String code) throws IOException {
            out.write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
            try {
                expect(code);
            } catch (IOException unexpected) {
                throw new IOException(command + ": " + unexpected.getMessage(), unexpected);
            }
        }

        private void expect(String code) throws IOException {
            String line = in.readLine();
            while (line != null && line.length() > 3 && line.charAt(3) == '-') {
                line = in.readLine();
            }
            if (line == null || !line.startsWith(code)) {
                throw new IOException(line == null ? "the server closed the connection" : line);
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
