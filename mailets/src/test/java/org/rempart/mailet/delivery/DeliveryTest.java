/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.policy.tls.TlsLevel;
import org.rempart.testsupport.SmtpPeer;

/** What becomes of a mail and its recipients, whatever the peer does. */
class DeliveryTest {
    private SmtpPeer peer;
    private DeliveryRig rig;

    @BeforeEach
    void start() throws Exception {
        peer = SmtpPeer.start();
        rig = new DeliveryRig().through(peer);
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

    private TestQueue.Later theDelayed() {
        assertThat(rig.queue().delayed()).hasSize(1);
        return rig.queue().delayed().get(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "PIPELINING", "CHUNKING", "PIPELINING CHUNKING 8BITMIME SIZE"})
    void aMailArrivesAsItIs(String extensions) throws Exception {
        peer.offers(extensions.split(" "));
        rig.start().send("Subject: x\n\n.\r\n..\r\nfoo\rbar\r\n.", "bob@there.example", "carol@there.example");
        awaitDone(1);

        assertThat(peer.mails()).singleElement().satisfies(mail -> {
            assertThat(mail.sender()).isEqualTo("alice@ours.example");
            assertThat(mail.recipients()).containsExactly("bob@there.example", "carol@there.example");
            assertThat(mail.message()).isEqualTo("Subject: x\r\n\r\n.\r\n..\r\nfoo\r\nbar\r\n.\r\n");
        });
        assertThat(rig.queue().delayed()).isEmpty();
        assertThat(rig.bounces()).isEmpty();
    }

    @Test
    void oneRoundTripAMailOverOneConnection() throws Exception {
        peer.offers("PIPELINING", "CHUNKING", "8BITMIME");
        rig.with(settings -> settings.connectionsPerDestination(1)).start();
        for (int i = 0; i < 30; i++) {
            rig.send(DeliveryRig.MESSAGE, "bob@there.example");
        }
        awaitDone(30);

        assertThat(peer.mails()).hasSize(30);
        assertThat(peer.connections()).isEqualTo(1);
        assertThat(peer.commands().subList(0, 4))
                .containsExactly(
                        "EHLO mail.ours.example",
                        "MAIL FROM:<alice@ours.example> BODY=8BITMIME",
                        "RCPT TO:<bob@there.example>",
                        "DATA");
        assertThat(peer.commands().subList(4, 7))
                .containsExactly(
                        "MAIL FROM:<alice@ours.example> BODY=8BITMIME",
                        "RCPT TO:<bob@there.example>",
                        "BDAT " + DeliveryRig.MESSAGE.length() + " LAST");
    }

    @Test
    void aConnectionCarriesNoMoreMailsThanItMay() throws Exception {
        rig.with(settings -> settings.connectionsPerDestination(1).mailsPerConnection(10))
                .start();
        for (int i = 0; i < 30; i++) {
            rig.send(DeliveryRig.MESSAGE, "bob@there.example");
        }
        awaitDone(30);

        assertThat(peer.mails()).hasSize(30);
        assertThat(peer.connections()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PIPELINING", "PIPELINING CHUNKING", ""})
    void eachRecipientHasItsOwnOutcome(String extensions) throws Exception {
        peer.offers(extensions.split(" ")).answers("RCPT", command -> {
            if (command.contains("gone")) {
                return "550 5.1.1 No such user";
            }
            return command.contains("full") ? "452 4.2.2 Mailbox full" : null;
        });
        rig.start().send(DeliveryRig.MESSAGE, "gone@there.example", "bob@there.example", "full@there.example");
        awaitDone(1);

        assertThat(peer.mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.recipients()).containsExactly("bob@there.example"));
        assertThat(theDelayed().mail.getRecipients())
                .extracting(Object::toString)
                .containsExactly("full@there.example");
        assertThat(theDelayed().delay).hasMinutes(5);
        assertThat(theDelayed().mail.getErrorMessage()).contains("452 4.2.2 Mailbox full");
        assertThat(rig.bounces()).singleElement().satisfies(bounce -> {
            assertThat(bounce.processor).isEqualTo("bounces");
            assertThat(bounce.recipients).containsExactly("gone@there.example");
            assertThat(bounce.error).isEqualTo("550 5.1.1 No such user");
        });

        peer.answers("RCPT", command -> null);
        rig.queue().passTime();
        awaitDone(2);
        assertThat(peer.mails().get(1).recipients()).containsExactly("full@there.example");
    }

    @ParameterizedTest
    @CsvSource({
        "CONNECT, 421 4.3.2 Later",
        "CONNECT, 554 5.7.1 Go away",
        "CONNECT, DROP",
        "CONNECT, STALL",
        "CONNECT, this is no SMTP",
        "EHLO, 421 4.3.2 Later",
        "EHLO, DROP",
        "EHLO, STALL",
        "EHLO, 250-a",
        "MAIL, 451 4.3.0 Later",
        "MAIL, 421 4.3.2 Later",
        "MAIL, DROP",
        "MAIL, STALL",
        "MAIL, 354 What",
        "RCPT, 450 4.2.1 Greylisted",
        "RCPT, 421 4.3.2 Later",
        "RCPT, DROP",
        "RCPT, STALL",
        "RCPT, !!",
        "DATA, 451 4.3.0 Later",
        "DATA, DROP",
        "DATA, STALL",
        "DATA, 250 What",
        "END, 451 4.3.0 Later",
        "END, 421 4.3.2 Later",
        "END, DROP",
        "END, STALL",
        "END, 354 What",
    })
    void whatMayPassIsTriedAgain(String verb, String answer) throws Exception {
        AtomicInteger asked = new AtomicInteger();
        peer.answers(verb, command -> asked.incrementAndGet() > 8 ? null : special(answer));
        rig.with(settings -> settings.timeouts(Timeouts.all(java.time.Duration.ofMillis(300))))
                .start()
                .send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(1);

        assertThat(peer.mails()).isEmpty();
        assertThat(rig.bounces()).isEmpty();
        assertThat(theDelayed().mail.getRecipients())
                .extracting(Object::toString)
                .containsExactly("bob@there.example");
        assertThat(theDelayed().mail.getErrorMessage()).matches("4\\d\\d .*");
    }

    private static String special(String answer) {
        switch (answer) {
            case "DROP":
                return SmtpPeer.DROP;
            case "STALL":
                return SmtpPeer.STALL;
            default:
                return answer;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "MAIL, 550 5.7.1 Not from you",
        "RCPT, 550 5.1.1 No such user",
        "DATA, 554 5.6.0 No",
        "END, 554 5.7.1 Spam",
    })
    void whatIsRefusedForGoodIsToldToTheSender(String verb, String answer) throws Exception {
        peer.answers(verb, answer);
        rig.start().send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(1);

        assertThat(peer.mails()).isEmpty();
        assertThat(rig.queue().delayed()).isEmpty();
        assertThat(rig.bounces())
                .singleElement()
                .satisfies(bounce -> assertThat(bounce.error).isEqualTo(answer));
    }

    @Test
    void endlessRepliesEndTheConnection() throws Exception {
        StringBuilder endless = new StringBuilder("250-peer.example");
        IntStream.range(0, 100_000).forEach(i -> endless.append("\r\n250-X").append(i));
        peer.answers("EHLO", endless.toString());
        rig.start().send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(1);

        assertThat(theDelayed().mail.getErrorMessage()).contains("lines");
    }

    @Test
    void aMailWhoseTimeIsUpIsToldWithTheLastReason() throws Exception {
        peer.answers("RCPT", "451 4.7.1 Greylisted for ever");
        rig.start().send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(1);
        assertThat(theDelayed().delay).hasMinutes(5);
        rig.queue().passTime();
        awaitDone(2);
        assertThat(theDelayed().delay).hasMinutes(10);
        rig.queue().passTime();
        awaitDone(3);

        assertThat(rig.queue().delayed()).isEmpty();
        assertThat(rig.bounces())
                .singleElement()
                .satisfies(bounce ->
                        assertThat(bounce.error).isEqualTo("451 4.7.1 Greylisted for ever (given up after 3 tries)"));
    }

    @Test
    void aSenderWhoCannotBeToldNowIsToldLaterAndNothingIsSentTwice() throws Exception {
        peer.answers("RCPT", command -> command.contains("gone") ? "550 5.1.1 No such user" : null);
        rig.spoolFull(true);
        rig.start().send(DeliveryRig.MESSAGE, "gone@there.example", "bob@there.example");
        awaitDone(1);
        assertThat(rig.bounces()).isEmpty();
        assertThat(theDelayed().mail.getRecipients())
                .extracting(Object::toString)
                .containsExactly("gone@there.example");

        rig.queue().passTime();
        awaitDone(2);
        assertThat(rig.bounces()).isEmpty();
        rig.spoolFull(false);
        rig.queue().passTime();
        awaitDone(3);
        assertThat(rig.bounces()).singleElement().satisfies(bounce -> {
            assertThat(bounce.recipients).containsExactly("gone@there.example");
            assertThat(bounce.error).isEqualTo("550 5.1.1 No such user");
        });
        assertThat(rig.queue().delayed()).isEmpty();
        assertThat(peer.mails()).hasSize(1);
        assertThat(peer.commands())
                .filteredOn(command -> command.startsWith("RCPT"))
                .hasSize(2);
    }

    @Test
    void withoutAProcessorTheDeliveryTellsTheSenderItself() throws Exception {
        peer.answers("RCPT", "550 5.1.1 No such user");
        rig.with(settings -> settings.bounceProcessor(Optional.empty())).start();
        rig.send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(1);

        assertThat(rig.bounces()).singleElement().satisfies(bounce -> {
            assertThat(bounce.processor).isEqualTo("delivery");
            assertThat(bounce.recipients).containsExactly("bob@there.example");
            assertThat(bounce.error).contains("550 5.1.1 No such user");
        });
    }

    @Test
    void aMailIsDoneOnlyWhenItWasPutBack() throws Exception {
        peer.answers("RCPT", "451 4.7.1 Greylisted");
        rig.start().send(DeliveryRig.MESSAGE, "bob@there.example");
        rig.queue().full(true);
        awaitDoneOrStuck();
        rig.queue().full(false);
        awaitDone(1);
        assertThat(theDelayed().mail.getRecipients()).hasSize(1);
        assertThat(peer.commands())
                .filteredOn(command -> command.startsWith("RCPT"))
                .hasSize(1);
    }

    /** Either the mail was back in the queue before that was full, or it is still open. */
    private void awaitDoneOrStuck() {
        await().atMost(DeliveryRig.PATIENCE).until(() -> peer.commands().contains("RCPT TO:<bob@there.example>"));
        assertThat(rig.queue().open().size() + rig.queue().endings().size()).isEqualTo(1);
    }

    @Test
    void aConnectionThatIsRefusedAnotherMailMakesRoomForANewOne() throws Exception {
        AtomicInteger mails = new AtomicInteger();
        peer.answers("MAIL", command -> mails.incrementAndGet() == 2 ? "421 4.7.0 Enough" : null);
        rig.with(settings -> settings.connectionsPerDestination(1)).start();
        rig.send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(1);
        rig.send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(2);

        assertThat(peer.mails()).hasSize(2);
        assertThat(peer.connections()).isEqualTo(2);
        assertThat(rig.queue().delayed()).isEmpty();
    }

    @Test
    void moreThanAHundredRecipientsAreSeveralTransactions() throws Exception {
        peer.answers("RCPT", command -> null);
        rig.start()
                .send(
                        DeliveryRig.MESSAGE,
                        IntStream.range(0, 250)
                                .mapToObj(i -> "u" + i + "@there.example")
                                .toArray(String[]::new));
        awaitDone(1);

        assertThat(peer.mails()).extracting(mail -> mail.recipients().size()).containsExactly(100, 100, 50);
        assertThat(peer.connections()).isEqualTo(1);
    }

    /** RFC 5321, section 4.5.3.1.10: 552 of an older server means the same. */
    @ParameterizedTest
    @ValueSource(strings = {"452 4.5.3 Too many recipients", "552 5.5.3 Too many recipients"})
    void whoWasOneTooManyIsInTheNextTransaction(String tooMany) throws Exception {
        AtomicInteger count = new AtomicInteger();
        peer.answers("MAIL", command -> {
            count.set(0);
            return null;
        });
        peer.answers("RCPT", command -> count.incrementAndGet() > 2 ? tooMany : null);
        rig.start()
                .send(
                        DeliveryRig.MESSAGE,
                        IntStream.range(0, 5)
                                .mapToObj(i -> "u" + i + "@there.example")
                                .toArray(String[]::new));
        awaitDone(1);

        assertThat(peer.mails()).extracting(mail -> mail.recipients().size()).containsExactly(2, 2, 1);
        assertThat(rig.queue().delayed()).isEmpty();
        assertThat(rig.bounces()).isEmpty();
    }

    @Test
    void aMailboxThatIsFullIsNotOneTooMany() throws Exception {
        peer.answers("RCPT", command -> command.contains("full") ? "552 5.2.2 Mailbox full" : null);
        rig.start().send(DeliveryRig.MESSAGE, "bob@there.example", "full@there.example");
        awaitDone(1);

        assertThat(peer.mails()).hasSize(1);
        assertThat(rig.bounces())
                .singleElement()
                .satisfies(bounce -> assertThat(bounce.recipients).containsExactly("full@there.example"));
    }

    @Test
    void sendPartialFalseMeansAllOrNone() throws Exception {
        peer.offers("PIPELINING", "CHUNKING")
                .answers("RCPT", command -> command.contains("gone") ? "550 5.1.1 No such user" : null);
        rig.with(settings -> settings.sendPartial(false)).start();
        rig.send(DeliveryRig.MESSAGE, "gone@there.example", "bob@there.example");
        awaitDone(1);
        assertThat(peer.mails()).isEmpty();
        assertThat(rig.bounces()).hasSize(1);
        rig.queue().passTime();
        awaitDone(2);
        assertThat(peer.mails()).hasSize(1);
    }

    @Test
    void aMessageThatThePeerCannotTakeIsNotSent() throws Exception {
        peer.offers("PIPELINING", "SIZE 10");
        rig.start().send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(1);
        assertThat(rig.bounces())
                .singleElement()
                .satisfies(bounce -> assertThat(bounce.error).startsWith("552 5.3.4"));
    }

    @Test
    void anEightBitBodyIsNotRewrittenForAPeerWithoutIt() throws Exception {
        peer.offers("PIPELINING");
        rig.start();
        rig.send("Subject: \u00e9\r\n\r\nascii\r\n", "bob@there.example");
        awaitDone(1);
        assertThat(peer.mails()).hasSize(1);
        rig.send("Subject: x\r\n\r\n\u00e9\r\n", "bob@there.example");
        awaitDone(2);
        assertThat(peer.mails()).hasSize(1);
        assertThat(rig.bounces())
                .singleElement()
                .satisfies(bounce -> assertThat(bounce.error).startsWith("554 5.6.3"));
    }

    /** The report of such a failure quotes the message, and is often 8-bit itself. */
    @Test
    void anEightBitReportIsSentAllTheSame() throws Exception {
        peer.offers("PIPELINING");
        rig.start().sendFrom("", "Subject: x\r\n\r\n\u00e9\r\n".getBytes(StandardCharsets.UTF_8), "bob@there.example");
        awaitDone(1);
        assertThat(peer.mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.sender()).isEmpty());
    }

    @Test
    void aBounceHasTheNullSender() throws Exception {
        rig.start().sendFrom("", DeliveryRig.MESSAGE.getBytes(StandardCharsets.US_ASCII), "bob@there.example");
        awaitDone(1);
        assertThat(peer.mails())
                .singleElement()
                .satisfies(mail -> assertThat(mail.sender()).isEmpty());
    }

    @Test
    void mailThatNeedsTlsIsHeldBackAndOtherMailIsNot() throws Exception {
        rig.level("bank.example", TlsLevel.ENCRYPT).start();
        rig.send(DeliveryRig.MESSAGE, "a@bank.example", "b@there.example");
        awaitDone(2);

        assertThat(peer.mails()).singleElement().satisfies(mail -> {
            assertThat(mail.recipients()).containsExactly("b@there.example");
            assertThat(mail.underTls()).isFalse();
        });
        assertThat(theDelayed().mail.getErrorMessage()).contains("STARTTLS", "encrypt");
    }

    @Test
    void whatIsInjectedBehindTheAnswerToStartTlsEndsIt() throws Exception {
        peer.offers("PIPELINING", "STARTTLS")
                .answers("STARTTLS", "220 2.0.0 Ready\r\n250-peer.example\r\n250 AUTH PLAIN");
        rig.start().send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(1);

        assertThat(peer.mails()).isEmpty();
        assertThat(peer.commands()).noneMatch(command -> command.startsWith("MAIL"));
        assertThat(theDelayed().mail.getErrorMessage()).contains("behind the answer to STARTTLS");
    }

    @Test
    void opportunisticMailGoesInClearTextOverANewConnectionWhenTheHandshakeFails() throws Exception {
        peer.offers("PIPELINING", "STARTTLS").answers("STARTTLS", "454 4.7.0 Not now");
        rig.start().send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(1);

        assertThat(peer.mails()).hasSize(1);
        assertThat(peer.connections()).isEqualTo(2);
    }

    @Test
    void theGatewaysPasswordNeverLeavesInClearText() throws Exception {
        peer.offers("PIPELINING", "AUTH PLAIN LOGIN");
        rig.with(settings -> settings.credentials(Optional.of(Credentials.of("user", "secret"))))
                .start();
        rig.send(DeliveryRig.MESSAGE, "bob@there.example");
        awaitDone(1);

        assertThat(peer.commands()).noneMatch(command -> command.startsWith("AUTH"));
        assertThat(theDelayed().mail.getErrorMessage()).contains("password");
    }

    @Test
    void aLargeMessageIsNotHeldInMemory() throws Exception {
        byte[] message = new byte[25_000_000];
        Arrays.fill(message, (byte) 'x');
        byte[] header = "Subject: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(header, 0, message, 0, header.length);
        rig.start().sendFrom("alice@ours.example", message, "bob@there.example");
        awaitDone(1);

        assertThat(peer.mails()).extracting(mail -> mail.message().length()).isEqualTo(List.of(25000002));
    }
}
