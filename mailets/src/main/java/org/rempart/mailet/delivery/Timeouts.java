/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import java.time.Duration;

/** How long each phase of a conversation may take; the defaults are those of RFC 5321, section 4.5.3.2. */
public final class Timeouts {
    private final Duration connect;
    private final Duration greeting;
    private final Duration command;
    private final Duration dataStart;
    private final Duration dataBlock;
    private final Duration dataEnd;

    private Timeouts(
            Duration connect,
            Duration greeting,
            Duration command,
            Duration dataStart,
            Duration dataBlock,
            Duration dataEnd) {
        this.connect = connect;
        this.greeting = greeting;
        this.command = command;
        this.dataStart = dataStart;
        this.dataBlock = dataBlock;
        this.dataEnd = dataEnd;
    }

    /** Those of the RFC, and 30 s for the connection itself. */
    public static Timeouts standard() {
        return new Timeouts(
                Duration.ofSeconds(30),
                Duration.ofMinutes(5),
                Duration.ofMinutes(5),
                Duration.ofMinutes(2),
                Duration.ofMinutes(3),
                Duration.ofMinutes(10));
    }

    /** The same for everything. */
    public static Timeouts all(Duration timeout) {
        return new Timeouts(timeout, timeout, timeout, timeout, timeout, timeout);
    }

    /** These with another time for the connection. */
    public Timeouts withConnect(Duration timeout) {
        return new Timeouts(timeout, greeting, command, dataStart, dataBlock, dataEnd);
    }

    /**
     * These with another time for every reply. The answer after the message has ten minutes all the same: who hangs up on a
     * server that has just taken a message sends it twice.
     */
    public Timeouts withReplies(Duration timeout) {
        return new Timeouts(
                connect, timeout, timeout, timeout, timeout, timeout.compareTo(dataEnd) > 0 ? timeout : dataEnd);
    }

    Duration connect() {
        return connect;
    }

    Duration greeting() {
        return greeting;
    }

    /** For the reply to a command, the TLS handshake among them. */
    Duration command() {
        return command;
    }

    Duration dataStart() {
        return dataStart;
    }

    /** For the network to take some part of the message. */
    Duration dataBlock() {
        return dataBlock;
    }

    Duration dataEnd() {
        return dataEnd;
    }
}
