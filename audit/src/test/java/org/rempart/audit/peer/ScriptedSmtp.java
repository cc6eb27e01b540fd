/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.peer;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** A mail server for example.com that is right in all, but for the faults that it is told to have. */
public final class ScriptedSmtp implements AutoCloseable {
    /** What can be wrong with it. */
    public enum Fault {
        ACCEPTS_ALL,
        CATCH_ALL,
        PERCENT_HACK,
        RELAYS_FOR_OWN_SENDERS,
        RELAYS_AFTER_FAILED_LOGIN,
        AUTH_CLEAR_ANNOUNCED,
        AUTH_CLEAR_HIDDEN,
        AUTH_CLEAR_ONE_LINE,
        AUTH_ON_MX,
        OPEN_SUBMISSION,
        INJECTION,
        STATE_KEPT,
        ANNOUNCES_STARTTLS_UNDER_TLS,
        WITHDRAWS_STARTTLS,
        NO_STARTTLS,
        TELLS_USERS,
        NAMES_ABSENT_USERS,
        PRODUCT,
        INNER_NAME,
        BARE_NAME,
        STACK_TRACE,
        BARE_LF_ENDS_MESSAGE,
        BARE_LF_ENDS_COMMAND,
        BARE_CR_ENDS_COMMAND,
        RATE_LIMIT,
        HANGS_UP_AFTER_THREE,
        ENDLESS_GREETING,
        ENDLESS_EHLO,
        TARPIT,
        HALF_OPEN_TLS,
        TERMINAL_ESCAPES,
        NO_IDENTITY,
        ACCOUNT_IS_POSTMASTER,
        LISTED_SENDERS,
        LOGIN_DELAYED,
        FROM_NOT_LOOKED_AT,
        GREYLISTS,
        BLAMES_THE_DOMAIN,
        CRAM_MD5,
        FEW_AT_ONCE,
        EHLO_ONCE,
        TLS_FAILS
    }

    private static final String OURS = "example.com";

    private final ServerSocket listener;
    private final boolean submission;
    private final boolean direct;
    private final SSLContext tls;
    private final Set<Fault> faults;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "scripted");
        thread.setDaemon(true);
        return thread;
    });
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final Map<String, Long> delayed = new ConcurrentHashMap<>();

    private ScriptedSmtp(ServerSocket listener, boolean submission, boolean direct, SSLContext tls, Set<Fault> faults) {
        this.listener = listener;
        this.submission = submission;
        this.direct = direct;
        this.tls = tls;
        this.faults = faults;
    }

    /** Listens on a free port of loopback. */
    public static ScriptedSmtp start(boolean submission, boolean direct, SSLContext tls, Fault... faults)
            throws IOException {
        ServerSocket listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        Set<Fault> set = EnumSet.noneOf(Fault.class);
        set.addAll(List.of(faults));
        ScriptedSmtp server = new ScriptedSmtp(listener, submission, direct, tls, set);
        server.threads.execute(server::accept);
        return server;
    }

    public int port() {
        return listener.getLocalPort();
    }

    public int connections() {
        return connections.get();
    }

    /** All lines that clients sent. */
    public List<String> heard() {
        return heard;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                connections.incrementAndGet();
                threads.execute(() -> serve(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        open.incrementAndGet();
        try (socket) {
            socket.setSoTimeout(20_000);
            socket.setTcpNoDelay(true);
            new Session(socket).run();
        } catch (IOException e) {
            // The client went.
        } finally {
            open.decrementAndGet();
        }
    }

    private boolean has(Fault fault) {
        return faults.contains(fault);
    }

    @Override
    public void close() throws IOException {
        listener.close();
        threads.shutdownNow();
    }

    private final class Session {
        private Socket socket;
        private InputStream in;
        private OutputStream out;
        private final StringBuilder kept = new StringBuilder();
        private boolean secure;
        private Optional<String> user = Optional.empty();
        private boolean failed;
        private String sender;
        private int recipients;
        private int commands;
        private int greetings;

        Session(Socket socket) throws IOException {
            this.socket = socket;
            if (direct) {
                secure();
            } else {
                in = socket.getInputStream();
                out = socket.getOutputStream();
            }
        }

        private void secure() throws IOException {
            greetings = 0;
            if (has(Fault.TLS_FAILS)) {
                throw new IOException("no handshake");
            }
            if (has(Fault.HALF_OPEN_TLS)) {
                try {
                    Thread.sleep(30_000);
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
            SSLSocket layered = (SSLSocket) tls.getSocketFactory().createSocket(socket, null, socket.getPort(), true);
            layered.setUseClientMode(false);
            layered.setEnabledProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
            layered.setEnabledCipherSuites(
                    new String[] {"TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"});
            layered.startHandshake();
            socket = layered;
            in = layered.getInputStream();
            out = layered.getOutputStream();
            secure = true;
        }

        private void say(String text) throws IOException {
            byte[] bytes = (text + "\r\n").getBytes(StandardCharsets.UTF_8);
            if (has(Fault.TARPIT)) {
                for (byte b : bytes) {
                    out.write(b);
                    out.flush();
                    try {
                        Thread.sleep(400);
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                }
            } else {
                out.write(bytes);
                out.flush();
            }
        }

        private int next() throws IOException {
            if (kept.length() > 0) {
                int c = kept.charAt(0);
                kept.deleteCharAt(0);
                return c;
            }
            return in.read();
        }

        /** A line that ends with CRLF, or as the faults have it. Null at the end. */
        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            while (line.length() < 100_000) {
                int c = next();
                if (c < 0) {
                    return null;
                }
                boolean crlf = c == '\n' && line.length() > 0 && line.charAt(line.length() - 1) == '\r';
                if (crlf || (c == '\n' && has(Fault.BARE_LF_ENDS_COMMAND))) {
                    String text = crlf ? line.substring(0, line.length() - 1) : line.toString();
                    heard.add(text);
                    return text;
                }
                if (c == '\r' && has(Fault.BARE_CR_ENDS_COMMAND)) {
                    int after = next();
                    if (after != '\n') {
                        kept.insert(0, (char) after);
                    }
                    heard.add(line.toString());
                    return line.toString();
                }
                line.append((char) c);
            }
            return null;
        }

        private void run() throws IOException {
            if (has(Fault.FEW_AT_ONCE) && open.get() > 3) {
                say("421 Too many concurrent SMTP connections; please try again later.");
                return;
            }
            if (has(Fault.ENDLESS_GREETING)) {
                while (true) {
                    say("220-and so on and so on and so on");
                }
            }
            say("220 localhost " + (has(Fault.PRODUCT) ? "ESMTP Postfix 3.4.5" : "ESMTP")
                    + (has(Fault.TERMINAL_ESCAPES)
                            ? " \u001b[2J\u001b[31mall well\u0007 <script>alert(1)</script>"
                            : ""));
            for (String line = line(); line != null; line = line()) {
                commands++;
                if (has(Fault.HANGS_UP_AFTER_THREE) && commands > 3) {
                    say("421 4.7.0 enough");
                    return;
                }
                String upper = line.toUpperCase(Locale.ROOT);
                if (has(Fault.RATE_LIMIT) && upper.startsWith("RCPT")) {
                    say("450 4.7.1 rate limit exceeded, try again later");
                    continue;
                }
                if (!command(line, upper)) {
                    return;
                }
            }
        }

        private boolean command(String line, String upper) throws IOException {
            String verb = upper.split(" ", 2)[0];
            switch (verb) {
                case "EHLO" -> ehlo();
                case "STARTTLS" -> {
                    return startTls();
                }
                case "AUTH" -> auth(line);
                case "MAIL" -> mail(line, upper);
                case "RCPT" -> rcpt(line);
                case "DATA" -> {
                    return data();
                }
                case "RSET" -> {
                    sender = null;
                    recipients = 0;
                    say("250 2.0.0 ok");
                }
                case "NOOP" -> say("250 2.0.0 ok");
                case "VRFY" ->
                    say(
                            has(Fault.TELLS_USERS)
                                    ? upper.contains("POSTMASTER") || upper.contains("ALICE")
                                            ? "250 there"
                                            : "550 not there"
                                    : "252 2.1.5 send some mail");
                case "QUIT" -> {
                    say("221 2.0.0 bye");
                    return false;
                }
                default ->
                    say(
                            has(Fault.STACK_TRACE)
                                    ? "500 java.lang.IllegalStateException at /opt/mail/lib"
                                    : "500 5.5.1 not known");
            }
            return true;
        }

        private void ehlo() throws IOException {
            greetings++;
            sender = null;
            if (has(Fault.EHLO_ONCE) && greetings > 1) {
                say("503 5.5.1 Invalid command: Already identified");
                return;
            }
            List<String> words = new ArrayList<>(List.of(
                    has(Fault.INNER_NAME)
                            ? "mx1.corp.internal [10.1.2.3]"
                            : has(Fault.BARE_NAME) ? "vm Hello" : "localhost",
                    "PIPELINING",
                    "8BITMIME"));
            if (has(Fault.ENDLESS_EHLO)) {
                for (int i = 0; i < 100_000; i++) {
                    say("250-X" + i);
                }
            }
            boolean starttls = tls != null
                    && !direct
                    && !has(Fault.NO_STARTTLS)
                    && (!secure || has(Fault.ANNOUNCES_STARTTLS_UNDER_TLS));
            if (starttls && !(has(Fault.WITHDRAWS_STARTTLS) && greetings > 1)) {
                words.add("STARTTLS");
            }
            if ((secure && (submission || has(Fault.AUTH_ON_MX))) || has(Fault.AUTH_CLEAR_ANNOUNCED)) {
                words.add(has(Fault.CRAM_MD5) ? "AUTH PLAIN CRAM-MD5" : "AUTH PLAIN");
            }
            StringBuilder answer = new StringBuilder();
            for (int i = 0; i < words.size(); i++) {
                answer.append(i == 0 ? "" : "\r\n")
                        .append(i == words.size() - 1 ? "250 " : "250-")
                        .append(words.get(i));
            }
            say(answer.toString());
        }

        private boolean startTls() throws IOException {
            if (secure || tls == null || has(Fault.NO_STARTTLS)) {
                say("502 5.5.1 not here");
                return true;
            }
            int waiting = has(Fault.INJECTION) ? in.available() : 0;
            byte[] before = in.readNBytes(waiting);
            say("220 2.0.0 go on");
            secure();
            if (has(Fault.INJECTION)) {
                kept.append(new String(before, StandardCharsets.ISO_8859_1));
            }
            if (!has(Fault.STATE_KEPT)) {
                sender = null;
            }
            return true;
        }

        private void auth(String line) throws IOException {
            boolean hidden = has(Fault.AUTH_CLEAR_ANNOUNCED)
                    || has(Fault.AUTH_CLEAR_HIDDEN)
                    || (has(Fault.AUTH_CLEAR_ONE_LINE) && line.split(" ", -1).length > 2);
            if (!secure && !hidden) {
                say(has(Fault.AUTH_CLEAR_ONE_LINE) ? "501 5.5.4 syntax" : "538 5.7.11 encryption required");
                return;
            }
            if (!submission && !has(Fault.AUTH_ON_MX) && secure) {
                say("502 5.5.1 not here");
                return;
            }
            String[] words = line.split(" ", -1);
            String response = words.length > 2 ? words[2] : null;
            if (response == null) {
                say("334 ");
                response = line();
            }
            if (response == null || response.equals("*")) {
                say("501 5.7.0 given up");
                return;
            }
            String[] parts = new String(Base64.getDecoder().decode(response), StandardCharsets.UTF_8).split("\0", -1);
            if (has(Fault.LOGIN_DELAYED)
                    && parts.length > 1
                    && System.nanoTime() < delayed.getOrDefault(parts[1], 0L)) {
                say("454 4.7.0 later");
            } else if (parts.length == 3
                    && parts[1].equals("alice@example.com")
                    && parts[2].equals("secret of alice")) {
                user = Optional.of(parts[1]);
                say("235 2.7.0 welcome");
            } else {
                failed = true;
                delayed.put(parts[1], System.nanoTime() + 1_000_000_000L);
                say(
                        has(Fault.NAMES_ABSENT_USERS) && !parts[1].startsWith("alice")
                                ? "535 5.7.8 no such user"
                                : "535 5.7.8 wrong");
            }
        }

        private void mail(String line, String upper) throws IOException {
            if (submission
                    && user.isEmpty()
                    && !has(Fault.OPEN_SUBMISSION)
                    && !(failed && has(Fault.RELAYS_AFTER_FAILED_LOGIN))) {
                say("530 5.7.0 log in first");
                return;
            }
            String address = line.substring(Math.min(line.length(), 10))
                    .replaceAll("[<>]", "")
                    .split(" ", 2)[0];
            if (user.isPresent() && !has(Fault.NO_IDENTITY) && !mayUse(address)) {
                say("553 5.7.1 not yours");
                return;
            }
            if (upper.contains("SIZE=X")) {
                say("501 5.5.4 no size");
                return;
            }
            sender = address;
            recipients = 0;
            say("250 2.1.0 ok");
        }

        private boolean mayUse(String address) {
            return address.equals(user.orElseThrow())
                    || (has(Fault.ACCOUNT_IS_POSTMASTER) && address.equals("postmaster@" + OURS))
                    || (has(Fault.LISTED_SENDERS)
                            && Set.of("postmaster@" + OURS, "bob@" + OURS).contains(address));
        }

        private void rcpt(String line) throws IOException {
            if (sender == null) {
                say("503 5.5.1 MAIL first");
                return;
            }
            String path = line.length() > 9 ? line.substring(9).replaceAll("^<|>$", "") : "";
            boolean local = path.equalsIgnoreCase("postmaster")
                    || path.equals("alice@" + OURS)
                    || path.equals("postmaster@" + OURS)
                    || (has(Fault.CATCH_ALL) && path.matches(".*@" + OURS));
            boolean relay = has(Fault.ACCEPTS_ALL)
                    || user.isPresent()
                    || (has(Fault.PERCENT_HACK) && path.matches("[^\"@]*%[^@]*@" + OURS))
                    || (has(Fault.RELAYS_FOR_OWN_SENDERS) && sender.endsWith("@" + OURS))
                    || (has(Fault.RELAYS_AFTER_FAILED_LOGIN) && failed);
            if (local || relay) {
                recipients++;
                say("250 2.1.5 ok");
            } else if (has(Fault.GREYLISTS)) {
                say("451 4.7.1 greylisted, come back in five minutes");
            } else if (has(Fault.BLAMES_THE_DOMAIN) && path.endsWith("@partner.example")) {
                say("556 5.1.10 recipient domain does not accept mail (nullMX)");
            } else {
                say(path.endsWith("@" + OURS) ? "550 5.1.1 no such user" : "550 5.7.1 relaying denied");
            }
        }

        private boolean data() throws IOException {
            if (sender == null || recipients == 0) {
                say("503 5.5.1 RCPT first");
                return true;
            }
            say("354 go on");
            StringBuilder message = new StringBuilder();
            String end = "\r\n.\r\n";
            while (true) {
                int c = next();
                if (c < 0) {
                    return false;
                }
                message.append((char) c);
                int length = message.length();
                boolean whole = length >= 5 && message.substring(length - 5).equals(end);
                boolean bare = has(Fault.BARE_LF_ENDS_MESSAGE)
                        && length >= 3
                        && message.substring(length - 3).equals("\n.\n");
                if (whole || bare) {
                    break;
                }
            }
            String header = message.toString().split("\r\n\r\n", 2)[0];
            long from = header.lines()
                    .filter(field -> field.toLowerCase(Locale.ROOT).matches("from\\s*:.*"))
                    .count();
            boolean own = user.isEmpty()
                    || has(Fault.FROM_NOT_LOOKED_AT)
                    || (from == 1
                            && header.lines()
                                    .anyMatch(field -> field.matches("From: <[^<>]*>")
                                            && mayUse(field.substring(7, field.length() - 1)))
                            && header.lines().noneMatch(field -> field.startsWith("Sender:")));
            say(own ? "250 2.0.0 taken" : "550 5.7.1 not your From");
            sender = null;
            return true;
        }
    }
}
