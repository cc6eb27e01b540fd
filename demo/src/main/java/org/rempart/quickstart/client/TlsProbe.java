/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart.client;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.security.SecureRandom;

/**
 * Asks a server whether it would speak an old TLS version, by sending a ClientHello (RFC 5246, section 7.4.1.2) that
 * offers nothing newer, and reading the first record of the answer. The JDK can't be asked to: it refuses to speak these
 * versions itself, so a failed handshake would say nothing about the server.
 */
public final class TlsProbe {
    private static final int ALERT = 21;
    private static final int HANDSHAKE = 22;
    private static final int SERVER_HELLO = 2;

    /** With elliptic curves and without, RSA and ECDSA, CBC and GCM: what servers of any age have in common with us. */
    private static final int[] CIPHER_SUITES = {
        0xC02F, 0xC030, 0xC02B, 0xC02C, 0xCCA8, 0xCCA9, 0x009C, 0x009D, // TLS 1.2 only
        0xC013, 0xC014, 0xC009, 0xC00A, 0x0033, 0x0039, 0x002F, 0x0035, 0xC012, 0x000A
    };

    private TlsProbe() {}

    /** A protocol version, at most which the ClientHello offers. */
    public enum Version {
        SSL_3("SSLv3", 0x0300),
        TLS_1_0("TLSv1", 0x0301),
        TLS_1_1("TLSv1.1", 0x0302),
        TLS_1_2("TLSv1.2", 0x0303);

        private final String label;
        private final int number;

        Version(String label, int number) {
            this.label = label;
            this.number = number;
        }

        /** The name as JSSE writes it. */
        public String label() {
            return label;
        }
    }

    /**
     * What came back.
     *
     * @param accepted whether the server answered with a ServerHello, that is, goes on in the version offered
     * @param text what it answered, for a reader
     */
    public record Answer(boolean accepted, String text) {}

    /** Probes a listener with TLS from the first byte. */
    public static Answer probe(InetSocketAddress address, Version version) throws IOException {
        try (Connection connection = Connection.open(address)) {
            return probe(connection.socket(), version);
        }
    }

    /**
     * Probes on a connected socket, at the point where the handshake is due. The socket is of no use afterwards.
     *
     * @throws IOException if the answer is no TLS record, or does not come within the socket's time-out
     */
    static Answer probe(Socket socket, Version version) throws IOException {
        try {
            socket.getOutputStream().write(clientHello(version));
            socket.getOutputStream().flush();
            InputStream in = socket.getInputStream();
            byte[] header = in.readNBytes(5);
            if (header.length < 5) {
                return new Answer(false, "connection closed");
            }
            byte[] body = in.readNBytes(((header[3] & 0xFF) << 8) | (header[4] & 0xFF));
            if (header[0] == ALERT && body.length == 2) {
                return new Answer(false, "alert " + alertName(body[1] & 0xFF));
            }
            if (header[0] == HANDSHAKE && body.length > 6 && body[0] == SERVER_HELLO) {
                int chosen = ((body[4] & 0xFF) << 8) | (body[5] & 0xFF);
                return new Answer(true, "ServerHello, version 0x0" + Integer.toHexString(chosen));
            }
            throw new IOException("The answer to a TLS ClientHello is neither an alert nor a ServerHello: record type "
                    + header[0] + ", " + body.length + " bytes.");
        } catch (SocketException e) {
            return new Answer(false, "connection reset");
        }
    }

    private static String alertName(int number) {
        return switch (number) {
            case 40 -> "handshake_failure";
            case 70 -> "protocol_version";
            case 71 -> "insufficient_security";
            default -> Integer.toString(number);
        };
    }

    private static byte[] clientHello(Version version) throws IOException {
        ByteArrayOutputStream hello = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(hello);
        out.writeShort(version.number);
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        out.write(random);
        out.writeByte(0); // no session to resume
        out.writeShort(CIPHER_SUITES.length * 2);
        for (int suite : CIPHER_SUITES) {
            out.writeShort(suite);
        }
        out.writeByte(1);
        out.writeByte(0); // no compression
        byte[] extensions = extensions(version);
        out.writeShort(extensions.length);
        out.write(extensions);

        ByteArrayOutputStream record = new ByteArrayOutputStream();
        DataOutputStream whole = new DataOutputStream(record);
        whole.writeByte(HANDSHAKE);
        whole.writeShort(Math.min(version.number, 0x0301)); // as RFC 5246, appendix E.1, advises
        whole.writeShort(hello.size() + 4);
        whole.writeByte(1); // ClientHello
        whole.writeByte(0);
        whole.writeShort(hello.size());
        hello.writeTo(whole);
        return record.toByteArray();
    }

    private static byte[] extensions(Version version) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        // supported_groups (RFC 8422): x25519, secp256r1, secp384r1
        extension(out, 10, 0, 6, 0, 29, 0, 23, 0, 24);
        // ec_point_formats: uncompressed
        extension(out, 11, 1, 0);
        if (version == Version.TLS_1_2) {
            // signature_algorithms: RSA-PSS, RSA and ECDSA with SHA-256 and SHA-384
            extension(out, 13, 0, 12, 8, 4, 8, 5, 4, 1, 5, 1, 4, 3, 5, 3);
        }
        return bytes.toByteArray();
    }

    private static void extension(DataOutputStream out, int type, int... body) throws IOException {
        out.writeShort(type);
        out.writeShort(body.length);
        for (int b : body) {
            out.writeByte(b);
        }
    }
}
