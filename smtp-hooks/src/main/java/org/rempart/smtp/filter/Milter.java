/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.rempart.message.HeaderField;

/**
 * A filter that talks the protocol of Sendmail's filters (milter, version 6), over TCP. Each message is a connection of its
 * own, and is told from its connection to its end, when all of it is known.
 *
 * <p>Offered to the filter are: changes of the header, and the quarantine. One that changes recipients, the sender or the body
 * all the same has not answered. What a filter says of one recipient holds for the message, since all were accepted before. To
 * throw a message away is to put it aside.
 */
final class Milter implements FilterClient {
    private static final int VERSION = 6;
    private static final int OLDEST = 2;

    private static final int ADD_HEADERS = 0x01;
    private static final int CHANGE_HEADERS = 0x10;
    private static final int QUARANTINE = 0x20;
    private static final int ACTIONS = ADD_HEADERS | CHANGE_HEADERS | QUARANTINE;

    private static final int NO_CONNECT = 0x01;
    private static final int NO_HELO = 0x02;
    private static final int NO_MAIL = 0x04;
    private static final int NO_RECIPIENT = 0x08;
    private static final int NO_BODY = 0x10;
    private static final int NO_HEADERS = 0x20;
    private static final int NO_END_OF_HEADERS = 0x40;
    private static final int SILENT_HEADER = 0x80;
    private static final int NO_DATA = 0x200;
    private static final int SKIP = 0x400;
    private static final int REJECTED_RECIPIENTS = 0x800;
    private static final int SILENT_CONNECT = 0x1000;
    private static final int SILENT_HELO = 0x2000;
    private static final int SILENT_MAIL = 0x4000;
    private static final int SILENT_RECIPIENT = 0x8000;
    private static final int SILENT_DATA = 0x10000;
    private static final int SILENT_END_OF_HEADERS = 0x40000;
    private static final int SILENT_BODY = 0x80000;
    private static final int LEADING_SPACE = 0x100000;
    private static final int STEPS = 0x1fffff & ~REJECTED_RECIPIENTS;

    /** What libmilter itself takes and sends in a packet, without its command. */
    private static final int CHUNK = 65_535;

    private static final int MOST_CHANGES = 100;
    private static final int MOST_BYTES_OF_CHANGES = 256 * 1024;
    private static final Duration CONNECT = Duration.ofSeconds(5);

    private final String host;
    private final int port;
    private final Duration timeout;

    Milter(String host, int port, Duration timeout) {
        this.host = host;
        this.port = port;
        this.timeout = timeout;
    }

    @Override
    public FilterAnswer ask(FilteredMessage message) throws IOException {
        try (Socket socket = new Socket();
                Deadline deadline = Deadline.in(timeout, () -> close(socket))) {
            try {
                socket.connect(
                        new InetSocketAddress(host, port), (int) Math.min(CONNECT.toMillis(), timeout.toMillis()));
                return new Conversation(socket, message).hold();
            } catch (EOFException closed) {
                throw deadline.isOver() ? late() : new IOException("it closes the connection amid the message", closed);
            } catch (IOException failure) {
                throw deadline.isOver() ? late() : failure;
            }
        }
    }

    private IOException late() {
        return new IOException("no answer within " + timeout.toSeconds() + " s");
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** A packet of the filter. */
    private static final class Packet {
        private final char command;
        private final byte[] data;

        Packet(char command, byte[] data) {
            this.command = command;
            this.data = data;
        }

        /** The texts in it from a place on, each with a NUL behind it. */
        List<String> texts(int from) {
            List<String> texts = new ArrayList<>();
            int start = from;
            for (int i = from; i < data.length; i++) {
                if (data[i] == 0) {
                    texts.add(new String(data, start, i - start, StandardCharsets.ISO_8859_1));
                    start = i + 1;
                }
            }
            if (start < data.length) {
                texts.add(new String(data, start, data.length - start, StandardCharsets.ISO_8859_1));
            }
            return texts;
        }

        int number(int at) throws FilterFaultException {
            if (data.length < at + Integer.BYTES) {
                throw new FilterFaultException("a packet is too short");
            }
            return (data[at] & 0xff) << 24
                    | (data[at + 1] & 0xff) << 16
                    | (data[at + 2] & 0xff) << 8
                    | (data[at + 3] & 0xff);
        }
    }

    /** One message with the filter. */
    private static final class Conversation {
        private final DataInputStream in;
        private final DataOutputStream out;
        private final FilteredMessage message;
        private int version;
        private int steps;
        /** What the filter said at last, once it has decided. */
        private FilterAnswer decided;

        Conversation(Socket socket, FilteredMessage message) throws IOException {
            this.in = new DataInputStream(socket.getInputStream());
            this.out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), CHUNK));
            this.message = message;
        }

        FilterAnswer hold() throws IOException {
            negotiate();
            envelope();
            header();
            body();
            if (decided == null) {
                macros('E', "i", message.id());
                send('E', new byte[0]);
                end();
            }
            // It has answered: that this is the end is told out of politeness.
            try {
                send('Q', new byte[0]);
                out.flush();
            } catch (IOException gone) {
                return decided;
            }
            return decided;
        }

        private void negotiate() throws IOException {
            ByteArrayOutputStream offer = new ByteArrayOutputStream();
            DataOutputStream numbers = new DataOutputStream(offer);
            numbers.writeInt(VERSION);
            numbers.writeInt(ACTIONS);
            numbers.writeInt(STEPS);
            send('O', offer.toByteArray());
            Packet answer = read();
            if (answer.command != 'O') {
                throw new FilterFaultException("it does not talk the protocol of a milter");
            }
            version = answer.number(0);
            if (version < OLDEST || version > VERSION) {
                throw new FilterFaultException("it talks version " + version + " of the protocol");
            }
            // Actions that were not offered and are wanted all the same are faults only when one is used.
            steps = answer.number(2 * Integer.BYTES);
            if ((steps & ~STEPS) != 0) {
                throw new FilterFaultException("it wants steps of the protocol that were not offered");
            }
        }

        private boolean wants(int not) {
            return decided == null && (steps & not) == 0;
        }

        private void envelope() throws IOException {
            String address = message.client().getHostAddress();
            int zone = address.indexOf('%');
            address = zone < 0 ? address : address.substring(0, zone);
            String name = message.clientName().orElse("[" + address + "]");
            if (wants(NO_CONNECT)) {
                macros(
                        'C',
                        "j",
                        message.server(),
                        "{daemon_name}",
                        message.server(),
                        "{client_addr}",
                        address,
                        "{client_name}",
                        message.clientName().orElse("unknown"));
                ByteArrayOutputStream connect = texts(name);
                connect.write(message.client() instanceof Inet6Address ? '6' : '4');
                connect.writeBytes(new byte[] {0, 0});
                connect.writeBytes(texts(address).toByteArray());
                step('C', connect.toByteArray(), SILENT_CONNECT);
            }
            if (wants(NO_HELO)) {
                macros(
                        'H',
                        "{tls_version}",
                        message.tlsVersion().orElse(""),
                        "{cipher}",
                        message.cipher().orElse(""));
                step('H', texts(message.helo()).toByteArray(), SILENT_HELO);
            }
            if (wants(NO_MAIL)) {
                macros(
                        'M',
                        "i",
                        message.id(),
                        "{mail_addr}",
                        message.sender(),
                        "{auth_authen}",
                        message.account().orElse(""),
                        "{auth_type}",
                        message.account().isPresent() ? "PLAIN" : "");
                step('M', texts("<" + message.sender() + ">").toByteArray(), SILENT_MAIL);
            }
            for (String recipient : message.recipients()) {
                if (wants(NO_RECIPIENT)) {
                    macros('R', "{rcpt_addr}", recipient);
                    step('R', texts("<" + recipient + ">").toByteArray(), SILENT_RECIPIENT);
                }
            }
            // Version 4 brought it.
            if (version >= 4 && wants(NO_DATA)) {
                macros('T', "i", message.id());
                step('T', new byte[0], SILENT_DATA);
            }
        }

        private void header() throws IOException {
            for (HeaderField field : message.header().fields()) {
                if (field.isField() && wants(NO_HEADERS)) {
                    step('L', field(field), SILENT_HEADER);
                }
            }
            if (wants(NO_END_OF_HEADERS)) {
                step('N', new byte[0], SILENT_END_OF_HEADERS);
            }
        }

        /** Name and value, with LF alone between lines, and no more than a packet holds. */
        private byte[] field(HeaderField field) {
            String value =
                    field.rawValue().replace("\r\n", "\n").replace('\r', '\n').replace('\0', ' ');
            while (value.endsWith("\n")) {
                value = value.substring(0, value.length() - 1);
            }
            if ((steps & LEADING_SPACE) == 0 && value.startsWith(" ")) {
                value = value.substring(1);
            }
            String name = field.name().replace('\0', ' ');
            name = name.substring(0, Math.min(name.length(), CHUNK / 2));
            value = value.substring(0, Math.min(value.length(), CHUNK - name.length() - 2));
            return texts(name, value).toByteArray();
        }

        private void body() throws IOException {
            if (!wants(NO_BODY)) {
                return;
            }
            boolean enough = false;
            try (InputStream body = message.body()) {
                while (decided == null && !enough) {
                    byte[] chunk = body.readNBytes(CHUNK);
                    if (chunk.length == 0) {
                        return;
                    }
                    send('B', chunk);
                    if ((steps & SILENT_BODY) == 0) {
                        Packet answer = read();
                        enough = answer.command == 's' && (steps & SKIP) != 0;
                        if (!enough) {
                            decide(answer);
                        }
                    }
                }
            }
        }

        /** Tells the filter, and waits for its word where it wants to say one. */
        private void step(char command, byte[] data, int silent) throws IOException {
            send(command, data);
            if ((steps & silent) == 0) {
                decide(read());
            }
        }

        /** What the filter says before the end of the message. */
        private void decide(Packet answer) throws IOException {
            if (answer.command != 'c') {
                decided = verdict(answer, List.of());
            }
        }

        private void end() throws IOException {
            List<HeaderChange> changes = new ArrayList<>();
            String aside = null;
            int bytes = 0;
            while (decided == null) {
                Packet answer = read();
                bytes += answer.data.length;
                if (changes.size() >= MOST_CHANGES || bytes > MOST_BYTES_OF_CHANGES) {
                    throw new FilterFaultException("it changes too much");
                }
                switch (answer.command) {
                    case 'h':
                        changes.add(change(HeaderChange.Kind.ADD, answer, 0));
                        break;
                    case 'i':
                        changes.add(change(HeaderChange.Kind.INSERT, answer, Integer.BYTES));
                        break;
                    case 'm':
                        changes.add(change(HeaderChange.Kind.CHANGE, answer, Integer.BYTES));
                        break;
                    case 'q':
                        aside = String.join(" ", answer.texts(0));
                        break;
                    case 'c':
                    case 'a':
                        decided = taken(aside, changes);
                        break;
                    default:
                        decided = verdict(answer, changes);
                }
            }
        }

        private static FilterAnswer taken(String aside, List<HeaderChange> changes) {
            if (aside != null) {
                return FilterAnswer.of(FilterAnswer.Verdict.QUARANTINE, aside, changes);
            }
            boolean spam = changes.stream().anyMatch(HeaderChange::marksSpam);
            return FilterAnswer.of(spam ? FilterAnswer.Verdict.SPAM : FilterAnswer.Verdict.ACCEPT, "", changes);
        }

        private HeaderChange change(HeaderChange.Kind kind, Packet packet, int from) throws FilterFaultException {
            int index = from == 0 ? 0 : packet.number(0);
            List<String> texts = packet.texts(from);
            if (texts.isEmpty() || index < 0) {
                throw new FilterFaultException("it changes a field without naming it");
            }
            String value = texts.size() > 1 ? texts.get(1) : "";
            boolean removed = kind == HeaderChange.Kind.CHANGE && value.isEmpty();
            // Without the leading space of its own, the value has the one that fields have.
            String spaced = (steps & LEADING_SPACE) == 0 ? " " + value : value;
            return HeaderChange.of(
                    removed ? HeaderChange.Kind.REMOVE : kind,
                    kind == HeaderChange.Kind.CHANGE ? Math.max(index, 1) : index,
                    texts.get(0),
                    removed ? "" : spaced);
        }

        private static FilterAnswer verdict(Packet answer, List<HeaderChange> changes) throws FilterFaultException {
            switch (answer.command) {
                case 'a':
                    return FilterAnswer.of(FilterAnswer.Verdict.ACCEPT, "", changes);
                case 'r':
                    return FilterAnswer.of(FilterAnswer.Verdict.REJECT, "", changes);
                case 't':
                case 'f':
                case '4':
                    return FilterAnswer.of(FilterAnswer.Verdict.TEMPFAIL, "", changes);
                case 'd':
                    return FilterAnswer.of(FilterAnswer.Verdict.QUARANTINE, "to be thrown away", changes);
                case 'y':
                    String reply = String.join(" ", answer.texts(0));
                    if (!reply.startsWith("4") && !reply.startsWith("5")) {
                        throw new FilterFaultException("it answers with a reply code that refuses nothing");
                    }
                    return FilterAnswer.of(
                            reply.startsWith("5") ? FilterAnswer.Verdict.REJECT : FilterAnswer.Verdict.TEMPFAIL,
                            reply,
                            changes);
                case '+':
                case '2':
                case '-':
                case 'b':
                case 'e':
                    throw new FilterFaultException("it changes recipients, sender or body, which was not offered");
                default:
                    throw new FilterFaultException("it says what is no answer here");
            }
        }

        private void macros(char step, String... namesAndValues) throws IOException {
            ByteArrayOutputStream macros = new ByteArrayOutputStream();
            macros.write(step);
            for (int i = 0; i < namesAndValues.length; i += 2) {
                if (!namesAndValues[i + 1].isEmpty()) {
                    macros.writeBytes(
                            texts(namesAndValues[i], namesAndValues[i + 1]).toByteArray());
                }
            }
            send('D', macros.toByteArray());
        }

        private static ByteArrayOutputStream texts(String... texts) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (String text : texts) {
                boolean wide = text.chars().anyMatch(c -> c > 255);
                bytes.writeBytes(
                        text.replace('\0', ' ').getBytes(wide ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1));
                bytes.write(0);
            }
            return bytes;
        }

        private void send(char command, byte[] data) throws IOException {
            out.writeInt(data.length + 1);
            out.write(command);
            out.write(data);
        }

        /** The next packet that is more than "still at work". */
        private Packet read() throws IOException {
            out.flush();
            while (true) {
                int length = in.readInt();
                if (length < 1 || length > CHUNK + 1) {
                    throw new FilterFaultException("it sends a packet of a length that none has");
                }
                char command = (char) (in.readByte() & 0xff);
                byte[] data = in.readNBytes(length - 1);
                if (data.length < length - 1) {
                    throw new EOFException("a packet ends amid");
                }
                if (command != 'p') {
                    return new Packet(command, data);
                }
            }
        }
    }
}
