/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart.sink;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** One connection to a sink, from the greeting to QUIT. */
final class SinkSession {
    /** Where complete mails go. The client gets its 250 when this returns. */
    interface Store {
        SinkMail store(SinkMail.Draft draft, byte[] message) throws IOException;
    }

    /** RFC 5321 asks for 512 octets, extensions for more; RFC 4954 for 12288 with AUTH, which is not offered. */
    private static final int MAX_COMMAND = 8192;

    /** A path in angle brackets, in which a quoted local part may hold any character, and the parameters after it. */
    private static final Pattern PATH =
            Pattern.compile("\\s*<((?:\"(?:[^\"\\\\]|\\\\.)*\"|[^\">])*)>((?:\\s+\\S+)*)\\s*");

    private final String name;
    private final Optional<SSLContext> context;
    private final Store store;
    private final String client;

    private Socket socket;
    private InputStream in;
    private OutputStream out;
    private Optional<SinkMail.Tls> tls = Optional.empty();

    private String helo;
    private String mailFrom;
    private List<String> mailParameters = List.of();
    private final List<String> rcptTo = new ArrayList<>();
    private final List<List<String>> rcptParameters = new ArrayList<>();

    SinkSession(Socket socket, String name, Optional<SSLContext> context, Store store) throws IOException {
        this.name = name;
        this.context = context;
        this.store = store;
        InetSocketAddress peer = (InetSocketAddress) socket.getRemoteSocketAddress();
        this.client = peer.getAddress().getHostAddress() + ":" + peer.getPort();
        use(socket);
    }

    void run() throws IOException {
        reply("220 " + name + " ESMTP");
        while (true) {
            String line = readCommand();
            if (line == null) {
                return;
            }
            int space = line.indexOf(' ');
            String verb = (space < 0 ? line : line.substring(0, space)).toUpperCase(Locale.ROOT);
            String rest = space < 0 ? "" : line.substring(space + 1);
            switch (verb) {
                case "EHLO", "HELO" -> hello(verb, rest.trim());
                case "STARTTLS" -> {
                    if (!startTls()) {
                        return;
                    }
                }
                case "MAIL" -> mail(rest);
                case "RCPT" -> rcpt(rest);
                case "DATA" -> {
                    if (!data()) {
                        return;
                    }
                }
                case "RSET" -> {
                    forgetMail();
                    reply("250 2.0.0 Reset");
                }
                case "NOOP" -> reply("250 2.0.0 Here");
                case "VRFY" -> reply("252 2.5.2 Send some mail and see");
                case "QUIT" -> {
                    reply("221 2.0.0 Bye");
                    return;
                }
                default -> reply("500 5.5.2 Unknown command");
            }
        }
    }

    private void hello(String verb, String clientName) throws IOException {
        if (clientName.isEmpty()) {
            reply("501 5.5.4 Your name is missing");
            return;
        }
        helo = clientName;
        forgetMail();
        if (verb.equals("HELO")) {
            reply("250 " + name);
            return;
        }
        List<String> lines = new ArrayList<>(List.of(name, "PIPELINING", "8BITMIME", "SIZE " + Sink.MAX_SIZE));
        if (context.isPresent() && tls.isEmpty()) {
            lines.add("STARTTLS");
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < lines.size(); i++) {
            text.append(i == lines.size() - 1 ? "250 " : "250-").append(lines.get(i));
            if (i < lines.size() - 1) {
                text.append("\r\n");
            }
        }
        reply(text.toString());
    }

    /** Returns whether the connection goes on. */
    private boolean startTls() throws IOException {
        if (context.isEmpty() || tls.isPresent()) {
            reply("503 5.5.1 No STARTTLS here");
            return true;
        }
        // What was sent before the handshake could have been put there by anybody (RFC 3207, section 4.2).
        if (in.available() > 0) {
            reply("554 5.5.1 Nothing may follow STARTTLS but the handshake");
            return false;
        }
        reply("220 2.0.0 Go ahead");
        SSLSocket secured = (SSLSocket) context.get()
                .getSocketFactory()
                .createSocket(socket, socket.getInetAddress().getHostAddress(), socket.getPort(), true);
        secured.setUseClientMode(false);
        SSLParameters parameters = secured.getSSLParameters();
        parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
        secured.setSSLParameters(parameters);
        secured.startHandshake();
        tls = Optional.of(new SinkMail.Tls(
                secured.getSession().getProtocol(), secured.getSession().getCipherSuite()));
        use(secured);
        helo = null;
        forgetMail();
        return true;
    }

    private void mail(String rest) throws IOException {
        if (helo == null) {
            reply("503 5.5.1 EHLO first");
            return;
        }
        if (mailFrom != null) {
            reply("503 5.5.1 One sender at a time");
            return;
        }
        Matcher path = path("FROM:", rest);
        if (path == null) {
            reply("501 5.5.4 MAIL FROM:<address>");
            return;
        }
        List<String> parameters = words(path.group(2));
        for (String parameter : parameters) {
            if (parameter.toUpperCase(Locale.ROOT).matches("SIZE=[0-9]{1,18}")
                    && Long.parseLong(parameter.substring("SIZE=".length())) > Sink.MAX_SIZE) {
                reply("552 5.3.4 Too big");
                return;
            }
        }
        mailFrom = path.group(1);
        mailParameters = parameters;
        reply("250 2.1.0 Sender noted");
    }

    private void rcpt(String rest) throws IOException {
        if (mailFrom == null) {
            reply("503 5.5.1 MAIL first");
            return;
        }
        Matcher path = path("TO:", rest);
        if (path == null || path.group(1).isEmpty()) {
            reply("501 5.5.4 RCPT TO:<address>");
            return;
        }
        rcptTo.add(path.group(1));
        rcptParameters.add(words(path.group(2)));
        reply("250 2.1.5 Recipient noted");
    }

    /** Returns whether the connection goes on. */
    private boolean data() throws IOException {
        if (rcptTo.isEmpty()) {
            reply("503 5.5.1 RCPT first");
            return true;
        }
        reply("354 End with a dot on a line of its own");
        MessageReader reader = new MessageReader(Sink.MAX_SIZE);
        if (!reader.readFrom(in)) {
            return false; // the client went away: what came is not a mail
        }
        if (reader.tooBig()) {
            forgetMail();
            reply("552 5.3.4 Too big");
            return true;
        }
        SinkMail.Draft draft = new SinkMail.Draft(
                mailFrom, mailParameters, List.copyOf(rcptTo), List.copyOf(rcptParameters), helo, tls, client);
        forgetMail();
        try {
            SinkMail mail = store.store(draft, reader.message());
            reply("250 2.0.0 Kept as " + mail.number());
        } catch (IOException e) {
            reply("451 4.3.0 Can't be stored");
            throw e;
        }
        return true;
    }

    private void forgetMail() {
        mailFrom = null;
        mailParameters = List.of();
        rcptTo.clear();
        rcptParameters.clear();
    }

    /** The next command, or null when the client is gone. */
    private String readCommand() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        boolean tooLong = false;
        while (true) {
            int b = in.read();
            if (b < 0) {
                return null;
            }
            if (b == '\n') {
                if (tooLong) {
                    reply("500 5.5.2 Line too long");
                    line.reset();
                    tooLong = false;
                    continue;
                }
                String text = line.toString(StandardCharsets.ISO_8859_1);
                return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
            }
            if (line.size() < MAX_COMMAND) {
                line.write(b);
            } else {
                tooLong = true;
            }
        }
    }

    private void reply(String text) throws IOException {
        out.write((text + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    private void use(Socket next) throws IOException {
        socket = next;
        in = new BufferedInputStream(next.getInputStream());
        out = next.getOutputStream();
    }

    private static Matcher path(String prefix, String rest) {
        if (!rest.regionMatches(true, 0, prefix, 0, prefix.length())) {
            return null;
        }
        Matcher matcher = PATH.matcher(rest.substring(prefix.length()));
        return matcher.matches() ? matcher : null;
    }

    private static List<String> words(String text) {
        String trimmed = text.trim();
        return trimmed.isEmpty() ? List.of() : List.of(trimmed.split("\\s+"));
    }
}
