/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.rempart.audit.net.ClearTextException;
import org.rempart.audit.net.Wire;

/**
 * What a server says to a {@link ClientHello}: its choice, or its refusal.
 *
 * @param kind whether it chose, refused, or did neither
 * @param version what it chose; null unless it chose
 * @param suite the number of what it chose
 * @param compressed whether it chose compression
 * @param extensions numbers of the extensions of its ServerHello
 * @param group the group of the key exchange; 0 if none was told
 * @param primeBits of a finite-field exchange; 0 if there is none
 * @param scheme the signature scheme of its key exchange (TLS 1.2); 0 if none
 * @param certificates in the order that they came in; only up to TLS 1.2
 * @param text what happened, for reports
 */
public record ServerFlight(
        Kind kind,
        Version version,
        int suite,
        boolean compressed,
        Set<Integer> extensions,
        int group,
        int primeBits,
        int scheme,
        List<X509Certificate> certificates,
        String text) {
    /** What became of the hello. */
    public enum Kind {
        CHOSE,
        /** An alert, or the end of the connection. */
        REFUSED,
        /** Nothing in time, or nothing of TLS. */
        NONSENSE
    }

    private static final int FLIGHT = 128 * 1024;

    /** The random of a HelloRetryRequest (RFC 8446, section 4.1.3). */
    private static final byte[] RETRY =
            HexFormat.of().parseHex("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C");

    public boolean chose() {
        return kind == Kind.CHOSE;
    }

    public boolean refused() {
        return kind == Kind.REFUSED;
    }

    private static ServerFlight without(Kind kind, String text) {
        return new ServerFlight(kind, null, 0, false, Set.of(), 0, 0, 0, List.of(), text);
    }

    /**
     * Sends a hello and reads the flight up to where the server waits, or encrypts.
     *
     * @throws ClearTextException if a reply of SMTP comes in its place, where TLS comes first
     */
    public static ServerFlight to(ClientHello hello, Wire wire) throws IOException {
        long end = wire.replyBy();
        try {
            wire.write(hello.bytes());
            if (wire.listener().service().direct() && wire.clearTextComes(end)) {
                throw new ClearTextException("clear text came where TLS begins");
            }
            return read(() -> wire.read(end));
        } catch (SocketTimeoutException e) {
            return without(Kind.NONSENSE, "no answer to the TLS hello in time");
        } catch (java.net.SocketException e) {
            // Reset: the server went without an alert.
            return without(Kind.REFUSED, "the server cut the connection");
        }
    }

    /** Where bytes come from, one by one; -1 at the end. */
    interface Source {
        int next() throws IOException;
    }

    /** Reads a flight. Whatever the bytes are, it ends: at a whole flight, at the end, or at a bound. */
    static ServerFlight read(Source source) throws IOException {
        ByteArrayOutputStream handshake = new ByteArrayOutputStream();
        Building building = new Building();
        int consumed = 0;
        int total = 0;
        while (true) {
            int type = source.next();
            if (type < 0) {
                return building.end("the server closed the connection");
            }
            if ((type & 0x80) != 0 && total == 0) {
                return ssl2(type, source);
            }
            int major = source.next();
            int minor = source.next();
            int length = source.next() << 8 | source.next();
            if (major != 3 || minor < 0 || length < 0) {
                return building.end("what came is no TLS (" + visible(type, major, minor) + ")");
            }
            total += length + 5;
            if (total > FLIGHT) {
                return building.end("the flight does not end after " + FLIGHT + " bytes");
            }
            byte[] content = new byte[length];
            for (int i = 0; i < length; i++) {
                int b = source.next();
                if (b < 0) {
                    return building.end("the server closed the connection within a record");
                }
                content[i] = (byte) b;
            }
            if (type == 21) {
                return building.end(alert(content));
            }
            if (type != 22) {
                // ChangeCipherSpec or encrypted: TLS 1.3 has said all that is to be had.
                return building.end("the server goes on encrypted");
            }
            handshake.writeBytes(content);
            byte[] all = handshake.toByteArray();
            while (all.length - consumed >= 4) {
                int size =
                        (all[consumed + 1] & 0xff) << 16 | (all[consumed + 2] & 0xff) << 8 | (all[consumed + 3] & 0xff);
                if (all.length - consumed - 4 < size) {
                    break;
                }
                ByteBuffer body = ByteBuffer.wrap(all, consumed + 4, size).slice();
                try {
                    if (building.take(all[consumed] & 0xff, body)) {
                        return building.end("");
                    }
                } catch (java.nio.BufferUnderflowException | IllegalArgumentException e) {
                    return building.end("a handshake message of type " + (all[consumed] & 0xff) + " is malformed");
                }
                consumed += 4 + size;
            }
        }
    }

    private static String visible(int... bytes) {
        StringBuilder text = new StringBuilder();
        for (int b : bytes) {
            if (b >= 0) {
                text.append(text.length() > 0 ? " " : "").append(String.format("%02x", b));
            }
        }
        return text.toString();
    }

    private static ServerFlight ssl2(int first, Source source) throws IOException {
        int second = source.next();
        int type = source.next();
        if (second < 0 || type != 4 || ((first & 0x7f) << 8 | second) < 11) {
            return without(Kind.REFUSED, "the server answers nothing of SSLv2");
        }
        source.next();
        source.next();
        int version = source.next() << 8 | source.next();
        return version == Version.SSL2.code()
                ? new ServerFlight(
                        Kind.CHOSE, Version.SSL2, 0, false, Set.of(), 0, 0, 0, List.of(), "an SSLv2 ServerHello came")
                : without(Kind.REFUSED, "the server answers nothing of SSLv2");
    }

    private static String alert(byte[] content) {
        if (content.length < 2) {
            return "an encrypted or malformed alert";
        }
        String name =
                switch (content[1]) {
                    case 0 -> "close_notify";
                    case 10 -> "unexpected_message";
                    case 20 -> "bad_record_mac";
                    case 40 -> "handshake_failure";
                    case 47 -> "illegal_parameter";
                    case 50 -> "decode_error";
                    case 51 -> "decrypt_error";
                    case 70 -> "protocol_version";
                    case 71 -> "insufficient_security";
                    case 80 -> "internal_error";
                    case 86 -> "inappropriate_fallback";
                    case 109 -> "missing_extension";
                    case 112 -> "unrecognized_name";
                    default -> "number " + (content[1] & 0xff);
                };
        return "alert " + name;
    }

    /** The flight as far as it came. */
    private static final class Building {
        private Version version;
        private int suite;
        private boolean compressed;
        private final Set<Integer> extensions = new HashSet<>();
        private int group;
        private int primeBits;
        private int scheme;
        private final List<X509Certificate> certificates = new ArrayList<>();

        /** Takes a handshake message; true if nothing more is to be had. */
        boolean take(int type, ByteBuffer body) {
            switch (type) {
                case 2 -> {
                    return hello(body);
                }
                case 11 -> certificates(body);
                case 12 -> keyExchange(body);
                case 14 -> {
                    return true;
                }
                default -> {
                    // CertificateStatus, CertificateRequest: nothing that is asked for.
                }
            }
            return false;
        }

        private boolean hello(ByteBuffer body) {
            int legacy = body.getShort() & 0xffff;
            byte[] random = new byte[32];
            body.get(random);
            skip(body, body.get() & 0xff);
            suite = body.getShort() & 0xffff;
            compressed = body.get() != 0;
            version = Version.of(legacy);
            if (body.remaining() >= 2) {
                int end = (body.getShort() & 0xffff) + body.position();
                while (body.position() + 4 <= Math.min(end, body.limit())) {
                    int type = body.getShort() & 0xffff;
                    int length = body.getShort() & 0xffff;
                    int next = body.position() + length;
                    extensions.add(type);
                    if (type == 43 && length >= 2) {
                        version = Version.of(body.getShort() & 0xffff);
                    } else if (type == 51 && length >= 2) {
                        group = body.getShort() & 0xffff;
                    }
                    body.position(next);
                }
            }
            return version == Version.TLS13 || java.util.Arrays.equals(random, RETRY);
        }

        private void certificates(ByteBuffer body) {
            int total = three(body);
            int end = Math.min(body.limit(), body.position() + total);
            while (body.position() + 3 <= end && certificates.size() < 20) {
                byte[] der = new byte[three(body)];
                body.get(der);
                try {
                    certificates.add((X509Certificate)
                            CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der)));
                } catch (CertificateException e) {
                    throw new IllegalArgumentException("a certificate can't be read", e);
                }
            }
        }

        private void keyExchange(ByteBuffer body) {
            String name = Suite.of(suite).name();
            if (name.startsWith("TLS_ECDHE") || name.startsWith("TLS_ECDH_anon")) {
                if (body.get() == 3) {
                    group = body.getShort() & 0xffff;
                    skip(body, body.get() & 0xff);
                    signature(body);
                }
            } else if (name.startsWith("TLS_DHE") || name.startsWith("TLS_DH_anon")) {
                byte[] prime = new byte[body.getShort() & 0xffff];
                body.get(prime);
                primeBits = new BigInteger(1, prime).bitLength();
                skip(body, body.getShort() & 0xffff);
                skip(body, body.getShort() & 0xffff);
                signature(body);
            }
        }

        private void signature(ByteBuffer body) {
            if (version == Version.TLS12 && body.remaining() >= 4) {
                scheme = body.getShort() & 0xffff;
            }
        }

        private static void skip(ByteBuffer body, int bytes) {
            body.position(body.position() + bytes);
        }

        private static int three(ByteBuffer body) {
            return (body.get() & 0xff) << 16 | (body.getShort() & 0xffff);
        }

        ServerFlight end(String text) {
            if (version == null) {
                return without(
                        text.startsWith("what came") || text.startsWith("the flight") || text.contains("malformed")
                                ? Kind.NONSENSE
                                : Kind.REFUSED,
                        text);
            }
            return new ServerFlight(
                    Kind.CHOSE,
                    version,
                    suite,
                    compressed,
                    Set.copyOf(extensions),
                    group,
                    primeBits,
                    scheme,
                    List.copyOf(certificates),
                    text);
        }
    }
}
