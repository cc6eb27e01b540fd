/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** A client that minds no rule: it sends what it is told, as slowly or as fast as the test likes. */
public final class RawClient implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Socket socket;
    private InputStream in;

    public RawClient(InetSocketAddress server) throws IOException {
        use(new Socket(server.getAddress(), server.getPort()));
    }

    /** Connects from this local address. */
    public RawClient(InetAddress from, InetSocketAddress server) throws IOException {
        use(new Socket(server.getAddress(), server.getPort(), from, 0));
    }

    private void use(Socket connected) throws IOException {
        socket = connected;
        socket.setSoTimeout((int) PATIENCE.toMillis());
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** Does a handshake, with anyone. */
    public RawClient tls() throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustsAnybody()}, new SecureRandom());
            SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(socket, "localhost", 0, true);
            tls.startHandshake();
            use(tls);
            return this;
        } catch (GeneralSecurityException impossible) {
            throw new IOException(impossible);
        }
    }

    /** The certificate that the server has shown. */
    public X509Certificate certificate() throws IOException {
        return (X509Certificate) ((SSLSocket) socket).getSession().getPeerCertificates()[0];
    }

    public RawClient send(String text) throws IOException {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public RawClient send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
        return this;
    }

    /** The next line with its end; empty when the server has closed. */
    public String line() throws IOException {
        StringBuilder line = new StringBuilder();
        try {
            for (int octet = in.read(); octet >= 0; octet = in.read()) {
                line.append((char) octet);
                if (octet == '\n') {
                    break;
                }
            }
        } catch (SocketException | SSLException closed) {
            // With what was sent and not read, a close is a reset.
            return line.toString();
        }
        return line.toString();
    }

    /** A reply, all its lines with their ends; empty when the server has closed. */
    public String reply() throws IOException {
        StringBuilder reply = new StringBuilder();
        String line;
        do {
            line = line();
            reply.append(line);
        } while (line.length() > 3 && line.charAt(3) == '-');
        return reply.toString();
    }

    /** A reply to a command: its last line. */
    public String command(String command) throws IOException {
        send(command + "\r\n");
        String line = line();
        while (line.length() > 3 && line.charAt(3) == '-') {
            line = line();
        }
        return line;
    }

    /** All that the server says until it closes; fails when it does not. */
    public String untilClosed() throws IOException {
        StringBuilder all = new StringBuilder();
        for (String line = line(); !line.isEmpty(); line = line()) {
            all.append(line);
        }
        return all.toString();
    }

    /**
     * Sends the same again and again until the server closes or says something.
     *
     * @return what it said until it closed
     */
    public String drip(String bytes, Duration pause) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < end) {
            try {
                send(bytes);
            } catch (SocketException | SSLException closed) {
                return untilClosed();
            }
            if (hasInput(pause)) {
                return untilClosed();
            }
        }
        throw new IOException("the server has taken \"" + bytes.trim() + "\" for " + PATIENCE);
    }

    /** Waits for input, or the end of the connection, as long as a client pauses. */
    private boolean hasInput(Duration pause) throws IOException {
        in.mark(1);
        socket.setSoTimeout((int) pause.toMillis());
        try {
            in.read();
            in.reset();
            return true;
        } catch (SocketTimeoutException quiet) {
            return false;
        } catch (SocketException | SSLException closed) {
            return true;
        } finally {
            if (!socket.isClosed()) {
                socket.setSoTimeout((int) PATIENCE.toMillis());
            }
        }
    }

    /** The port that the server sees. */
    public int port() {
        return socket.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private static final class TrustsAnybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
