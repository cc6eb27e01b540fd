/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;

/**
 * A mail server that takes every mail, save where it is told to go wrong. It remembers what it took, and every byte that
 * it got in clear text.
 *
 * <pre>{@code
 * SmtpPeer peer = SmtpPeer.named("mx.partner.example")
 *         .offering(certificate)
 *         .at(Phase.RCPT).naming("bob@").once().says("450 4.2.1 Try again")
 *         .at(Phase.MESSAGE).once().takesAndDrops()
 *         .start(address);
 * }</pre>
 *
 * The first rule that fits counts. While it runs, {@link #answers} and {@link #offers} tell it what to do from then on.
 * Without any of it it is an honest server with PIPELINING, 8BITMIME, CHUNKING and SIZE, and with
 * STARTTLS if it has a certificate.
 */
public final class SmtpPeer implements AutoCloseable {
    /** In the place of an answer of {@link #answers}: the connection is closed. */
    public static final String DROP = "\0drop";

    /** In the place of an answer of {@link #answers}: nothing, until the client leaves. */
    public static final String STALL = "\0stall";

    /** What a server says that is none of mail. */
    private static final String GARBAGE = "\u0016\u0003\u00ff HTTP/1.1 400 Bad\r\n\u0000\u0001\u0002\r\n";

    private final Script script;
    private final ServerSocket listener;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final List<TakenMail> mails = new CopyOnWriteArrayList<>();
    private final List<String> commands = new CopyOnWriteArrayList<>();
    private final List<ClearText> clearTexts = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger handshakes = new AtomicInteger();

    private SmtpPeer(Script script, ServerSocket listener) {
        this.script = script;
        this.listener = listener;
    }

    /** An honest server without TLS; what else it is to be is told next. */
    public static Builder named(String name) {
        return new Builder(name);
    }

    /** An honest server without TLS that takes messages with DATA alone. */
    public static Builder withoutChunking() {
        return named("peer.example").extensions("PIPELINING", "8BITMIME", "SIZE 100000000", "DSN");
    }

    /** Starts a server as {@link #withoutChunking()} has it, on a free port of 127.0.0.1. */
    public static SmtpPeer start() throws IOException {
        return withoutChunking().start();
    }

    /**
     * From now on it answers so, and goes on without having done what was asked.
     *
     * @param verb of SMTP; {@code CONNECT} stands for the greeting, {@code END} for the end of a message in either form
     * @param answer of a command line, {@link #DROP}, {@link #STALL}, or null, which leaves the answer to what else it was
     *     told
     */
    public SmtpPeer answers(String verb, UnaryOperator<String> answer) {
        script.answers().put(verb, answer);
        return this;
    }

    /** From now on it always answers so; see {@link #answers(String, UnaryOperator)}. */
    public SmtpPeer answers(String verb, String answer) {
        return answers(verb, command -> answer);
    }

    /** What its EHLO offers from now on, besides STARTTLS. */
    public SmtpPeer offers(String... keywords) {
        script.extensions().set(List.of(keywords));
        return this;
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort());
    }

    /** What it has taken, the oldest first: mail whose 250 the client may have missed is among it. */
    public List<TakenMail> mails() {
        return List.copyOf(mails);
    }

    /** All command lines of all connections. */
    public List<String> commands() {
        return List.copyOf(commands);
    }

    /** What it got in clear text, in ISO 8859-1, a text a connection; what follows STARTTLS under TLS is not in it. */
    public List<String> clearTexts() {
        return clearTexts.stream().map(ClearText::text).toList();
    }

    /** How many connections there were. */
    public int connections() {
        return connections.get();
    }

    /** How many handshakes were completed. */
    public int handshakes() {
        return handshakes.get();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                open.add(client);
                connections.incrementAndGet();
                Daemons.start(script.name() + ", one connection", () -> serve(client));
            } catch (IOException closed) {
                // The loop ends.
            }
        }
    }

    private void serve(Socket client) {
        ClearText clearText = new ClearText();
        clearTexts.add(clearText);
        try (client) {
            client.setTcpNoDelay(true);
            new SmtpPeerSession(client, script, clearText, mails::add, commands::add, handshakes::incrementAndGet)
                    .run();
        } catch (IOException left) {
            // The client is gone, or wants no such handshake; what it did before is what counts.
            return;
        } finally {
            open.remove(client);
        }
    }

    /** Stops listening and cuts the connections. What it remembers stays. */
    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket client : open) {
            client.close();
        }
    }

    /** What a peer is to do. */
    record Script(
            String name,
            SSLContext tls,
            AtomicReference<List<String>> extensions,
            List<Rule> rules,
            Map<String, UnaryOperator<String>> answers,
            boolean runsChunks) {
        /**
         * What goes wrong now, if anything does.
         *
         * @param verb as {@link SmtpPeer#answers(String, UnaryOperator)} names it
         */
        Fault fault(Phase phase, String verb, String line) {
            String answer = answers.getOrDefault(verb, command -> null).apply(line);
            if (answer != null) {
                return switch (answer) {
                    case DROP -> new Fault("", Fault.Then.CLOSE);
                    case STALL -> new Fault("", Fault.Then.STALL);
                    default -> new Fault(answer + "\r\n", Fault.Then.GO_ON);
                };
            }
            for (Rule rule : rules) {
                if (rule.applies(phase, line)) {
                    return rule.fault;
                }
            }
            return null;
        }
    }

    /** What goes wrong, when, and how often. */
    private static final class Rule {
        private final Phase phase;
        private final String part;
        private final AtomicInteger left;
        private final Fault fault;

        Rule(Phase phase, String part, int times, Fault fault) {
            this.phase = phase;
            this.part = part;
            this.left = new AtomicInteger(times);
            this.fault = fault;
        }

        boolean applies(Phase now, String line) {
            return phase == now && line.contains(part) && left.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
        }
    }

    /** Tells a peer what to be. */
    public static final class Builder {
        private final String name;
        private final List<Rule> rules = new ArrayList<>();
        private List<String> extensions = List.of("PIPELINING", "8BITMIME", "CHUNKING", "SIZE 100000000");
        private SSLContext tls;
        private boolean runsChunks;

        private Builder(String name) {
            this.name = Objects.requireNonNull(name);
        }

        /** It offers STARTTLS with this certificate, for TLS 1.2 and 1.3. */
        public Builder offering(ServerCertificate certificate) {
            this.tls = certificate.context();
            return this;
        }

        /** What its EHLO offers besides STARTTLS. */
        public Builder extensions(String... keywords) {
            this.extensions = List.of(keywords);
            return this;
        }

        /** A chunk that it refuses it takes for commands. */
        public Builder runningRefusedChunks() {
            this.runsChunks = true;
            return this;
        }

        /** At this point something goes wrong. */
        public Trouble at(Phase phase) {
            return new Trouble(this, phase);
        }

        /** Listens on a free port of 127.0.0.1, and serves until it is closed. */
        public SmtpPeer start() throws IOException {
            return start(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0));
        }

        /**
         * Listens and serves until it is closed.
         *
         * @param address port 0 takes a free one
         * @throws IOException if the port is taken
         */
        public SmtpPeer start(InetSocketAddress address) throws IOException {
            SmtpPeer peer = new SmtpPeer(
                    new Script(
                            name,
                            tls,
                            new AtomicReference<>(extensions),
                            List.copyOf(rules),
                            new ConcurrentHashMap<>(),
                            runsChunks),
                    new ServerSocket(address.getPort(), 200, address.getAddress()));
            Daemons.start(name, peer::accept);
            return peer;
        }
    }

    /** Tells what goes wrong at a point. */
    public static final class Trouble {
        private final Builder builder;
        private final Phase phase;
        private String part = "";
        private int times = Integer.MAX_VALUE;

        private Trouble(Builder builder, Phase phase) {
            this.builder = builder;
            this.phase = phase;
        }

        /** Only where the client's line has this in it. */
        public Trouble naming(String text) {
            this.part = text;
            return this;
        }

        /** Only the first time. */
        public Trouble once() {
            return times(1);
        }

        /** Only so many times. */
        public Trouble times(int count) {
            this.times = count;
            return this;
        }

        /** It answers this, and goes on without having done what was asked. */
        public Builder says(String reply) {
            return does(reply + "\r\n", Fault.Then.GO_ON);
        }

        /** It answers this and closes the connection. */
        public Builder saysAndCloses(String reply) {
            return does(reply + "\r\n", Fault.Then.CLOSE);
        }

        /** It answers this and never speaks again; at STARTTLS, the handshake doesn't come. */
        public Builder saysAndStalls(String reply) {
            return does(reply + "\r\n", Fault.Then.STALL);
        }

        /** It closes the connection. */
        public Builder drops() {
            return does("", Fault.Then.CLOSE);
        }

        /** It never answers. */
        public Builder stalls() {
            return does("", Fault.Then.STALL);
        }

        /** It reads no more, so that the client's words soon don't get away; nor does it speak, or leave. */
        public Builder listensNoMore() {
            return does("", Fault.Then.DEAF);
        }

        /** It says something that is none of SMTP, and goes on. */
        public Builder talksGarbage() {
            return does(GARBAGE, Fault.Then.GO_ON);
        }

        /** It takes the message and closes the connection instead of saying so. */
        public Builder takesAndDrops() {
            return does("", Fault.Then.TAKE_AND_CLOSE);
        }

        /**
         * At STARTTLS: somebody on the way puts more words behind the answer, in clear text, before the handshake (as in
         * CVE-2021-23993 and its like).
         *
         * @param words lines, with CRLF
         */
        public Builder injects(String words) {
            return does("220 2.0.0 Go ahead\r\n" + words, Fault.Then.HANDSHAKE);
        }

        /** At STARTTLS: it knows no TLS newer than 1.0. */
        public Builder speaksOldTls() {
            return does("220 2.0.0 Go ahead\r\n", Fault.Then.OLD_HANDSHAKE);
        }

        private Builder does(String says, Fault.Then then) {
            builder.rules.add(new Rule(phase, part, times, new Fault(says, then)));
            return builder;
        }
    }
}
