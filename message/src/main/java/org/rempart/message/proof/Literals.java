/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.proof;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/** Addresses in numbers, as records of the DNS have them; no name is ever looked up. */
final class Literals {
    private static final Pattern OCTET = Pattern.compile("0|[1-9][0-9]{0,2}");
    private static final Pattern IP6 = Pattern.compile("[0-9A-Fa-f:]*:[0-9A-Fa-f:]*(?:[0-9]+(?:\\.[0-9]+){3})?");

    private Literals() {}

    /** Null where it is none. */
    static InetAddress ip4(String text) {
        String[] octets = text.split("\\.", -1);
        byte[] address = new byte[4];
        if (octets.length != 4) {
            return null;
        }
        for (int i = 0; i < 4; i++) {
            if (!OCTET.matcher(octets[i]).matches() || Integer.parseInt(octets[i]) > 255) {
                return null;
            }
            address[i] = (byte) Integer.parseInt(octets[i]);
        }
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Null where it is none. */
    static InetAddress ip6(String text) {
        if (!IP6.matcher(text).matches()) {
            return null;
        }
        try {
            InetAddress address = InetAddress.getByName(text);
            // Java makes an IPv4 address of a mapped one, which no client ever has here.
            return address instanceof Inet6Address ? address : Inet6Address.getByAddress("", mapped(address), -1);
        } catch (UnknownHostException none) {
            return null;
        }
    }

    private static byte[] mapped(InetAddress four) {
        byte[] mapped = new byte[16];
        mapped[10] = (byte) 0xff;
        mapped[11] = (byte) 0xff;
        System.arraycopy(four.getAddress(), 0, mapped, 12, 4);
        return mapped;
    }
}
