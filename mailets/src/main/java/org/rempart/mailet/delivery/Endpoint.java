/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.util.Objects;

/** A host and a port that mail can be handed to. */
public final class Endpoint {
    private final String host;
    private final int port;

    private Endpoint(String host, int port) {
        this.host = Objects.requireNonNull(host);
        this.port = port;
    }

    /** @param host a name, or an address without brackets */
    public static Endpoint of(String host, int port) {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException(port + " is no port");
        }
        return new Endpoint(host, port);
    }

    /** The name, or the address, without a dot at its end. */
    public String host() {
        return host;
    }

    public int port() {
        return port;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Endpoint && host.equals(((Endpoint) other).host) && port == ((Endpoint) other).port;
    }

    @Override
    public int hashCode() {
        return Objects.hash(host, port);
    }

    @Override
    public String toString() {
        return host.indexOf(':') < 0 ? host + ":" + port : "[" + host + "]:" + port;
    }
}
