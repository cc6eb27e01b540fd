/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.rempart.testsupport.Loopback;
import org.rempart.testsupport.SmtpPeer;
import org.rempart.testsupport.TakenMail;

/** Mail servers of several kinds, each by its name, the delivery to them, and what is known of its mails. */
final class Destinations implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /** What becomes of a mail. */
    enum Fate {
        /** It comes once, under TLS. */
        TLS,
        /** It comes once, in clear text. */
        CLEAR,
        /** It doesn't come, waits for another try, and its reason is known. */
        LATER
    }

    private final Map<String, SmtpPeer> peers = new LinkedHashMap<>();
    private final Trail trail = new Trail();
    private final Loopback loopback;
    private Outbound outbound;

    /** @param most how many addresses may be needed */
    Destinations(int most) throws IOException {
        loopback = Loopback.of(most);
    }

    /** A name as a label of the DNS. */
    static String label(String name) {
        return name.replaceAll("[^A-Za-z0-9]+", "-").toLowerCase(Locale.ROOT);
    }

    /** Where all of them listen, each at an address of its own. */
    int port() {
        return loopback.port();
    }

    /** An address for what is no peer of these. */
    InetSocketAddress next() {
        return loopback.next();
    }

    /** Starts a server; returns its address, as the DNS has it. */
    String start(String name, SmtpPeer.Builder kind) throws IOException {
        InetSocketAddress address = loopback.next();
        peers.put(name, kind.start(address));
        return address.getAddress().getHostAddress();
    }

    SmtpPeer peer(String name) {
        return peers.get(name);
    }

    /** Starts the delivery; see {@link Outbound#start}. */
    void deliver(InetSocketAddress dns, Path folder, String policy) throws Exception {
        outbound = Outbound.start(dns, folder, loopback.port(), policy, Map.of("delayTime", "1h", "maxRetries", "5"));
    }

    void send(String text, String recipient) throws Exception {
        outbound.send(text, recipient);
    }

    /** The same for mail that requires TLS all the way. */
    void sendRequiringTls(String text, String recipient) throws Exception {
        outbound.sendRequiringTls("", text, recipient);
    }

    /** What failed so far. */
    List<Outbound.Bounced> bounced() {
        return outbound.bounced();
    }

    /** Why a recipient's mail waits; null when it does not. */
    String waitsBecause(String recipient) {
        return outbound.deferred().get(recipient);
    }

    /** What the trail said last of a recipient's domain. */
    String last(String recipient) {
        return trail.last(recipient.substring(recipient.indexOf('@') + 1));
    }

    /** The mails that a peer has of a recipient. */
    List<TakenMail> mails(String name, String recipient) {
        return peers.get(name).mails().stream()
                .filter(mail -> mail.recipients().contains(recipient))
                .toList();
    }

    /** Waits until a recipient's mail has come or waits. */
    void await(String name, String recipient) {
        await(recipient, () -> !mails(name, recipient).isEmpty());
    }

    void await(String recipient, Callable<Boolean> arrived) {
        Awaitility.await(recipient)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> arrived.call() || waitsBecause(recipient) != null);
    }

    /** Sees to it that a recipient's mail has this fate at a peer: there, in clear text, in the queue and in the trail. */
    void assertFate(String name, String recipient, Fate fate) {
        await(name, recipient);
        if (fate == Fate.LATER) {
            assertThat(mails(name, recipient)).as(recipient).isEmpty();
        } else {
            assertThat(mails(name, recipient))
                    .as("%s (waits because of %s)", recipient, waitsBecause(recipient))
                    .singleElement()
                    .satisfies(
                            mail -> assertThat(mail.underTls()).as("under TLS").isEqualTo(fate == Fate.TLS));
        }
        if (fate != Fate.CLEAR) {
            assertThat(peers.get(name).clearTexts())
                    .as("%s: what was in clear text", recipient)
                    .allSatisfy(text -> assertThat(text).doesNotContain(recipient));
        }
        assertKnown(recipient, fate);
    }

    /** Sees to it that the queue and the trail know of this fate. */
    void assertKnown(String recipient, Fate fate) {
        String reason = waitsBecause(recipient);
        assertThat(reason != null)
                .as("%s waits (because of %s)", recipient, reason)
                .isEqualTo(fate == Fate.LATER);
        assertThat(last(recipient))
                .matches(
                        switch (fate) {
                            case TLS -> ".*\"tlsVersion\":\"TLSv1\\..*";
                            case CLEAR -> ".*\"clearText\":\".+\".*";
                            case LATER -> ".*\"failure\":\".+\".*";
                        });
    }

    /** A policy that asks for more than a peer has is no reason to give a mail up. */
    void assertNothingBounced() {
        assertThat(bounced()).isEmpty();
    }

    @Override
    public void close() throws IOException {
        if (outbound != null) {
            outbound.close();
        }
        for (SmtpPeer peer : peers.values()) {
            peer.close();
        }
        trail.close();
    }
}
