/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.testsupport.DnsServer;
import org.rempart.testsupport.Loopback;
import org.rempart.testsupport.SmtpPeer;
import org.rempart.testsupport.Tools;

/** Which host gets a mail, by what the DNS says (RFC 5321, section 5.1): with James's DNS service and a DNS of the test. */
class RoutesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String OURSELVES = "mail.ours.example";

    @TempDir
    private Path folder;

    private Loopback loopback;
    private DnsServer dns;
    private SmtpPeer first;
    private SmtpPeer second;
    private Outbound outbound;

    @BeforeEach
    void start() throws Exception {
        loopback = Loopback.of(4);
        dns = DnsServer.start(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        first = peer("mx1.test");
        second = peer("mx2.test");
        outbound = Outbound.start(dns, folder, loopback.port(), "", Map.of("delayTime", "1h", "maxRetries", "5"));
    }

    private SmtpPeer peer(String name) throws IOException {
        InetSocketAddress address = loopback.next();
        dns.address(name, address.getAddress().getHostAddress());
        return SmtpPeer.named(name).start(address);
    }

    @AfterEach
    void stop() throws IOException {
        outbound.close();
        first.close();
        second.close();
        dns.close();
    }

    private void sendTo(String recipient) throws Exception {
        outbound.send("a text", recipient);
    }

    private void awaitAt(SmtpPeer peer) {
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(peer.mails())
                        .as("waits: %s, bounced: %s", outbound.deferred(), outbound.bounced())
                        .hasSize(1));
    }

    private String awaitBounce() {
        Awaitility.await().atMost(PATIENCE).until(() -> !outbound.bounced().isEmpty());
        return outbound.bounced().get(0).reason();
    }

    private String awaitDeferral() {
        Awaitility.await().atMost(PATIENCE).until(() -> !outbound.deferred().isEmpty());
        return outbound.deferred().values().iterator().next();
    }

    @Test
    void theHostOfTheLowerPreferenceIsFirst() throws Exception {
        dns.mx("there.example", 20, "mx1.test").mx("there.example", 10, "mx2.test");
        sendTo("bob@there.example");
        awaitAt(second);
        assertThat(first.connections()).isZero();
    }

    @Test
    void hostsOfTheSamePreferenceShareTheMail() throws Exception {
        dns.timeToLive(0);
        for (int i = 0; i < 40; i++) {
            dns.mx("there" + i + ".example", 10, "mx1.test").mx("there" + i + ".example", 10, "mx2.test");
            sendTo("bob@there" + i + ".example");
        }
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> first.mails().size() + second.mails().size() == 40);
        // One in a million million runs has none at one of them.
        assertThat(first.mails()).isNotEmpty();
        assertThat(second.mails()).isNotEmpty();
    }

    @Test
    void aHostWithAnIpv6AddressAloneIsReached() throws Exception {
        InetAddress six = ipv6Loopback();
        Tools.require(isOurs(six), "this machine has no ::1");
        try (SmtpPeer peer = SmtpPeer.named("mx6.test").start(new InetSocketAddress(six, loopback.port()))) {
            dns.mx("there.example", 10, "mx6.test").address("mx6.test", "::1");
            sendTo("bob@there.example");
            awaitAt(peer);
        }
    }

    @Test
    void aHostWhoseIpv4AddressIsDeadIsReachedByTheOther() throws Exception {
        InetAddress six = ipv6Loopback();
        Tools.require(isOurs(six), "this machine has no ::1");
        String dead = loopback.next().getAddress().getHostAddress();
        try (SmtpPeer peer = SmtpPeer.named("mx6.test").start(new InetSocketAddress(six, loopback.port()))) {
            dns.mx("there.example", 10, "mx6.test").address("mx6.test", "::1", dead);
            sendTo("bob@there.example");
            awaitAt(peer);
        }
    }

    private static InetAddress ipv6Loopback() throws IOException {
        byte[] address = new byte[16];
        address[15] = 1;
        return InetAddress.getByAddress(address);
    }

    private static boolean isOurs(InetAddress address) {
        try (ServerSocket socket = new ServerSocket(0, 1, address)) {
            return socket.isBound();
        } catch (IOException absent) {
            return false;
        }
    }

    @Test
    void aDomainWithoutMxIsItsOwnHost() throws Exception {
        dns.address("there.example", first.address().getAddress().getHostAddress());
        sendTo("bob@there.example");
        awaitAt(first);
    }

    @Test
    void anAliasLeadsToTheMxOfWhatItStandsFor() throws Exception {
        dns.alias("alias.example", "there.example").mx("there.example", 10, "mx1.test");
        sendTo("bob@alias.example");
        awaitAt(first);
    }

    /** Of our own preference: who has the mail could send it back, and so on. */
    @Test
    void neverToAHostThatIsNotPreferredToUs() throws Exception {
        dns.mx("there.example", 10, OURSELVES)
                .mx("there.example", 10, "mx1.test")
                .mx("there.example", 20, "mx2.test");
        for (int i = 0; i < 5; i++) {
            sendTo("bob" + i + "@there.example");
        }
        Awaitility.await().atMost(PATIENCE).until(() -> outbound.bounced().size() == 5);
        assertThat(outbound.bounced())
                .allSatisfy(bounce -> assertThat(bounce.reason()).startsWith("554 5.4.6"));
        assertThat(first.connections() + second.connections()).isZero();
    }

    @Test
    void toAHostThatIsPreferredToUs() throws Exception {
        dns.mx("there.example", 10, "mx1.test")
                .mx("there.example", 20, OURSELVES)
                .mx("there.example", 20, "mx2.test");
        sendTo("bob@there.example");
        awaitAt(first);
    }

    @Test
    void aDomainThatTakesNoMailGetsNone() throws Exception {
        dns.nullMx("there.example")
                .address("there.example", first.address().getAddress().getHostAddress());
        sendTo("bob@there.example");
        assertThat(awaitBounce()).startsWith("556 5.1.10");
        assertThat(first.connections()).isZero();
    }

    @Test
    void aDomainThatIsNotThereIsUnknown() throws Exception {
        sendTo("bob@nobody.example");
        assertThat(awaitBounce()).startsWith("550 5.1.2");
    }

    @Test
    void mailWaitsForADnsThatFails() throws Exception {
        dns.fail("there.example");
        sendTo("bob@there.example");
        assertThat(awaitDeferral()).startsWith("451 4.4.3");
    }

    /** Where only the MX host's addresses can't be had, the domain may be in order. */
    @Test
    void mailWaitsForAHostThatTheDnsDoesNotKnow() throws Exception {
        dns.mx("there.example", 10, "nowhere.test");
        sendTo("bob@there.example");
        assertThat(awaitDeferral()).contains("4.4.4", "nowhere.test");
        assertThat(outbound.bounced()).isEmpty();
    }

    @Test
    void anAddressLiteralNeedsNoDns() throws Exception {
        sendTo("bob@[" + first.address().getAddress().getHostAddress() + "]");
        awaitAt(first);
        assertThat(dns.questions()).isEmpty();
    }
}
