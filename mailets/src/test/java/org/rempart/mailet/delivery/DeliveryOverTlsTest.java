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
import org.rempart.policy.tls.TlsLevel;
import org.rempart.testsupport.CertificateRequest;
import org.rempart.testsupport.ServerCertificate;
import org.rempart.testsupport.SmtpPeer;

/** What the delivery makes of TLS; what a handshake must satisfy is tested beside the handshake. */
class DeliveryOverTlsTest {
    private static final ServerCertificate SELF_SIGNED =
            CertificateRequest.of("mx.there.example").selfSigned();

    private SmtpPeer peer;
    private DeliveryRig rig;

    @BeforeEach
    void start() throws Exception {
        peer = SmtpPeer.withoutChunking().offering(SELF_SIGNED).start();
        rig = new DeliveryRig()
                .with(settings -> settings.port(peer.address().getPort()).connectionsPerDestination(3))
                .address("mx.there.example", "127.0.0.1")
                .mx("there.example", "mx.there.example.")
                .mx("other.example", "mx.there.example.")
                .mx("bank.example", "mx.there.example.")
                .level("bank.example", TlsLevel.ENCRYPT)
                .level("strict.example", TlsLevel.VERIFY)
                .mx("strict.example", "mx.there.example.");
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
        peer.close();
    }

    private void send(int mails, String recipient) throws Exception {
        int before = rig.queue().endings().size();
        for (int i = 0; i < mails; i++) {
            rig.send(DeliveryRig.MESSAGE, recipient);
        }
        await().atMost(DeliveryRig.PATIENCE).until(() -> rig.queue().endings().size() == before + mails);
        assertThat(rig.queue().open()).isEmpty();
    }

    @Test
    void aConnectionIsUsedAgainForTheSameRequirementOnly() throws Exception {
        peer.offers("PIPELINING", "CHUNKING");
        rig.with(settings -> settings.connectionsPerDestination(3).idleTime(DeliveryRig.PATIENCE));
        rig.start();
        send(1, "a@there.example");
        send(1, "b@there.example");
        assertThat(peer.connections()).isEqualTo(1);
        // Another domain with the same host and the same requirement.
        send(1, "c@other.example");
        assertThat(peer.connections()).isEqualTo(1);
        // Made without the need of TLS, it never carries mail that needs it.
        send(1, "d@bank.example");
        assertThat(peer.connections()).isEqualTo(2);

        assertThat(peer.mails())
                .hasSize(4)
                .allSatisfy(mail -> assertThat(mail.underTls()).isTrue());
    }

    @Test
    void aCertificateThatProvesNothingIsNoReasonForClearText() throws Exception {
        rig.start();
        send(1, "a@strict.example");

        assertThat(peer.mails()).isEmpty();
        assertThat(rig.queue().delayed())
                .singleElement()
                .satisfies(later -> assertThat(later.mail.getErrorMessage())
                        .startsWith("454 4.7.5 mx.there.example")
                        .contains("verify"));
    }

    @Test
    void thePasswordIsSentUnderTls() throws Exception {
        peer.offers("PIPELINING", "AUTH PLAIN").answers("AUTH", "235 2.7.0 Welcome");
        rig.through(peer)
                .with(settings -> settings.credentials(Optional.of(Credentials.of("user", "secret"))))
                .start();
        send(1, "a@there.example");

        assertThat(peer.commands()).contains("AUTH PLAIN AHVzZXIAc2VjcmV0");
        assertThat(peer.mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.underTls()).isTrue());
    }

    @Test
    void aLargeMessageGoesThroughTls() throws Exception {
        StringBuilder message = new StringBuilder("Subject: large\r\n\r\n");
        for (int i = 0; i < 20_000; i++) {
            message.append(".line ").append(i).append("\r\n");
        }
        rig.start().send(message.toString(), "a@there.example");
        await().atMost(DeliveryRig.PATIENCE).until(() -> !rig.queue().endings().isEmpty());

        assertThat(peer.mails()).singleElement().satisfies(mail -> {
            assertThat(mail.message()).isEqualTo(message.toString());
            assertThat(mail.underTls()).isTrue();
        });
    }
}
