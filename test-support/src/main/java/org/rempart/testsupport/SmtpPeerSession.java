/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLSocket;

/** One connection to a peer. */
final class SmtpPeerSession {
    /** ServerHello of TLS 1.0 (RFC 2246, section 7.4.1.3) with TLS_RSA_WITH_AES_128_CBC_SHA, up to its random bytes. */
    private static final int[] OLD_HELLO = {22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1};

    private static final int RANDOM_BYTES = 32;

    private final SmtpPeer.Script script;
    private final Consumer<TakenMail> taken;
    private final Consumer<String> heard;
    private final Runnable secured;

    private final Socket plain;
    private Socket socket;
    private InputStream in;
    private OutputStream out;
    private String protocol = "";
    private String serverName = "";

    private String sender;
    private final List<String> recipients = new ArrayList<>();
    private final ByteArrayOutputStream chunks = new ByteArrayOutputStream();
    private boolean closing;

    SmtpPeerSession(
            Socket socket,
            SmtpPeer.Script script,
            ClearText clearText,
            Consumer<TakenMail> taken,
            Consumer<String> heard,
            Runnable secured)
            throws IOException {
        this.script = script;
        this.taken = taken;
        this.heard = heard;
        this.secured = secured;
        this.plain = socket;
        this.socket = socket;
        this.in = new BufferedInputStream(clearText.of(socket.getInputStream()));
        this.out = socket.getOutputStream();
    }

    void run() throws IOException {
        if (goesWell(Phase.GREETING, "CONNECT", "")) {
            say("220 " + script.name() + " ESMTP");
        }
        while (!closing) {
            String line = readLine();
            if (line == null) {
                return;
            }
            heard.accept(line);
            String verb = verb(line);
            switch (verb) {
                case "EHLO", "HELO" -> hello(verb, line);
                case "STARTTLS" -> startTls(line);
                case "MAIL" -> mail(line);
                case "RCPT" -> rcpt(line);
                case "DATA" -> data(line);
                case "BDAT" -> chunk(line);
                case "QUIT" -> {
                    if (goesWell(Phase.OTHER, line)) {
                        say("221 2.0.0 Bye");
                    }
                    return;
                }
                default -> {
                    if (verb.equals("RSET")) {
                        forget();
                    }
                    if (goesWell(Phase.OTHER, line)) {
                        say("250 2.0.0 Yes");
                    }
                }
            }
        }
    }

    private void hello(String verb, String line) throws IOException {
        forget();
        if (!goesWell(Phase.EHLO, line)) {
            return;
        }
        List<String> lines = new ArrayList<>(List.of(script.name()));
        if (verb.equals("EHLO")) {
            lines.addAll(script.extensions().get());
            if (script.tls() != null && protocol.isEmpty()) {
                lines.add("STARTTLS");
            }
        }
        StringBuilder reply = new StringBuilder();
        for (int i = 0; i < lines.size(); i++) {
            reply.append("250").append(i == lines.size() - 1 ? ' ' : '-').append(lines.get(i));
            reply.append(i == lines.size() - 1 ? "" : "\r\n");
        }
        say(reply.toString());
    }

    private void startTls(String line) throws IOException {
        if (!goesWell(Phase.STARTTLS, line)) {
            return;
        }
        if (script.tls() == null || !protocol.isEmpty()) {
            say("503 5.5.1 No STARTTLS here");
        } else {
            say("220 2.0.0 Go ahead");
            handshake();
        }
    }

    private void handshake() throws IOException {
        SSLSocket tls = (SSLSocket) script.tls()
                .getSocketFactory()
                .createSocket(socket, socket.getInetAddress().getHostAddress(), socket.getPort(), true);
        tls.setUseClientMode(false);
        tls.setEnabledProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
        tls.startHandshake();
        ExtendedSSLSession session = (ExtendedSSLSession) tls.getSession();
        protocol = session.getProtocol();
        for (SNIServerName name : session.getRequestedServerNames()) {
            if (name instanceof SNIHostName host) {
                serverName = host.getAsciiName();
            }
        }
        socket = tls;
        in = new BufferedInputStream(tls.getInputStream());
        out = tls.getOutputStream();
        forget();
        secured.run();
    }

    /** Takes the ClientHello and answers it as an old server does, with a version and a cipher of old. */
    private void oldHandshake() throws IOException {
        byte[] head = in.readNBytes(5);
        if (head.length < 5 || in.readNBytes(((head[3] & 0xff) << 8) | (head[4] & 0xff)).length == 0) {
            return;
        }
        ByteArrayOutputStream hello = new ByteArrayOutputStream();
        for (int b : OLD_HELLO) {
            hello.write(b);
        }
        for (int i = 0; i < RANDOM_BYTES; i++) {
            hello.write(i);
        }
        // No session identifier; the cipher; no compression.
        hello.writeBytes(new byte[] {0, 0, 0x2f, 0});
        out.write(hello.toByteArray());
        out.flush();
        stall();
    }

    private void mail(String line) throws IOException {
        if (!goesWell(Phase.MAIL, line)) {
            return;
        }
        if (sender != null) {
            say("503 5.5.1 Nested MAIL");
        } else {
            sender = path(line);
            say("250 2.1.0 Sender noted");
        }
    }

    private void rcpt(String line) throws IOException {
        if (sender == null) {
            say("503 5.5.1 MAIL first");
        } else if (goesWell(Phase.RCPT, line)) {
            recipients.add(path(line));
            say("250 2.1.5 Recipient noted");
        }
    }

    private void data(String line) throws IOException {
        if (recipients.isEmpty()) {
            say("503 5.5.1 RCPT first");
        } else if (goesWell(Phase.DATA, line)) {
            say("354 End with a dot on a line of its own");
            String message = readMessage();
            if (message != null) {
                take(message);
            }
        }
    }

    private void chunk(String line) throws IOException {
        String[] words = line.split(" ", -1);
        if (recipients.isEmpty() && script.runsChunks()) {
            say("503 5.5.1 RCPT first");
            return;
        }
        int size = Integer.parseInt(words[1]);
        byte[] bytes = in.readNBytes(size);
        if (bytes.length < size) {
            closing = true;
            return;
        }
        if (recipients.isEmpty()) {
            say("503 5.5.1 RCPT first");
            return;
        }
        if (chunks.size() == 0 && !goesWell(Phase.DATA, line)) {
            return;
        }
        chunks.writeBytes(bytes);
        if (words.length > 2 && words[2].equalsIgnoreCase("LAST")) {
            take(chunks.toString(StandardCharsets.ISO_8859_1));
        } else {
            say("250 2.0.0 Go on");
        }
    }

    private void take(String message) throws IOException {
        TakenMail mail = new TakenMail(sender, recipients, message, protocol, serverName);
        forget();
        Fault fault = script.fault(Phase.MESSAGE, "END", message);
        if (fault == null) {
            taken.accept(mail);
            say("250 2.0.0 Taken");
            return;
        }
        if (fault.then() == Fault.Then.TAKE_AND_CLOSE) {
            taken.accept(mail);
        }
        go(fault);
    }

    /** Whether nothing goes wrong now; what goes wrong is done. */
    private boolean goesWell(Phase phase, String line) throws IOException {
        return goesWell(phase, verb(line), line);
    }

    private boolean goesWell(Phase phase, String verb, String line) throws IOException {
        Fault fault = script.fault(phase, verb, line);
        if (fault != null) {
            go(fault);
        }
        return fault == null;
    }

    private void go(Fault fault) throws IOException {
        out.write(fault.bytes());
        out.flush();
        switch (fault.then()) {
            case GO_ON -> {
                // The next command comes.
            }
            case CLOSE, TAKE_AND_CLOSE -> closing = true;
            case STALL -> stall();
            case DEAF -> holdOn();
            case HANDSHAKE -> handshake();
            case OLD_HANDSHAKE -> oldHandshake();
        }
    }

    /** Listens, says nothing, and ends when the client does. */
    private void stall() throws IOException {
        closing = true;
        in.transferTo(OutputStream.nullOutputStream());
    }

    /** Does nothing until the peer is closed. */
    private void holdOn() {
        closing = true;
        while (!plain.isClosed()) {
            LockSupport.parkNanos(50_000_000);
        }
    }

    private void forget() {
        sender = null;
        recipients.clear();
        chunks.reset();
    }

    private static String verb(String line) {
        return line.split("[ :]", 2)[0].toUpperCase(Locale.ROOT);
    }

    private static String path(String line) {
        int from = line.indexOf('<');
        int to = line.indexOf('>', from);
        return from < 0 || to < 0 ? "" : line.substring(from + 1, to);
    }

    /** A message up to the line with nothing but a dot; null when the client leaves before. */
    private String readMessage() throws IOException {
        StringBuilder message = new StringBuilder();
        for (String line = readLine(); line != null; line = readLine()) {
            if (line.equals(".")) {
                return message.toString();
            }
            if (!goesWell(Phase.BODY, "BODY", line)) {
                return null;
            }
            message.append(line.startsWith(".") ? line.substring(1) : line).append("\r\n");
        }
        return null;
    }

    private String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b >= 0; b = in.read()) {
            if (b == '\n') {
                String text = line.toString(StandardCharsets.ISO_8859_1);
                return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
            }
            line.write(b);
        }
        return null;
    }

    private void say(String reply) throws IOException {
        out.write((reply + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }
}
