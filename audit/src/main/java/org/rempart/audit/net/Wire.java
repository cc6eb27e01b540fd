/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.rempart.audit.tls.Jsse;

/** A connection: bytes and lines, in the clear or under TLS, each read with a deadline for the whole of it. */
public final class Wire implements AutoCloseable {
    private final Listener listener;
    private final Budget budget;
    private final Transcript transcript;
    private final Socket plain;
    private Socket socket;
    private InputStream in;
    private OutputStream out;
    private final byte[] buffer = new byte[16 * 1024];
    private int position;
    private int filled;
    private Duration patience;
    private boolean closed;

    private Wire(Listener listener, Budget budget, Socket socket) throws IOException {
        this.listener = listener;
        this.budget = budget;
        this.patience = budget.patience();
        this.transcript = new Transcript();
        this.plain = socket;
        use(socket);
    }

    /**
     * Connects.
     *
     * @throws IOException also {@link RateLimitedException}, {@link BudgetSpentException}
     */
    public static Wire open(Listener listener, Budget budget) throws IOException {
        budget.open();
        Socket socket = new Socket();
        try {
            if (budget.from().isPresent()) {
                socket.bind(new InetSocketAddress(budget.from().get(), 0));
            }
            socket.setTcpNoDelay(true);
            socket.connect(listener.socketAddress(), budget.millisUntil(budget.replyBy()));
            return new Wire(listener, budget, socket);
        } catch (IOException | RuntimeException e) {
            socket.close();
            budget.closed();
            throw e;
        }
    }

    /** The address that the server sees us with. */
    public java.net.InetAddress localAddress() {
        return plain.getLocalAddress();
    }

    public Transcript transcript() {
        return transcript;
    }

    public Listener listener() {
        return listener;
    }

    public Budget budget() {
        return budget;
    }

    /** Sends bytes as they are; {@code shown} is what the transcript says of it. */
    public void send(byte[] bytes, String shown) throws IOException {
        transcript.sent(shown);
        write(bytes);
    }

    /** Sends bytes that the transcript does not mention. */
    public void write(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    /**
     * A line without its end; it ends at LF, with or without CR before it.
     *
     * @param end the time of the budget's clock by which it has to be whole
     * @param limit bytes that it may have
     * @throws EOFException if the server closes
     * @throws SocketTimeoutException if it does not come in time
     */
    String line(long end, int limit) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            int b = read(end);
            if (b < 0) {
                if (line.size() > 0) {
                    transcript.received(line.toString(StandardCharsets.ISO_8859_1));
                }
                transcript.note("closed by the server");
                throw new EOFException("the server closed the connection");
            }
            if (b == '\n') {
                String text = line.toString(StandardCharsets.UTF_8);
                text = text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
                transcript.received(text);
                return text;
            }
            if (line.size() >= limit) {
                throw new IOException("the server's reply is longer than " + limit + " bytes");
            }
            line.write(b);
        }
    }

    /** A byte, or -1 at the end of the connection. */
    public int read(long end) throws IOException {
        if (position == filled) {
            int millis = budget.millisUntil(end);
            if (millis == 0) {
                throw new SocketTimeoutException("no answer in time");
            }
            socket.setSoTimeout(millis);
            int count;
            try {
                count = in.read(buffer);
            } catch (SocketTimeoutException e) {
                throw new SocketTimeoutException("no answer in time");
            }
            if (count < 0) {
                return -1;
            }
            position = 0;
            filled = count;
        }
        return buffer[position++] & 0xff;
    }

    /** The time by which a reply that is waited for from now on has to be there. */
    public long replyBy() throws IOException {
        return budget.by(patience);
    }

    /** Waits longer for replies from now on, or less long. */
    public void patience(Duration time) {
        patience = time;
    }

    /** Whether the server says anything more, or closes, within this time. Nothing is taken. */
    public boolean moreWithin(Duration limit) throws IOException {
        if (position < filled) {
            return true;
        }
        try {
            int b = read(budget.by(limit));
            if (b >= 0) {
                position--;
                return true;
            }
            return false;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    /** Whether what comes next is a digit, as a reply of SMTP begins with; no record of TLS does. Nothing is taken. */
    public boolean clearTextComes(long end) throws IOException {
        int b = read(end);
        if (b < 0) {
            return false;
        }
        position--;
        return b >= '0' && b <= '9';
    }

    /** Forgets what was received and not yet read: what a TLS stack would take for records. */
    public String takeUnread() {
        String text = new String(buffer, position, filled - position, StandardCharsets.ISO_8859_1);
        position = filled;
        return text;
    }

    /**
     * Makes TLS of it, in any version and suite that this Java can speak, with whatever certificate.
     *
     * @return what was negotiated
     */
    public SSLSession startTls(SSLContext context, Jsse.Offer offer) throws IOException {
        SSLSocket secure =
                (SSLSocket) context.getSocketFactory().createSocket(plain, listener.host(), listener.port(), true);
        try {
            offer.apply(secure, listener.host());
            secure.setSoTimeout(Math.max(1, budget.millisUntil(budget.replyBy())));
            // A handshake's parts each have the time-out; the whole is bounded by who closes the socket then.
            try (Deadline deadline = Deadline.closing(plain, budget.patience())) {
                secure.startHandshake();
                deadline.met();
            }
        } catch (IOException e) {
            transcript.note("TLS handshake failed: " + e.getMessage());
            if (listener.service().direct() && String.valueOf(e.getMessage()).contains("Unsupported or unrecognized")) {
                throw new ClearTextException("clear text came where TLS begins");
            }
            throw e;
        }
        use(secure);
        SSLSession session = secure.getSession();
        transcript.note(session.getProtocol() + ", " + session.getCipherSuite());
        return session;
    }

    /** The TLS socket, once there is one. */
    public Optional<SSLSocket> tls() {
        return socket instanceof SSLSocket secure ? Optional.of(secure) : Optional.empty();
    }

    private void use(Socket next) throws IOException {
        socket = next;
        in = next.getInputStream();
        out = next.getOutputStream();
        position = 0;
        filled = 0;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            // Without a close_notify that the peer may never take.
            plain.close();
        } catch (IOException e) {
            transcript.note("close: " + e.getMessage());
        } finally {
            budget.closed();
        }
    }
}
