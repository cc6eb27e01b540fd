/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Reads replies. A reply has its time as a whole, however slowly its bytes drip, and a bounded size: a peer can neither
 * hold a thread for ever nor fill the memory.
 */
final class ReplyReader {
    /** RFC 5321, section 4.5.3.1.5, allows 512; some servers write more. */
    private static final int MAX_LINE = 2048;

    private static final int MAX_LINES = 200;

    private final Socket socket;
    private final InputStream in;
    private final byte[] buffer = new byte[4096];
    private int position;
    private int limit;

    /** @param socket which {@code in} reads from */
    ReplyReader(Socket socket, InputStream in) {
        this.socket = socket;
        this.in = in;
    }

    /**
     * Reads one reply.
     *
     * @throws SmtpProtocolException when what comes is no reply
     * @throws SocketTimeoutException when it does not come in time
     * @throws IOException when the connection is lost
     */
    SmtpReply read(Duration timeout) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        List<String> lines = new ArrayList<>();
        int code = -1;
        boolean last = false;
        while (!last) {
            String line = readLine(deadline);
            int lineCode = code(line);
            if (code >= 0 && lineCode != code) {
                throw new SmtpProtocolException("a reply with the codes " + code + " and " + lineCode);
            }
            code = lineCode;
            last = line.length() == 3 || line.charAt(3) != '-';
            lines.add(line.length() > 4 ? line.substring(4) : "");
            if (lines.size() > MAX_LINES) {
                throw new SmtpProtocolException("a reply of more than " + MAX_LINES + " lines");
            }
        }
        return new SmtpReply(code, lines);
    }

    private static int code(String line) throws SmtpProtocolException {
        boolean isReply = line.length() >= 3
                && line.charAt(0) >= '2'
                && line.charAt(0) <= '5'
                && Character.digit(line.charAt(1), 10) >= 0
                && Character.digit(line.charAt(2), 10) >= 0
                && (line.length() == 3 || line.charAt(3) == ' ' || line.charAt(3) == '-');
        if (!isReply) {
            throw new SmtpProtocolException("\"" + printable(line) + "\" in the place of a reply");
        }
        return Integer.parseInt(line.substring(0, 3));
    }

    private static String printable(String line) {
        String start = line.length() > 60 ? line.substring(0, 60) + "..." : line;
        return start.replaceAll("[^ -~]", "?");
    }

    private String readLine(long deadline) throws IOException {
        byte[] line = new byte[128];
        int length = 0;
        while (true) {
            if (position == limit) {
                fill(deadline);
            }
            byte next = buffer[position++];
            if (next == '\n') {
                int end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
                return new String(line, 0, end, StandardCharsets.ISO_8859_1);
            }
            if (length == MAX_LINE) {
                throw new SmtpProtocolException("a line of more than " + MAX_LINE + " bytes in a reply");
            }
            if (length == line.length) {
                line = java.util.Arrays.copyOf(line, Math.min(MAX_LINE, length * 2));
            }
            line[length++] = next;
        }
    }

    private void fill(long deadline) throws IOException {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
            throw new SocketTimeoutException("no reply in time");
        }
        socket.setSoTimeout((int) Math.min(left, Integer.MAX_VALUE));
        int read = in.read(buffer, 0, buffer.length);
        if (read < 0) {
            throw new EOFException("the peer has closed the connection");
        }
        position = 0;
        limit = read;
    }

    /**
     * Whether bytes have arrived that belong to no reply yet read. A server that has answered STARTTLS is silent until it
     * is spoken to: such bytes are somebody's who wants them to be taken for encrypted ones.
     */
    boolean hasMore() throws IOException {
        return position < limit || in.available() > 0;
    }
}
