/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.nio.charset.StandardCharsets;

/**
 * What a peer does instead of what it should.
 *
 * @param says what it says, as it goes over the wire; empty: nothing
 * @param then what follows
 */
record Fault(String says, Then then) {
    /** What follows on what a peer says. */
    enum Then {
        /** The conversation goes on; what was asked for has not been done. */
        GO_ON,
        /** The connection is closed. */
        CLOSE,
        /** Nothing more is said until the client leaves. */
        STALL,
        /** Nothing more is read, nor said, and the connection is not closed. */
        DEAF,
        /** The handshake follows, where the fault is at STARTTLS. */
        HANDSHAKE,
        /** A ServerHello of TLS 1.0 follows, whatever the client has asked for. */
        OLD_HANDSHAKE,
        /** A message is taken; then the connection is closed, and the client can't know that it was taken. */
        TAKE_AND_CLOSE
    }

    byte[] bytes() {
        return says.getBytes(StandardCharsets.ISO_8859_1);
    }
}
