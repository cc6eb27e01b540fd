/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart.client;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;

/**
 * A socket that is read by lines and can turn to TLS. Bytes and characters correspond one to one (ISO 8859-1), so
 * nothing that a server sends is lost or altered.
 */
final class Connection implements Closeable {
    /** Longer than any server under test takes to answer, short enough for a person who waits. */
    static final Duration TIMEOUT = Duration.ofSeconds(60);

    private static final int MAX_LINE = 1 << 20;

    private Socket socket;
    private InputStream in;
    private OutputStream out;

    private Connection(Socket socket) throws IOException {
        use(socket);
    }

    static Connection open(InetSocketAddress address) throws IOException {
        return open(null, address);
    }

    /** @param from the local address; null for the one that the system chooses */
    static Connection open(InetAddress from, InetSocketAddress address) throws IOException {
        Socket socket = new Socket();
        try {
            if (from != null) {
                socket.bind(new InetSocketAddress(from, 0));
            }
            socket.connect(address, (int) TIMEOUT.toMillis());
            socket.setSoTimeout((int) TIMEOUT.toMillis());
            socket.setTcpNoDelay(true);
            return new Connection(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    void turnToTls(TlsClient tls) throws IOException {
        use(tls.handshake(socket));
    }

    Optional<SSLSession> tls() {
        return socket instanceof SSLSocket ? Optional.of(((SSLSocket) socket).getSession()) : Optional.empty();
    }

    Socket socket() {
        return socket;
    }

    void write(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    void writeLine(String line) throws IOException {
        write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    /** The next line without its line end. */
    String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            int b = in.read();
            if (b < 0) {
                throw new EOFException("The server closed the connection"
                        + (line.size() > 0 ? " after: " + line.toString(StandardCharsets.ISO_8859_1) : "."));
            }
            if (b == '\n') {
                String text = line.toString(StandardCharsets.ISO_8859_1);
                return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
            }
            if (line.size() == MAX_LINE) {
                throw new IOException("The server sent a line of more than " + MAX_LINE + " bytes.");
            }
            line.write(b);
        }
    }

    byte[] readExactly(int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException(
                    "The server closed the connection after " + bytes.length + " of " + count + " announced bytes.");
        }
        return bytes;
    }

    private void use(Socket next) throws IOException {
        socket = next;
        // A new buffer: what the old one may still hold came before TLS and must not be taken for the server's words.
        in = new BufferedInputStream(next.getInputStream());
        out = next.getOutputStream();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
