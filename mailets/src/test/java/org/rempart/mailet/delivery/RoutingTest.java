/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.rempart.testsupport.SmtpPeer;

/** Which hosts are tried for a domain, in which order, and what follows when there are none. */
class RoutingTest {
    private SmtpPeer peer;
    private DeliveryRig rig;

    @BeforeEach
    void start() throws Exception {
        peer = SmtpPeer.start();
        rig = new DeliveryRig()
                .with(settings -> settings.port(peer.address().getPort()))
                .address("mx.there.example", "127.0.0.1")
                // Nobody listens there.
                .address("away.there.example", "127.0.0.66");
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
        peer.close();
    }

    private void awaitDone(int mails) {
        await().atMost(DeliveryRig.PATIENCE).until(() -> rig.queue().endings().size() >= mails);
        assertThat(rig.queue().open()).isEmpty();
    }

    private String bounced() {
        awaitDone(1);
        assertThat(rig.queue().delayed()).isEmpty();
        assertThat(rig.bounces()).hasSize(1);
        return rig.bounces().get(0).error;
    }

    private String deferred() {
        awaitDone(1);
        assertThat(rig.bounces()).isEmpty();
        assertThat(rig.queue().delayed()).hasSize(1);
        return rig.queue().delayed().get(0).mail.getErrorMessage();
    }

    private void send() throws Exception {
        rig.start().send(DeliveryRig.MESSAGE, "bob@there.example");
    }

    @Test
    void theNextHostIsTriedWhenOneIsAway() throws Exception {
        rig.mx("there.example", "away.there.example.", "MX.there.example.");
        send();
        awaitDone(1);
        assertThat(peer.mails()).hasSize(1);
    }

    @Test
    void aHostWithoutAnAddressIsPassedOver() throws Exception {
        rig.mx("there.example", "nowhere.there.example.", "mx.there.example.");
        send();
        awaitDone(1);
        assertThat(peer.mails()).hasSize(1);
    }

    @Test
    void aDomainWithoutMxIsItsOwn() throws Exception {
        rig.address("there.example", "127.0.0.1");
        send();
        awaitDone(1);
        assertThat(peer.mails()).hasSize(1);
    }

    @Test
    void aNullMxIsPermanent() throws Exception {
        rig.mx("there.example", ".");
        send();
        assertThat(bounced()).startsWith("556 5.1.10");
    }

    @Test
    void theDnsMayBeSilent() throws Exception {
        rig.mx("there.example", "SERVFAIL");
        send();
        assertThat(deferred()).startsWith("451 4.4.3");
    }

    @Test
    void anUnknownDomainIsTriedAgainAsOftenAsIsSaid() throws Exception {
        rig.with(settings -> settings.dnsRetries(1));
        send();
        assertThat(deferred()).startsWith("550 5.1.2");
        rig.queue().passTime();
        awaitDone(2);
        assertThat(rig.bounces())
                .singleElement()
                .satisfies(bounce -> assertThat(bounce.error).startsWith("550 5.1.2"));
    }

    @Test
    void onlyBetterHostsThanOurselvesAreTried() throws Exception {
        rig.mx("there.example", "mx.there.example", "mail.ours.example.", "away.there.example");
        send();
        awaitDone(1);
        assertThat(peer.mails()).hasSize(1);
    }

    @Test
    void mailThatWouldComeBackToUsIsNotSent() throws Exception {
        rig.mx("there.example", "mail.ours.example.", "mx.there.example");
        send();
        assertThat(bounced()).startsWith("554 5.4.6");
        assertThat(peer.connections()).isZero();
    }

    @Test
    void onTheMailPortOurOwnAddressIsUs() throws Exception {
        rig.mx("there.example", "mx.there.example.").with(settings -> settings.port(25));
        send();
        assertThat(bounced()).startsWith("554 5.4.6");
    }

    @Test
    void anAddressLiteralNeedsNoDns() throws Exception {
        rig.start().send(DeliveryRig.MESSAGE, "bob@[127.0.0.1]");
        awaitDone(1);
        assertThat(peer.mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.recipients()).containsExactly("bob@[127.0.0.1]"));
    }

    @Test
    void literalsMayBeOfEitherFamily() {
        assertThat(MxResolver.literal("[IPv6:2001:db8::1]").map(address -> address.getHostAddress()))
                .contains("2001:db8:0:0:0:0:0:1");
        assertThat(MxResolver.literal("192.0.2.1").map(address -> address.getHostAddress()))
                .contains("192.0.2.1");
        assertThat(MxResolver.literal("host.example")).isEqualTo(Optional.empty());
    }

    @Test
    void aDestinationThatIsAwayHoldsNobodyUp() throws Exception {
        SmtpPeer stuck = SmtpPeer.start().answers("CONNECT", SmtpPeer.STALL);
        try {
            rig.with(settings -> settings.threads(8)
                            .connectionsPerDestination(5)
                            .port(stuck.address().getPort()))
                    .mx("stuck.example", "mx.there.example")
                    .mx("there.example", "[127.0.0.1]");
            rig.start();
            for (int i = 0; i < 50; i++) {
                rig.send(DeliveryRig.MESSAGE, "bob@stuck.example");
            }
            await().atMost(DeliveryRig.PATIENCE).until(() -> stuck.connections() >= 5);
            // The port is the same for all MX hosts; so the other one is told apart by being answered.
            stuck.answers("CONNECT", command -> null);
            rig.send(DeliveryRig.MESSAGE, "bob@there.example");
            await().atMost(DeliveryRig.PATIENCE).until(() -> !stuck.mails().isEmpty());
            assertThat(stuck.mails())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("bob@there.example"));
            assertThat(rig.queue().open()).hasSizeGreaterThanOrEqualTo(50);
        } finally {
            stuck.close();
        }
    }

    @Test
    void mailForADestinationThatIsAwayIsPutOffWithoutAnotherTry() throws Exception {
        rig.mx("away.example", "away.there.example");
        rig.start();
        for (int i = 0; i < 100; i++) {
            rig.send(DeliveryRig.MESSAGE, "bob@away.example");
        }
        awaitDone(100);

        assertThat(rig.queue().delayed())
                .hasSize(100)
                .allSatisfy(
                        later -> assertThat(later.mail.getErrorMessage()).startsWith("421 4.4.1 away.there.example"));
    }
}
