/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * Where something listens, and what it is.
 *
 * @param host the name that the user gave, for SNI and the certificate
 * @param address the address that is connected to
 */
public record Listener(Service service, String host, InetAddress address, int port) {
    public InetSocketAddress socketAddress() {
        return new InetSocketAddress(address, port);
    }

    /** Like {@code submission 587}. */
    @Override
    public String toString() {
        String at = service.label() + " " + port;
        return address instanceof java.net.Inet6Address ? at + " (IPv6)" : at;
    }
}
