/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.rempart.distribution.home.Listener;

/** How many files the process may have open, against how many its listeners may make it open. */
final class OpenFiles {
    /** A socket, and a message in a temporary file or on its way to the queue. */
    private static final int FOR_A_CONNECTION = 2;

    /** Libraries, logs, the database, outgoing connections. */
    private static final int FOR_ALL_ELSE = 500;

    private OpenFiles() {}

    /** The limit of this process; empty where the system has none. */
    static OptionalLong limit() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? OptionalLong.of(unix.getMaxFileDescriptorCount())
                : OptionalLong.empty();
    }

    /** What an administrator should know of these listeners, if anything. */
    static Optional<String> warning(List<Listener> listeners, long limit) {
        long connections = 0;
        for (Listener listener : listeners) {
            if (listener.connections() == 0 && !listener.name().equals(Listener.WEBADMIN)) {
                return Optional.of(listener.file() + ": the listener " + listener.name()
                        + " lets in any number of connections; write <connectionLimit>500</connectionLimit>");
            }
            connections += listener.connections();
        }
        long needed = connections * FOR_A_CONNECTION + FOR_ALL_ELSE;
        return needed <= limit
                ? Optional.empty()
                : Optional.of("this process may have " + limit + " files open, and the " + connections
                        + " connections that the listeners let in need up to " + needed
                        + "; raise the limit (LimitNOFILE= of systemd, ulimit -n), or lower <connectionLimit> in"
                        + " conf/smtpserver.xml and conf/imapserver.xml");
    }
}
