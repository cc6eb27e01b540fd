/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.apache.james.core.Domain;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeValue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.mailet.delivery.tls.TlsPolicySource;
import org.rempart.mailet.delivery.tls.TlsPolicyUnavailableException;
import org.rempart.policy.trail.AuditEvent;
import org.rempart.testsupport.Phase;
import org.rempart.testsupport.SmtpPeer;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/** What becomes of mail when something goes wrong beside it: in a peer's parser, in the queue, in this server itself. */
class DeliveryFaultsTest {
    private static final String FORGED = "Subject: x\r\n\r\n"
            + "RSET\r\nMAIL FROM:<ceo@ours.example>\r\nRCPT TO:<bob@there.example>\r\nBDAT 19 LAST\r\n"
            + "Subject: forged\r\n\r\nQUIT\r\n";

    private SmtpPeer peer;
    private DeliveryRig rig;

    @BeforeEach
    void start() throws Exception {
        peer = SmtpPeer.withoutChunking().runningRefusedChunks().start();
        rig = new DeliveryRig()
                .with(settings -> settings.port(peer.address().getPort()).connectionsPerDestination(1))
                .mx("there.example", "mx.there.example")
                .address("mx.there.example", "127.0.0.1");
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
        peer.close();
    }

    private void awaitDone(int mails) {
        await().atMost(DeliveryRig.PATIENCE).until(() -> rig.queue().endings().size() >= mails);
    }

    /** It may have been in the queue already when the account was held. */
    @ParameterizedTest
    @ValueSource(strings = {"org.apache.james.SMTPAuthUser", "org.apache.james.jmap.send.MailMetaData.username"})
    void mailOfAHeldAccountWaitsUncountedUntilItIsReleased(String attribute) throws Exception {
        rig.held().add("alice@ours.example");
        rig.start();
        MailImpl mail = rig.mail("alice@ours.example", DeliveryRig.MESSAGE.getBytes(US_ASCII), "bob@there.example");
        mail.setAttribute(new Attribute(AttributeName.of(attribute), AttributeValue.of("Alice@ours.example")));
        rig.service().enqueue(mail);
        mail.dispose();
        for (int times = 1; times <= 2; times++) {
            awaitDone(times);
            assertThat(rig.queue().delayed())
                    .singleElement()
                    .satisfies(later -> assertThat(later.delay).isEqualTo(Duration.ofMinutes(1)));
            rig.queue().passTime();
        }
        rig.send(DeliveryRig.MESSAGE, "carol@there.example");
        await().atMost(DeliveryRig.PATIENCE).until(() -> peer.mails().size() == 1);

        rig.held().clear();
        rig.queue().passTime();
        await().atMost(DeliveryRig.PATIENCE).until(() -> {
            rig.queue().passTime();
            return peer.mails().size() == 2;
        });
        assertThat(peer.mails().get(1).recipients()).containsExactly("bob@there.example");
        assertThat(rig.bounces()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aMessageIsNeverRunAsCommands(boolean afterAnotherMail) throws Exception {
        peer.offers("PIPELINING", "CHUNKING", "8BITMIME")
                .answers("RCPT", command -> command.contains("gone") ? "550 5.1.1 No such user" : null);
        rig.start();
        if (afterAnotherMail) {
            rig.send(DeliveryRig.MESSAGE, "bob@there.example");
            awaitDone(1);
        }
        rig.send(FORGED, "gone@there.example");
        awaitDone(afterAnotherMail ? 2 : 1);
        rig.send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(afterAnotherMail ? 3 : 2);

        assertThat(peer.mails())
                .allSatisfy(mail -> assertThat(mail.sender()).isEqualTo("alice@ours.example"))
                .hasSize(afterAnotherMail ? 2 : 1);
        assertThat(rig.bounces())
                .singleElement()
                .satisfies(bounce -> assertThat(bounce.error).isEqualTo("550 5.1.1 No such user"));
    }

    /** Its replies belong to no mail any more. */
    @Test
    void aConnectionThatRefusedAChunkIsNotUsedAgain() throws Exception {
        peer.offers("PIPELINING", "CHUNKING", "8BITMIME")
                .answers("RCPT", command -> command.contains("gone") ? "550 5.1.1 No such user" : null);
        rig.start();
        rig.send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(1);
        rig.send("Subject: x\r\n\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\n", "gone@there.example");
        awaitDone(2);
        rig.send("Subject: the next\r\n\r\nx\r\n", "bob@there.example");
        awaitDone(3);

        assertThat(peer.commands()).anyMatch(command -> command.startsWith("BDAT"));
        assertThat(peer.mails())
                .hasSize(2)
                .last()
                .satisfies(mail -> assertThat(mail.message()).contains("the next"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"421 4.3.2 Enough", "451 4.3.0 What", "500 What"})
    void aConnectionThatCannotBeResetIsReplaced(String answer) throws Exception {
        peer.answers("RCPT", command -> command.contains("gone") ? "550 5.1.1 No such user" : null)
                .answers("RSET", answer);
        rig.start().send(DeliveryRig.MESSAGE, "gone@there.example");
        awaitDone(1);
        rig.send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(2);

        assertThat(peer.mails()).hasSize(1);
        assertThat(peer.connections()).isEqualTo(2);
        assertThat(rig.queue().delayed()).isEmpty();
    }

    /** What it has is not known, the first time; then the message does not go along any more. */
    @Test
    void aServerThatHangsUpAtTheSecondMailDelaysOneMailAtMost() throws Exception {
        peer.offers("PIPELINING", "CHUNKING", "8BITMIME").answers("MAIL", command -> {
            List<String> all = peer.commands();
            boolean second = all.subList(0, all.size() - 1).stream()
                    .skip(all.lastIndexOf("EHLO mail.ours.example"))
                    .anyMatch(earlier -> earlier.startsWith("MAIL"));
            return second ? SmtpPeer.DROP : null;
        });
        rig.start();
        for (int i = 1; i <= 8; i++) {
            rig.send(DeliveryRig.MESSAGE, "bob@there.example");
            awaitDone(i);
        }
        assertThat(peer.mails()).hasSize(7);
        assertThat(rig.queue().delayed()).hasSize(1);
    }

    @Test
    void anUnknownDomainDoesNotEndTheTriesOfAnother() throws Exception {
        peer.answers("RCPT", "450 4.7.1 Greylisted");
        rig.start();
        rig.sendUnsplit(DeliveryRig.MESSAGE, "bob@there.example", "bob@nowhere.example");
        awaitDone(1);

        assertThat(rig.bounces()).singleElement().satisfies(bounce -> {
            assertThat(bounce.recipients).containsExactly("bob@nowhere.example");
            assertThat(bounce.error).startsWith("550 5.1.2");
        });
        assertThat(rig.queue().delayed())
                .singleElement()
                .satisfies(later -> assertThat(later.mail.getRecipients())
                        .extracting(Object::toString)
                        .containsExactly("bob@there.example"));
    }

    @Test
    void mailThatIsPutOffUntriedKeepsItsTries() throws Exception {
        rig.mx("away.example", "away.there.example").address("away.there.example", "127.0.0.9");
        rig.start();
        for (int i = 0; i < 10; i++) {
            rig.send(DeliveryRig.MESSAGE, "bob@away.example");
        }
        awaitDone(10);
        for (int round = 2; round < 5; round++) {
            rig.queue().passTime();
            awaitDone(10 * round);
        }
        assertThat(rig.bounces()).isEmpty();
        assertThat(rig.queue().delayed()).hasSize(10);

        // For no longer than its schedule, though.
        for (int round = 5; round < 200 && rig.bounces().size() < 10; round++) {
            int before = rig.queue().endings().size();
            int waiting = rig.queue().delayed().size();
            rig.queue().passTime();
            awaitDone(before + waiting);
        }
        assertThat(rig.bounces())
                .hasSize(10)
                .allSatisfy(bounce -> assertThat(bounce.error).contains("given up after 3 tries"));
    }

    @Test
    void aTrailThatCannotBeWrittenDefersNothing() throws Exception {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        TurboFilter broken = new TurboFilter() {
            @Override
            public FilterReply decide(
                    Marker marker, Logger logger, Level level, String format, Object[] params, Throwable fault) {
                if (logger.getName().equals(AuditEvent.LOGGER_NAME)) {
                    throw new IllegalStateException("the disk is full");
                }
                return FilterReply.NEUTRAL;
            }
        };
        context.addTurboFilter(broken);
        try {
            peer.answers("RCPT", command -> command.contains("gone") ? "550 5.1.1 No such user" : null);
            rig.start().send(DeliveryRig.MESSAGE, "bob@there.example", "gone@there.example");
            awaitDone(1);
        } finally {
            context.getTurboFilterList().remove(broken);
        }
        assertThat(peer.mails()).hasSize(1);
        assertThat(rig.queue().delayed()).isEmpty();
        assertThat(rig.bounces()).hasSize(1);
    }

    @Test
    void aQueueThatThrowsIsAskedAgain() throws Exception {
        rig.start().send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(1);
        rig.queue().breakDown(1);
        rig.send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(2);

        assertThat(peer.mails()).hasSize(2);
    }

    @Test
    void anErrorCostsNoSlot() throws Exception {
        rig.with(settings -> settings.inFlight(1).threads(1)).mx("broken.example", "ERROR");
        rig.start();
        for (int i = 0; i < 3; i++) {
            rig.send(DeliveryRig.MESSAGE, "bob@broken.example");
        }
        rig.send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(4);

        assertThat(peer.mails()).hasSize(1);
        assertThat(rig.queue().delayed()).hasSize(3);
        assertThat(rig.queue().open()).isEmpty();
    }

    @Test
    void anErrorWhileTheSenderIsToldIsNoEnd() throws Exception {
        peer.answers("RCPT", command -> command.contains("gone") ? "550 5.1.1 No such user" : null);
        rig.spoolErrors(1);
        rig.start().send(DeliveryRig.MESSAGE, "gone@there.example");
        awaitDone(1);

        assertThat(rig.bounces()).hasSize(1);
        assertThat(rig.queue().open()).isEmpty();
    }

    /** A queue that can't read it either does not take it back: it still has it. */
    @Test
    void aMessageThatBreaksOffReachesNobodyAndStaysInItsQueue() throws Exception {
        rig.queue().damaged(true);
        rig.start().send(DeliveryRig.MESSAGE, "bob@there.example");
        await().atMost(DeliveryRig.PATIENCE).until(() -> peer.commands().contains("DATA"));
        rig.service().stop(Duration.ofSeconds(2));

        assertThat(peer.mails()).isEmpty();
        assertThat(rig.bounces()).isEmpty();
        assertThat(rig.queue().endings()).isEmpty();
        assertThat(rig.queue().open()).hasSize(1);
    }

    @Test
    void aPolicyThatCannotBeAskedForLetsMailWait() throws Exception {
        rig.source(new TlsPolicySource() {
            @Override
            public String name() {
                return "dane";
            }

            @Override
            public Optional<Statement> find(Domain domain, String mxHost) throws TlsPolicyUnavailableException {
                throw new TlsPolicyUnavailableException("the DNS does not answer for TLSA", null);
            }
        });
        rig.start().send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(1);

        assertThat(peer.connections()).isZero();
        assertThat(rig.bounces()).isEmpty();
        assertThat(rig.queue().delayed())
                .singleElement()
                .satisfies(later -> assertThat(later.mail.getErrorMessage())
                        .isEqualTo("451 4.7.5 the DNS does not answer for TLSA"));
    }

    @Test
    void nothingIsDeliveredAfterTheStop() throws Exception {
        CountDownLatch stopped = new CountDownLatch(1);
        peer.answers("CONNECT", command -> {
            await().until(() -> stopped.getCount() == 0);
            return null;
        });
        rig.start().send(DeliveryRig.MESSAGE, "bob@there.example");
        await().atMost(DeliveryRig.PATIENCE).until(() -> peer.connections() == 1);
        rig.service().stop(Duration.ZERO);
        stopped.countDown();
        awaitDone(1);

        assertThat(peer.mails()).isEmpty();
        assertThat(peer.commands()).noneMatch(command -> command.startsWith("MAIL"));
        assertThat(rig.queue().delayed()).hasSize(1);
    }

    @Test
    void whomNobodyTakesWhileTheOtherHostIsBusyWaits() throws Exception {
        peer.answers(
                "RCPT",
                command -> command.contains("carol@")
                        ? "450 4.2.1 Later"
                        : command.contains("bob@there") ? SmtpPeer.DROP : null);
        try (SmtpPeer busy = SmtpPeer.withoutChunking()
                .at(Phase.MAIL)
                .stalls()
                .start(new InetSocketAddress("127.0.0.2", peer.address().getPort()))) {
            rig.mx("there.example", "mx.there.example", "mx.busy.example")
                    .mx("busy.example", "mx.busy.example")
                    .address("mx.busy.example", "127.0.0.2");
            rig.start().send(DeliveryRig.MESSAGE, "bob@busy.example");
            await().atMost(DeliveryRig.PATIENCE)
                    .until(() -> busy.commands().stream().anyMatch(command -> command.startsWith("MAIL")));
            rig.send(DeliveryRig.MESSAGE, "carol@there.example", "bob@there.example");
            await().atMost(DeliveryRig.PATIENCE)
                    .until(() -> !rig.queue().delayed().isEmpty());

            assertThat(rig.queue().delayed())
                    .singleElement()
                    .satisfies(later -> assertThat(later.mail.getRecipients()).hasSize(2));
            assertThat(busy.connections()).isEqualTo(1);
            assertThat(rig.bounces()).isEmpty();
        }
    }
}
