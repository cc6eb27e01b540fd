/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.quickstart.client.TlsClient;

/** A connection to an IMAP server, to which a command may be sent without a wait for its answer. Literals become text. */
final class ImapWire implements Closeable {
    private static final Pattern LITERAL = Pattern.compile("\\{([0-9]+)}$");

    private final Socket socket;
    private final InputStream in;
    private final Duration bound;
    private int tag;

    /**
     * An answer.
     *
     * @param status the tagged line without its tag
     * @param lines the untagged ones without their asterisk, in which a literal stands as text
     */
    record Answer(String status, List<String> lines) {
        boolean ok() {
            return status.startsWith("OK");
        }
    }

    /** Thrown when a command isn't answered within the bound. */
    static final class SilenceException extends IOException {
        private static final long serialVersionUID = 1L;

        SilenceException(String message) {
            super(message);
        }
    }

    /**
     * Connects with TLS from the first byte, and reads the greeting.
     *
     * @param bound how long the server may be silent
     */
    ImapWire(InetSocketAddress server, TlsClient tls, Duration bound) throws IOException {
        this.bound = bound;
        Socket plain = new Socket();
        plain.connect(server, (int) bound.toMillis());
        plain.setSoTimeout((int) bound.toMillis());
        plain.setTcpNoDelay(true);
        this.socket = tls.handshake(plain);
        this.in = new BufferedInputStream(socket.getInputStream());
        line();
    }

    /** Sends a command, to which a tag is added, and waits for nothing. */
    String send(String command) throws IOException {
        tag++;
        String mark = "t" + tag;
        sendLine(mark + " " + command);
        return mark;
    }

    /** Sends a line without a tag. */
    void sendLine(String line) throws IOException {
        socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
    }

    Answer command(String command) throws IOException {
        return answer(send(command), command);
    }

    /** Reads to the tagged answer. */
    Answer answer(String mark, String command) throws IOException {
        List<String> lines = new ArrayList<>();
        try {
            while (true) {
                String line = line();
                if (line.startsWith(mark + " ")) {
                    return new Answer(line.substring(mark.length() + 1), lines);
                }
                lines.add(line.startsWith("* ") ? line.substring(2) : line);
            }
        } catch (SocketTimeoutException silence) {
            throw new SilenceException(command + " is not answered within " + bound + "; so far " + lines);
        } catch (IOException ended) {
            throw new IOException(command + " ends the connection; so far " + lines, ended);
        }
    }

    /** A line without its end, with the literals in it. */
    String line() throws IOException {
        StringBuilder whole = new StringBuilder();
        while (true) {
            StringBuilder line = new StringBuilder();
            int octet = in.read();
            while (octet != '\n') {
                if (octet < 0) {
                    throw new IOException("the server has closed the connection, after \"" + whole + line + "\"");
                }
                line.append((char) octet);
                octet = in.read();
            }
            String text = line.substring(0, Math.max(0, line.length() - 1));
            Matcher literal = LITERAL.matcher(text);
            if (!literal.find()) {
                return whole.append(text).toString();
            }
            whole.append(text, 0, literal.start());
            byte[] octets = in.readNBytes(Integer.parseInt(literal.group(1)));
            whole.append(new String(octets, StandardCharsets.ISO_8859_1));
        }
    }

    /** Cuts the connection, as a client does that crashes. */
    @Override
    public void close() throws IOException {
        socket.close();
    }
}
