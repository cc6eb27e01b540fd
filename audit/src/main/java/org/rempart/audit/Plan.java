/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.Service;
import org.rempart.audit.sink.Sink;

/**
 * What is to be audited, and with what.
 *
 * @param host the server's name or address, as the user gave it
 * @param listeners of that server; those that answered
 * @param domain ours: the server receives its mail; empty if not told
 * @param foreign a domain that the server has nothing to do with; no message is sent to it without a sink
 * @param account lends an account
 * @param recipient an address of ours that may get test messages; empty if there is none
 * @param other an address of ours that is somebody else's than the account's; empty if none is named
 * @param sink sees what the server sends out
 * @param sinkWait how long mail may take to get there
 * @param message a message that was received outside, to look for what its header tells
 * @param anchors further certificates that are trusted
 * @param selectors of DKIM
 * @param dns whether the DNS of the domain is looked at
 * @param limits whether limits are tried out, which takes many connections
 * @param thorough whether every form of a relay attempt is tried from every sender, in every state
 */
public record Plan(
        String host,
        List<Listener> listeners,
        Optional<String> domain,
        String foreign,
        Optional<Account> account,
        Optional<String> recipient,
        Optional<String> other,
        Optional<Sink> sink,
        Duration sinkWait,
        Optional<Path> message,
        List<X509Certificate> anchors,
        List<String> selectors,
        boolean dns,
        boolean limits,
        boolean thorough) {

    public Plan {
        listeners = List.copyOf(listeners);
        anchors = List.copyOf(anchors);
        selectors = List.copyOf(selectors);
    }

    /** The listeners that speak a protocol. */
    public List<Listener> speaking(Service.Protocol protocol) {
        return listeners.stream()
                .filter(listener -> listener.service().protocol() == protocol)
                .toList();
    }
}
