/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.tls;

/** A group of the key exchange (RFC 8446, section 4.2.7; RFC 8422), as far as it is asked for. */
public enum Group {
    SECP160R1(0x0010, 160),
    SECP192R1(0x0013, 192),
    SECP224R1(0x0015, 224),
    SECP256R1(0x0017, 256),
    SECP384R1(0x0018, 384),
    SECP521R1(0x0019, 521),
    X25519(0x001d, 255),
    X448(0x001e, 448),
    FFDHE2048(0x0100, 2048),
    FFDHE3072(0x0101, 3072),
    FFDHE4096(0x0102, 4096),
    X25519MLKEM768(0x11ec, 255);

    private final int code;
    private final int bits;

    Group(int code, int bits) {
        this.code = code;
        this.bits = bits;
    }

    public int code() {
        return code;
    }

    /** Whether it gives less than 112 bits of security (NIST SP 800-57). */
    public boolean weak() {
        return bits < 224;
    }

    /** The name of a group's number. */
    public static String nameOf(int code) {
        for (Group group : values()) {
            if (group.code == code) {
                return group.name().toLowerCase(java.util.Locale.ROOT);
            }
        }
        return String.format("group 0x%04X", code);
    }
}
