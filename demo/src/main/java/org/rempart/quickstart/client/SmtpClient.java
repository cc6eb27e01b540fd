/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart.client;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLSession;

/**
 * An SMTP client that does what it is told, sensible or not: every command goes out as given, every reply comes back as
 * it is. Methods throw {@link IOException} when the connection ends, when the server is silent for 60 seconds, or when
 * what it says is no SMTP reply; a refusal is a reply, not an exception. Not thread-safe.
 *
 * <pre>{@code
 * try (SmtpClient client = SmtpClient.connect(address)) {
 *     client.command("EHLO client.example");
 *     client.startTls(tls);
 *     client.command("EHLO client.example");
 *     client.authPlain("bob@example.com", password);
 *     client.send("bob@example.com", List.of("alice@example.org"), message);
 * }
 * }</pre>
 */
public final class SmtpClient implements Closeable {
    private final Connection connection;
    private SmtpReply greeting;

    private SmtpClient(Connection connection) {
        this.connection = connection;
    }

    /** Connects in clear text and reads the greeting. */
    public static SmtpClient connect(InetSocketAddress address) throws IOException {
        return open(address, null);
    }

    /** Connects with TLS from the first byte (RFC 8314, section 3.3) and reads the greeting. */
    public static SmtpClient connectTls(InetSocketAddress address, TlsClient tls) throws IOException {
        return open(address, tls);
    }

    /** Connects in clear text without waiting for the greeting: {@link #read()} reads it. */
    public static SmtpClient connectWithoutGreeting(InetSocketAddress address) throws IOException {
        return new SmtpClient(Connection.open(address));
    }

    /** Connects from one of this machine's addresses, with TLS from the first byte, and reads the greeting. */
    public static SmtpClient connectTls(InetAddress from, InetSocketAddress address, TlsClient tls) throws IOException {
        return greeted(new SmtpClient(Connection.open(from, address)), tls);
    }

    private static SmtpClient open(InetSocketAddress address, TlsClient tlsOrNull) throws IOException {
        return greeted(connectWithoutGreeting(address), tlsOrNull);
    }

    private static SmtpClient greeted(SmtpClient client, TlsClient tlsOrNull) throws IOException {
        try {
            if (tlsOrNull != null) {
                client.connection.turnToTls(tlsOrNull);
            }
            client.greeting = client.read();
            return client;
        } catch (IOException e) {
            client.close();
            throw e;
        }
    }

    /**
     * The first reply of the server.
     *
     * @throws IllegalStateException if the client was made not to read it
     */
    public SmtpReply greeting() {
        if (greeting == null) {
            throw new IllegalStateException("This client was connected without reading the greeting.");
        }
        return greeting;
    }

    /** Sends a line, to which CRLF is added, and reads the reply. */
    public SmtpReply command(String line) throws IOException {
        connection.writeLine(line);
        return read();
    }

    /** Sends bytes as they are; nothing is read. */
    public void write(byte[] bytes) throws IOException {
        connection.write(bytes);
    }

    /** Sends characters as they are, each as one byte (ISO 8859-1); nothing is read. */
    public void write(String text) throws IOException {
        connection.write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Reads the next reply. */
    public SmtpReply read() throws IOException {
        List<String> lines = new ArrayList<>();
        while (true) {
            String line = connection.readLine();
            if (!line.matches("[2-5][0-9][0-9]([ -].*)?")) {
                throw new IOException("Not an SMTP reply: " + line);
            }
            lines.add(line.length() > 4 ? line.substring(4) : "");
            if (line.length() == 3 || line.charAt(3) == ' ') {
                return new SmtpReply(Integer.parseInt(line.substring(0, 3)), lines);
            }
        }
    }

    /**
     * Says STARTTLS (RFC 3207) and, if the server agrees, performs the handshake. The caller says EHLO again.
     *
     * @throws IOException also if the handshake fails
     */
    public SmtpReply startTls(TlsClient tls) throws IOException {
        SmtpReply reply = command("STARTTLS");
        if (reply.positive()) {
            connection.turnToTls(tls);
        }
        return reply;
    }

    /** The TLS session, absent in clear text. */
    public Optional<SSLSession> tls() {
        return connection.tls();
    }

    /** Authenticates with AUTH PLAIN and an initial response (RFC 4954, RFC 4616). */
    public SmtpReply authPlain(String account, String password) throws IOException {
        return command("AUTH PLAIN " + base64("\0" + account + "\0" + password));
    }

    /** Authenticates with AUTH LOGIN; a refusal on the way is the answer. */
    public SmtpReply authLogin(String account, String password) throws IOException {
        SmtpReply reply = command("AUTH LOGIN");
        if (reply.code() == 334) {
            reply = command(base64(account));
        }
        if (reply.code() == 334) {
            reply = command(base64(password));
        }
        return reply;
    }

    /**
     * One transaction: MAIL, RCPT for each recipient, DATA. It ends at the first refusal, which is the answer; then RSET
     * leaves the connection usable.
     *
     * @param from the envelope sender, empty for the null sender
     * @param message the message with CRLF line ends; it is dot-stuffed here
     */
    public SmtpReply send(String from, List<String> recipients, byte[] message) throws IOException {
        SmtpReply reply = command("MAIL FROM:<" + from + ">");
        for (String recipient : recipients) {
            if (reply.positive()) {
                reply = command("RCPT TO:<" + recipient + ">");
            }
        }
        if (reply.positive()) {
            reply = data(message);
        }
        if (!reply.positive()) {
            command("RSET");
        }
        return reply;
    }

    /**
     * Says DATA and, if the server agrees, sends the message dot-stuffed (RFC 5321, section 4.5.2).
     *
     * @param message the message; CRLF is added when it does not end in it
     */
    public SmtpReply data(byte[] message) throws IOException {
        SmtpReply reply = command("DATA");
        if (reply.code() != 354) {
            return reply;
        }
        connection.write(dotStuffed(message));
        return read();
    }

    /** What the server answers to a ClientHello of the given version; the connection is of no use afterwards. */
    public TlsProbe.Answer probeTls(TlsProbe.Version version) throws IOException {
        return TlsProbe.probe(connection.socket(), version);
    }

    /** The socket, for what the methods here do not cover. */
    public Socket socket() {
        return connection.socket();
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }

    static byte[] dotStuffed(byte[] message) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(message.length + 64);
        boolean lineStart = true;
        int previous = 0;
        for (byte b : message) {
            if (lineStart && b == '.') {
                out.write('.');
            }
            out.write(b);
            lineStart = b == '\n' && previous == '\r';
            previous = b;
        }
        if (!lineStart) {
            out.writeBytes(new byte[] {'\r', '\n'});
        }
        out.writeBytes(new byte[] {'.', '\r', '\n'});
        return out.toByteArray();
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
