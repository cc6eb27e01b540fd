/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.MXRecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/**
 * A name server (RFC 1035) on loopback, over UDP and TCP on one port, that knows only what it is told and is an authority
 * for all of it. A name of which it knows nothing does not exist (NXDOMAIN); a name that has other records than those
 * asked for has none of that type (NODATA). What doesn't fit into a datagram is cut, with TC set, and comes by TCP.
 *
 * <p>May be told more while it serves. Answers have a time to live of 0 unless {@link #timeToLive} is called first, so that
 * what is changed is seen.
 *
 * <pre>{@code
 * try (DnsServer dns = DnsServer.start(InetAddress.getLoopbackAddress())) {
 *     dns.mx("partner.example", 10, "mx.partner.example").address("mx.partner.example", "127.0.1.7");
 * }
 * }</pre>
 */
public final class DnsServer implements AutoCloseable {
    private static final int SMALLEST_DATAGRAM = 512;
    private static final int LARGEST_MESSAGE = 65_535;
    private static final int ATTEMPTS = 50;

    private final DatagramSocket datagrams;
    private final ServerSocket streams;
    private final Map<Name, List<Record>> records = new ConcurrentHashMap<>();
    private final Map<Name, Integer> failures = new ConcurrentHashMap<>();
    private final List<String> questions = new CopyOnWriteArrayList<>();
    private volatile long timeToLive;

    /** What {@link #failures} holds for a name to which nothing is answered; no RCODE. */
    private static final int SILENCE = -1;

    /** Null where this server knows the answers itself. */
    private final UnaryOperator<Message> zones;

    private DnsServer(DatagramSocket datagrams, ServerSocket streams, UnaryOperator<Message> zones) {
        this.datagrams = datagrams;
        this.streams = streams;
        this.zones = zones;
    }

    /**
     * Serves on a free port of this address until {@link #close()}.
     *
     * @throws IOException if no port is free for both UDP and TCP
     */
    public static DnsServer start(InetAddress address) throws IOException {
        return start(address, null);
    }

    /** The same with the answers of somebody else, null where there is to be none: {@link SignedZones}. */
    static DnsServer start(InetAddress address, UnaryOperator<Message> zones) throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            ServerSocket streams = new ServerSocket(0, 50, address);
            try {
                return serve(new DatagramSocket(streams.getLocalPort(), address), streams, zones);
            } catch (IOException taken) {
                // Somebody has the same port of UDP.
                streams.close();
            }
        }
        throw new IOException("no port of " + address + " is free for both UDP and TCP");
    }

    /**
     * Serves on this address until {@link #close()}: with port 53, for programs that can't be told another one.
     *
     * @throws IOException if the port is taken, or is one for root alone
     */
    public static DnsServer start(InetSocketAddress address) throws IOException {
        ServerSocket streams = new ServerSocket(address.getPort(), 50, address.getAddress());
        try {
            return serve(new DatagramSocket(streams.getLocalPort(), address.getAddress()), streams, null);
        } catch (IOException taken) {
            streams.close();
            throw taken;
        }
    }

    private static DnsServer serve(DatagramSocket datagrams, ServerSocket streams, UnaryOperator<Message> zones) {
        DnsServer server = new DnsServer(datagrams, streams, zones);
        Daemons.start("dns, udp", server::answerDatagrams);
        Daemons.start("dns, tcp", server::answerStreams);
        return server;
    }

    /** Where it serves, by UDP and TCP. */
    public InetSocketAddress address() {
        return new InetSocketAddress(streams.getInetAddress(), streams.getLocalPort());
    }

    /** Every question so far, as {@code partner.example. MX}, the oldest first. */
    public List<String> questions() {
        return List.copyOf(questions);
    }

    /** How long records that are added from now on may be remembered, in seconds. */
    public DnsServer timeToLive(long seconds) {
        timeToLive = seconds;
        return this;
    }

    /** A host takes mail for a domain; the lower the preference, the sooner (RFC 5321, section 5.1). */
    public DnsServer mx(String domain, int preference, String host) {
        return add(new MXRecord(name(domain), DClass.IN, timeToLive, preference, name(host)));
    }

    /** A domain takes no mail (RFC 7505). */
    public DnsServer nullMx(String domain) {
        return add(new MXRecord(name(domain), DClass.IN, timeToLive, 0, Name.root));
    }

    /**
     * A host's addresses.
     *
     * @param addresses IPv4 or IPv6, as numbers
     */
    public DnsServer address(String host, String... addresses) {
        for (String text : addresses) {
            InetAddress address;
            try {
                address = InetAddress.getByName(text);
            } catch (IOException noNumber) {
                throw new IllegalArgumentException(text + " is no address", noNumber);
            }
            add(
                    address.getAddress().length == 4
                            ? new ARecord(name(host), DClass.IN, timeToLive, address)
                            : new AAAARecord(name(host), DClass.IN, timeToLive, address));
        }
        return this;
    }

    /** A text, of any length. */
    public DnsServer text(String name, String text) {
        List<String> parts = new ArrayList<>();
        for (int at = 0; at == 0 || at < text.length(); at += 255) {
            parts.add(text.substring(at, Math.min(text.length(), at + 255)));
        }
        return add(new TXTRecord(name(name), DClass.IN, timeToLive, parts));
    }

    /** A name is another name for a host. */
    public DnsServer alias(String name, String canonical) {
        return add(new CNAMERecord(name(name), DClass.IN, timeToLive, name(canonical)));
    }

    /** From now on every question for this name fails with SERVFAIL. */
    public DnsServer fail(String name) {
        failures.put(name(name), Rcode.SERVFAIL);
        return this;
    }

    /** From now on no question for this name is answered at all. */
    public DnsServer ignore(String name) {
        failures.put(name(name), SILENCE);
        return this;
    }

    /** Forgets all that it has been told of a name, failures too. */
    public DnsServer forget(String name) {
        records.remove(name(name));
        failures.remove(name(name));
        return this;
    }

    private DnsServer add(Record record) {
        records.computeIfAbsent(record.getName(), fresh -> new CopyOnWriteArrayList<>())
                .add(record);
        return this;
    }

    private static Name name(String text) {
        try {
            return Name.fromString(text, Name.root).canonicalize();
        } catch (TextParseException fault) {
            throw new IllegalArgumentException(text + " is no name", fault);
        }
    }

    private void answerDatagrams() {
        byte[] buffer = new byte[LARGEST_MESSAGE];
        while (!datagrams.isClosed()) {
            DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
            try {
                datagrams.receive(packet);
                Message question = new Message(Arrays.copyOf(packet.getData(), packet.getLength()));
                Message answer = answer(question);
                if (answer != null) {
                    OPTRecord extended = question.getOPT();
                    int room = extended == null
                            ? SMALLEST_DATAGRAM
                            : Math.max(SMALLEST_DATAGRAM, extended.getPayloadSize());
                    byte[] bytes = answer.toWire(room);
                    datagrams.send(new DatagramPacket(bytes, bytes.length, packet.getSocketAddress()));
                }
            } catch (IOException noQuestion) {
                // Closed, or a datagram that is none of the DNS: the next one, if there is one.
            }
        }
    }

    private void answerStreams() {
        while (!streams.isClosed()) {
            try {
                Socket client = streams.accept();
                Daemons.start("dns, one connection", () -> answerStream(client));
            } catch (IOException closed) {
                // The loop ends.
            }
        }
    }

    private void answerStream(Socket client) {
        try (client) {
            DataInputStream in = new DataInputStream(client.getInputStream());
            DataOutputStream out = new DataOutputStream(client.getOutputStream());
            while (true) {
                byte[] bytes = new byte[in.readUnsignedShort()];
                in.readFully(bytes);
                Message answer = answer(new Message(bytes));
                if (answer != null) {
                    byte[] wire = answer.toWire(LARGEST_MESSAGE);
                    byte[] framed = new byte[wire.length + 2];
                    framed[0] = (byte) (wire.length >> 8);
                    framed[1] = (byte) wire.length;
                    System.arraycopy(wire, 0, framed, 2, wire.length);
                    out.write(framed);
                }
            }
        } catch (IOException ended) {
            // The client has had its answers.
            return;
        }
    }

    /** The answer to a question; null where there is to be none. */
    private Message answer(Message question) {
        if (zones != null) {
            Record asked = question.getQuestion();
            questions.add(asked.getName() + " " + Type.string(asked.getType()));
            return zones.apply(question);
        }
        Message answer = new Message(question.getHeader().getID());
        Header header = answer.getHeader();
        header.setFlag(Flags.QR);
        header.setFlag(Flags.RA);
        header.setFlag(Flags.AA);
        if (question.getHeader().getFlag(Flags.RD)) {
            header.setFlag(Flags.RD);
        }
        if (question.getOPT() != null) {
            answer.addRecord(new OPTRecord(LARGEST_MESSAGE, Rcode.NOERROR, 0), Section.ADDITIONAL);
        }
        Record asked = question.getQuestion();
        if (asked == null) {
            header.setRcode(Rcode.FORMERR);
            return answer;
        }
        answer.addRecord(asked, Section.QUESTION);
        questions.add(asked.getName() + " " + Type.string(asked.getType()));
        Name name = asked.getName().canonicalize();
        Integer failure = failures.get(name);
        if (failure != null) {
            if (failure == SILENCE) {
                return null;
            }
            header.setRcode(failure);
            return answer;
        }
        fill(answer, name, asked.getType());
        return answer;
    }

    private void fill(Message answer, Name asked, int type) {
        Name name = asked;
        // As many aliases as anybody follows.
        for (int aliases = 0; aliases < 8; aliases++) {
            Name next = null;
            for (Record record : records.getOrDefault(name, List.of())) {
                if (record.getType() == type || type == Type.ANY) {
                    answer.addRecord(record, Section.ANSWER);
                } else if (record instanceof CNAMERecord alias) {
                    answer.addRecord(record, Section.ANSWER);
                    next = alias.getTarget().canonicalize();
                }
            }
            if (next == null) {
                break;
            }
            name = next;
        }
        if (answer.getSection(Section.ANSWER).isEmpty()) {
            if (!exists(name)) {
                answer.getHeader().setRcode(Rcode.NXDOMAIN);
            }
            answer.addRecord(soa(), Section.AUTHORITY);
        }
    }

    /** A name also exists if there is something below it (RFC 8020). */
    private boolean exists(Name name) {
        return records.keySet().stream().anyMatch(known -> known.subdomain(name));
    }

    /** How long it may be remembered that there is nothing (RFC 2308): as long as what there is. */
    private Record soa() {
        Name host = name("ns.example");
        return new SOARecord(Name.root, DClass.IN, timeToLive, host, host, 1, 60, 60, 60, timeToLive);
    }

    @Override
    public void close() throws IOException {
        datagrams.close();
        streams.close();
    }
}
