/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import org.apache.james.core.MailAddress;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.DsnParameters;
import org.apache.mailet.DsnParameters.EnvId;
import org.apache.mailet.DsnParameters.Notify;
import org.apache.mailet.DsnParameters.RecipientDsnParameters;
import org.apache.mailet.DsnParameters.Ret;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.rempart.testsupport.SmtpPeer;

/** What a delivery has told, and what it leaves to the peer (RFC 3461). */
class DeliveryReportsTest {
    private SmtpPeer peer;
    private DeliveryRig rig;

    @BeforeEach
    void start() throws Exception {
        peer = SmtpPeer.start();
        rig = new DeliveryRig().through(peer).with(settings -> settings.reportProcessor(Optional.of("reports")));
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
        peer.close();
    }

    private void send(Notify... wishes) throws Exception {
        MailAddress bob = new MailAddress("bob@there.example");
        MailImpl mail =
                rig.mail("alice@ours.example", DeliveryRig.MESSAGE.getBytes(StandardCharsets.US_ASCII), bob.asString());
        DsnParameters.Builder wanted = DsnParameters.builder().ret(Ret.HDRS).envId(EnvId.of("Q1"));
        if (wishes.length > 0) {
            EnumSet<Notify> all = EnumSet.noneOf(Notify.class);
            all.addAll(java.util.List.of(wishes));
            wanted.addRcptParameter(bob, RecipientDsnParameters.of(all, new MailAddress("first+2Btag@there.example")));
        }
        mail.setDsnParameters(wanted.build().get());
        rig.service().enqueue(mail);
        mail.dispose();
    }

    private void awaitDone(int mails) {
        await().atMost(DeliveryRig.PATIENCE).until(() -> rig.queue().endings().size() >= mails);
    }

    @Test
    void aPeerWithDsnIsGivenTheWishesAndReportsItself() throws Exception {
        peer.offers("PIPELINING", "DSN");
        rig.start();
        send(Notify.SUCCESS, Notify.FAILURE);
        awaitDone(1);

        assertThat(peer.commands())
                .contains(
                        "MAIL FROM:<alice@ours.example> RET=HDRS ENVID=Q1",
                        "RCPT TO:<bob@there.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first+2Btag@there.example");
        assertThat(rig.bounces()).isEmpty();
    }

    @Test
    void successIsReportedWhereThePeerHasNoDsn() throws Exception {
        peer.offers("PIPELINING");
        rig.start();
        send(Notify.SUCCESS);
        awaitDone(1);
        send(Notify.FAILURE);
        awaitDone(2);
        send();
        awaitDone(3);

        assertThat(peer.mails()).hasSize(3);
        assertThat(rig.bounces()).singleElement().satisfies(report -> {
            assertThat(report.processor).isEqualTo("reports");
            assertThat(report.action).isEqualTo("relayed");
            assertThat(report.recipients).containsExactly("bob@there.example");
        });
    }

    @Test
    void whoWaitsIsToldOnce() throws Exception {
        peer.answers("RCPT", "450 4.7.1 Greylisted");
        rig.with(settings -> settings.warnAfter(Optional.of(Duration.ZERO))).start();
        send();
        awaitDone(1);
        rig.queue().passTime();
        awaitDone(2);

        assertThat(rig.bounces())
                .singleElement()
                .satisfies(report -> assertThat(report.action).isEqualTo("delayed"));
        rig.queue().passTime();
        awaitDone(3);
        assertThat(rig.bounces()).extracting(report -> report.action).containsExactly("delayed", "failed");
    }

    @Test
    void aDelayThatNobodyWantsToKnowOfIsNotTold() throws Exception {
        peer.answers("RCPT", "450 4.7.1 Greylisted");
        rig.with(settings -> settings.warnAfter(Optional.of(Duration.ZERO))).start();
        send(Notify.FAILURE);
        awaitDone(1);
        assertThat(rig.bounces()).isEmpty();
        assertThat(rig.queue().delayed()).hasSize(1);
    }

    /** A courtesy that can't be paid must not keep the mail from its next try. */
    @Test
    void aWarningThatFailsHoldsNothingUp() throws Exception {
        peer.answers("RCPT", "450 4.7.1 Greylisted");
        rig.spoolFull(true);
        rig.with(settings -> settings.warnAfter(Optional.of(Duration.ZERO))).start();
        send();
        awaitDone(1);
        assertThat(rig.queue().delayed()).hasSize(1);
    }

    @Test
    void recipientsWhoFailTogetherAreToldTogether() throws Exception {
        peer.answers("RCPT", command -> "550 5.1.1 No such user " + command.hashCode());
        rig.with(settings -> settings.reportProcessor(settings.build().bounceProcessor()))
                .start()
                .send(DeliveryRig.MESSAGE, "a@there.example", "b@there.example", "c@there.example");
        awaitDone(1);
        assertThat(rig.bounces())
                .singleElement()
                .satisfies(bounce -> assertThat(bounce.recipients)
                        .containsExactly("a@there.example", "b@there.example", "c@there.example"));
    }

    /** DSNBounce and its like tell one reason for all. */
    @Test
    void anotherProcessorIsToldOfEachReasonByItself() throws Exception {
        peer.answers("RCPT", command -> command.contains("c@") ? "550 5.1.1 Unknown" : "550 5.7.1 Refused");
        rig.start().send(DeliveryRig.MESSAGE, "a@there.example", "b@there.example", "c@there.example");
        awaitDone(1);
        assertThat(rig.bounces())
                .extracting(Object::toString)
                .containsExactly(
                        "bounces [a@there.example, b@there.example] 550 5.7.1 Refused",
                        "bounces [c@there.example] 550 5.1.1 Unknown");
    }
}
