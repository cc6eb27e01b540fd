/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart.client;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLSession;

/**
 * An IMAP client (RFC 3501) that can log in and read messages byte by byte, and say any other command. Methods throw
 * {@link IOException} when the connection ends or the server is silent for 60 seconds, and {@link ImapException} when
 * the server says NO or BAD to something that has to work. Not thread-safe.
 */
public final class ImapClient implements Closeable {
    private static final Pattern LITERAL = Pattern.compile(".*\\{([0-9]+)}");

    private final Connection connection;
    private String greeting;
    private int tag;

    private ImapClient(Connection connection) {
        this.connection = connection;
    }

    /** Connects in clear text and reads the greeting. */
    public static ImapClient connect(InetSocketAddress address) throws IOException {
        return open(address, null);
    }

    /** Connects with TLS from the first byte (RFC 8314, section 3.2) and reads the greeting. */
    public static ImapClient connectTls(InetSocketAddress address, TlsClient tls) throws IOException {
        return open(address, tls);
    }

    private static ImapClient open(InetSocketAddress address, TlsClient tlsOrNull) throws IOException {
        ImapClient client = new ImapClient(Connection.open(address));
        try {
            if (tlsOrNull != null) {
                client.connection.turnToTls(tlsOrNull);
            }
            client.greeting = client.connection.readLine();
            return client;
        } catch (IOException e) {
            client.close();
            throw e;
        }
    }

    /** The first line of the server. */
    public String greeting() {
        return greeting;
    }

    /** What the server said to a command. */
    public static final class Answer {
        private final String status;
        private final List<String> lines;
        private final List<byte[]> literals;

        private Answer(String status, List<String> lines, List<byte[]> literals) {
            this.status = status;
            this.lines = List.copyOf(lines);
            this.literals = List.copyOf(literals);
        }

        /** Whether the command was done. */
        public boolean ok() {
            return status.startsWith("OK");
        }

        /** The tagged line without its tag, such as {@code NO LOGIN failed.}. */
        public String status() {
            return status;
        }

        /** The untagged lines, with a literal's place marked by its length in braces. */
        public List<String> lines() {
            return lines;
        }

        /** The literals in the order in which they came. */
        public List<byte[]> literals() {
            return literals;
        }

        @Override
        public String toString() {
            return status;
        }
    }

    /** Thrown when the server refuses what has to work. */
    public static final class ImapException extends IOException {
        private static final long serialVersionUID = 1L;

        ImapException(String command, Answer answer) {
            super("The IMAP server answered " + command + " with: " + answer.status());
        }
    }

    /** Sends a command, to which a tag and CRLF are added, and reads to its tagged answer. */
    public Answer command(String command) throws IOException {
        String mark = "a" + ++tag;
        connection.writeLine(mark + " " + command);
        List<String> lines = new ArrayList<>();
        List<byte[]> literals = new ArrayList<>();
        while (true) {
            String line = connection.readLine();
            if (line.startsWith(mark + " ")) {
                return new Answer(line.substring(mark.length() + 1), lines, literals);
            }
            Matcher literal = LITERAL.matcher(line);
            if (literal.matches()) {
                literals.add(connection.readExactly(Integer.parseInt(literal.group(1))));
            }
            lines.add(line);
        }
    }

    /** Says STARTTLS and, if the server agrees, performs the handshake. */
    public Answer startTls(TlsClient tls) throws IOException {
        Answer answer = command("STARTTLS");
        if (answer.ok()) {
            connection.turnToTls(tls);
        }
        return answer;
    }

    /** The TLS session, absent in clear text. */
    public Optional<SSLSession> tls() {
        return connection.tls();
    }

    /** Says LOGIN; a refusal is the answer. */
    public Answer login(String account, String password) throws IOException {
        return command("LOGIN " + quoted(account) + " " + quoted(password));
    }

    /**
     * All messages of a mailbox, oldest first, as they are stored. They are not marked as read.
     *
     * @param mailbox its name, such as {@code INBOX}
     * @throws ImapException if there is no such mailbox, or nobody is logged in
     */
    public List<byte[]> messages(String mailbox) throws IOException {
        Answer examined = successful("EXAMINE " + quoted(mailbox));
        if (examined.lines().stream().anyMatch("* 0 EXISTS"::equalsIgnoreCase)) {
            return List.of();
        }
        return successful("FETCH 1:* (BODY.PEEK[])").literals();
    }

    /** What the server answers to a ClientHello of the given version; the connection is of no use afterwards. */
    public TlsProbe.Answer probeTls(TlsProbe.Version version) throws IOException {
        return TlsProbe.probe(connection.socket(), version);
    }

    private Answer successful(String command) throws IOException {
        Answer answer = command(command);
        if (!answer.ok()) {
            throw new ImapException(command, answer);
        }
        return answer;
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
