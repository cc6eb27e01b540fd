/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import org.rempart.testsupport.RawClient;

/** One side of an SMTP conversation, byte for byte as a test writes it. */
final class SmtpClient implements AutoCloseable {
    private final RawClient client;

    private SmtpClient(RawClient client) {
        this.client = client;
    }

    static SmtpClient connect(int port) throws IOException {
        return new SmtpClient(new RawClient(server(port)));
    }

    static SmtpClient connectTls(int port) throws IOException {
        return new SmtpClient(new RawClient(server(port)).tls());
    }

    /** Connects from this loopback address, with TLS from the first byte. */
    static SmtpClient connectTls(String from, int port) throws IOException {
        return new SmtpClient(new RawClient(InetAddress.getByName(from), server(port)).tls());
    }

    private static InetSocketAddress server(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /** Sends these characters (ISO 8859-1) in one segment, nothing added. */
    SmtpClient send(String raw) throws IOException {
        client.send(raw);
        return this;
    }

    /** Sends each part in a segment of its own, with a pause behind it so that the server sees it alone. */
    SmtpClient sendInSegments(String... parts) throws IOException {
        for (String part : parts) {
            send(part);
            try {
                Thread.sleep(50);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IOException(interrupted);
            }
        }
        return this;
    }

    /** Sends a command line and reads the reply. */
    String command(String line) throws IOException {
        send(line + "\r\n");
        return reply();
    }

    /** Sends a command line and asserts how the reply begins. */
    SmtpClient command(String line, String expected) throws IOException {
        assertThat(command(line)).as("reply to %s", line).startsWith(expected);
        return this;
    }

    /** Reads a reply, all its lines; empty when the connection ended. */
    String reply() throws IOException {
        return client.reply();
    }

    /** Reads a reply and asserts its code. */
    SmtpClient expect(int code) throws IOException {
        assertThat(reply()).startsWith(String.valueOf(code));
        return this;
    }

    /** All that the server still says until it closes the connection; fails when it keeps it open. */
    String untilClosed() throws IOException {
        return client.untilClosed();
    }

    SmtpClient ehlo() throws IOException {
        return command("EHLO client.example", "250");
    }

    /** STARTTLS and the handshake; no EHLO behind it. */
    SmtpClient startTls() throws IOException {
        command("STARTTLS", "220");
        handshake();
        return this;
    }

    void handshake() throws IOException {
        client.tls();
    }

    SmtpClient authenticate(String user) throws IOException {
        return command("AUTH PLAIN " + plain(user, SmtpTestServer.PASSWORD), "235");
    }

    static String plain(String user, String password) {
        return Base64.getEncoder().encodeToString(("\0" + user + "\0" + password).getBytes(StandardCharsets.UTF_8));
    }

    static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** MAIL, RCPT and DATA up to the 354. */
    SmtpClient envelope(String sender, String... recipients) throws IOException {
        command("MAIL FROM:<" + sender + ">", "250");
        for (String recipient : recipients) {
            command("RCPT TO:<" + recipient + ">", "250");
        }
        return command("DATA", "354");
    }

    /** A small message up to and with its final dot, as it goes behind DATA. */
    static String message(String subject) {
        return "From: sender@client.example\r\nSubject: " + subject + "\r\n\r\nbody of "
                + subject.toLowerCase(Locale.ROOT) + "\r\n.\r\n";
    }

    int port() {
        return client.port();
    }

    @Override
    public void close() throws IOException {
        client.close();
    }
}
