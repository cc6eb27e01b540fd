/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.tls;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A ClientHello made by hand (RFC 8446, section 4.1.2, and what came before it): it offers what no TLS library of today
 * would. No handshake is ended with it; what the server chooses stands in its first flight.
 */
public final class ClientHello {
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Signature schemes of the usual kind, from new to old. */
    private static final int[] SCHEMES = {
        0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601,
        0x0303, 0x0301, 0x0203, 0x0201, 0x0202, 0x0402
    };

    private Version version = Version.TLS12;
    private List<Integer> suites = List.of();
    private List<Integer> groups =
            Arrays.stream(Group.values()).map(Group::code).toList();
    private int[] schemes = SCHEMES;
    private boolean compression;
    private boolean fallback;
    private boolean keyShare = true;
    private String host = "";

    /** The highest version that is offered; for TLS 1.3 the only one. */
    public ClientHello version(Version newest) {
        version = newest;
        return this;
    }

    public ClientHello suites(List<Suite> offered) {
        suites = offered.stream().map(Suite::number).toList();
        return this;
    }

    public ClientHello groups(Group... offered) {
        groups = Arrays.stream(offered).map(Group::code).toList();
        return this;
    }

    /** Numbers of signature schemes (RFC 8446, section 4.2.3). */
    public ClientHello schemes(int... offered) {
        schemes = offered.clone();
        return this;
    }

    /** Offers DEFLATE (RFC 3749). */
    public ClientHello compression() {
        compression = true;
        return this;
    }

    /** Says that this is a second try with an older version (RFC 7507). */
    public ClientHello fallback() {
        fallback = true;
        return this;
    }

    /** Without a key share the server has to name the group it wants (HelloRetryRequest). */
    public ClientHello withoutKeyShare() {
        keyShare = false;
        return this;
    }

    /** The name for SNI; an address is left out. */
    public ClientHello host(String name) {
        host = name;
        return this;
    }

    /** The record, as it goes over the wire. */
    public byte[] bytes() {
        if (version == Version.SSL2) {
            return ssl2();
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        boolean tls13 = version == Version.TLS13;
        two(body, Math.min(version.code(), Version.TLS12.code()));
        body.writeBytes(random(32));
        if (tls13) {
            // The compatibility mode of RFC 8446, appendix D.4.
            body.write(32);
            body.writeBytes(random(32));
        } else {
            body.write(0);
        }
        List<Integer> offered = new ArrayList<>(suites);
        if (!tls13) {
            // The signalling value, since SSLv3 has no extensions (RFC 5746, section 3.3).
            offered.add(0x00FF);
        }
        if (fallback) {
            offered.add(0x5600);
        }
        two(body, offered.size() * 2);
        offered.forEach(suite -> two(body, suite));
        if (compression) {
            body.write(2);
            body.write(1);
            body.write(0);
        } else {
            body.write(1);
            body.write(0);
        }
        if (version != Version.SSL3) {
            byte[] extensions = extensions(tls13);
            two(body, extensions.length);
            body.writeBytes(extensions);
        }
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        record.write(22);
        // Old servers turn away records of a version that they do not know (RFC 8446, section 5.1).
        two(record, Math.min(version.code(), Version.TLS10.code()));
        two(record, body.size() + 4);
        record.write(1);
        three(record, body.size());
        record.writeBytes(body.toByteArray());
        return record.toByteArray();
    }

    private byte[] extensions(boolean tls13) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        if (Jsse.isName(host)) {
            byte[] name = host.getBytes(StandardCharsets.US_ASCII);
            ByteArrayOutputStream names = new ByteArrayOutputStream();
            two(names, name.length + 3);
            names.write(0);
            two(names, name.length);
            names.writeBytes(name);
            extension(all, 0, names.toByteArray());
        }
        if (!groups.isEmpty()) {
            ByteArrayOutputStream list = new ByteArrayOutputStream();
            two(list, groups.size() * 2);
            groups.forEach(group -> two(list, group));
            extension(all, 10, list.toByteArray());
        }
        extension(all, 11, new byte[] {1, 0});
        if (version.code() >= Version.TLS12.code()) {
            ByteArrayOutputStream list = new ByteArrayOutputStream();
            two(list, schemes.length * 2);
            for (int scheme : schemes) {
                two(list, scheme);
            }
            extension(all, 13, list.toByteArray());
        }
        // Extended master secret (RFC 7627), session tickets (RFC 5077).
        extension(all, 23, new byte[0]);
        extension(all, 35, new byte[0]);
        if (tls13) {
            extension(all, 43, new byte[] {2, 3, 4});
            extension(all, 45, new byte[] {1, 1});
            ByteArrayOutputStream shares = new ByteArrayOutputStream();
            if (keyShare && groups.contains(Group.X25519.code())) {
                // Any 32 bytes are a public key of X25519 (RFC 7748, section 5).
                two(shares, 36);
                two(shares, Group.X25519.code());
                two(shares, 32);
                shares.writeBytes(random(32));
            } else {
                two(shares, 0);
            }
            extension(all, 51, shares.toByteArray());
        }
        return all.toByteArray();
    }

    /** The hello of SSLv2, with all of its suites. */
    private static byte[] ssl2() {
        int[] kinds = {0x010080, 0x020080, 0x030080, 0x040080, 0x050080, 0x060040, 0x0700c0};
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.write(1);
        two(body, Version.SSL2.code());
        two(body, kinds.length * 3);
        two(body, 0);
        two(body, 16);
        for (int kind : kinds) {
            three(body, kind);
        }
        body.writeBytes(random(16));
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        two(record, 0x8000 | body.size());
        record.writeBytes(body.toByteArray());
        return record.toByteArray();
    }

    private static void extension(ByteArrayOutputStream out, int type, byte[] content) {
        two(out, type);
        two(out, content.length);
        out.writeBytes(content);
    }

    private static void two(ByteArrayOutputStream out, int value) {
        out.write(value >> 8);
        out.write(value);
    }

    private static void three(ByteArrayOutputStream out, int value) {
        out.write(value >> 16);
        two(out, value);
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        RANDOM.nextBytes(bytes);
        return bytes;
    }
}
