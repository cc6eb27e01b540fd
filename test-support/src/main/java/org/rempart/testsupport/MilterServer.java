/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A filter of Sendmail's protocol (milter) on loopback, whose part in each conversation a test writes. */
public final class MilterServer implements AutoCloseable {
    private final ServerSocket socket;
    private final Script script;
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();

    private MilterServer(ServerSocket socket, Script script) {
        this.socket = socket;
        this.script = script;
    }

    /** What the filter does in one conversation. */
    public interface Script {
        void play(Talk talk) throws IOException, InterruptedException;
    }

    /** Starts one; each connection plays the script. */
    public static MilterServer start(Script script) throws IOException {
        MilterServer server = new MilterServer(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), script);
        Daemons.start("milter", server::accept);
        return server;
    }

    private void accept() {
        while (!socket.isClosed()) {
            Socket client;
            try {
                client = socket.accept();
            } catch (IOException closed) {
                return;
            }
            Daemons.start("milter's conversation", () -> converse(client));
        }
    }

    private void converse(Socket client) {
        try (client) {
            script.play(new Talk(client));
        } catch (IOException over) {
            // The client has closed the connection.
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error wrong) {
            failures.add(wrong);
        }
    }

    public int port() {
        return socket.getLocalPort();
    }

    /** The packets that came, each its command, a space, and its data with {@code |} for NUL; ISO 8859-1. */
    public List<String> told() {
        return told;
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        if (!failures.isEmpty()) {
            throw new AssertionError(failures.get(0));
        }
    }

    /** One conversation. */
    public final class Talk {
        private final DataInputStream in;
        private final DataOutputStream out;
        private final List<String> seen = new ArrayList<>();

        private Talk(Socket socket) throws IOException {
            this.in = new DataInputStream(socket.getInputStream());
            this.out = new DataOutputStream(socket.getOutputStream());
        }

        /** The next packet's command; the packet is noted. */
        public char read() throws IOException {
            int length = in.readInt();
            char command = (char) in.readByte();
            byte[] data = in.readNBytes(length - 1);
            String packet = command + " " + new String(data, StandardCharsets.ISO_8859_1).replace('\0', '|');
            told.add(packet);
            seen.add(packet);
            return command;
        }

        /** Whether a packet of this conversation held a text. */
        public boolean saw(String text) {
            return seen.stream().anyMatch(packet -> packet.contains(text));
        }

        /** Sends a packet; the parts one behind the other, as they are. */
        public Talk send(char command, String... parts) throws IOException {
            byte[] data = String.join("", parts).getBytes(StandardCharsets.ISO_8859_1);
            ByteArrayOutputStream packet = new ByteArrayOutputStream();
            DataOutputStream writer = new DataOutputStream(packet);
            writer.writeInt(data.length + 1);
            writer.write(command);
            writer.write(data);
            return raw(packet.toByteArray());
        }

        /** Sends these bytes. */
        public Talk raw(byte[] bytes) throws IOException {
            out.write(bytes);
            out.flush();
            return this;
        }

        /** Reads the offer, and answers with version 6, all actions, and these steps that are left out. */
        public Talk negotiate(int steps) throws IOException {
            read();
            return send('O', number(6), number(0x1ff), number(steps));
        }

        /** Goes on with everything until a packet of this command came. */
        public Talk until(char last) throws IOException {
            while (true) {
                char command = read();
                if (command == last) {
                    return this;
                }
                if (command != 'D') {
                    send('c');
                }
            }
        }

        /** Negotiates, and goes on with everything until the end of the message. */
        public Talk untilEnd() throws IOException {
            return negotiate(0).until('E');
        }
    }

    /** Four bytes, the highest first, as characters. */
    public static String number(int number) {
        return new String(new char[] {
            (char) (number >>> 24), (char) (number >> 16 & 0xff), (char) (number >> 8 & 0xff), (char) (number & 0xff)
        });
    }
}
