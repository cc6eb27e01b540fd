/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/** What addresses are counted as. */
public final class ClientNetwork {
    private static final int SUBSCRIBER_BYTES = 8;
    private static final int SITE_BYTES = 6;
    private static final int NEIGHBOURHOOD_BYTES = 3;

    private ClientNetwork() {}

    /** What one subscriber has: an IPv4 address, or the /64 network of an IPv6 address (RFC 4291, section 2.5.4). */
    public static String subscriber(InetAddress address) {
        return address instanceof Inet6Address ? prefix(address, SUBSCRIBER_BYTES) : address.getHostAddress();
    }

    /** What one site has, or a provider gives to neighbours: the /24 of an IPv4 address, the /48 of an IPv6 address. */
    public static String site(InetAddress address) {
        return prefix(address, address instanceof Inet6Address ? SITE_BYTES : NEIGHBOURHOOD_BYTES);
    }

    private static String prefix(InetAddress address, int length) {
        byte[] bytes = address.getAddress();
        Arrays.fill(bytes, length, bytes.length, (byte) 0);
        try {
            return InetAddress.getByAddress(bytes).getHostAddress() + "/" + length * Byte.SIZE;
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
