/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rempart.testsupport.SmtpPeer;

/**
 * A server that is killed between what a try came to, what its sender is told, and the end of the mail in its queue: before
 * and after each thing that it does for good. Anyone who starts next does the rest.
 */
class DeliveryKillsTest {
    /** Before and after the report, the mail that goes back into the queue, and the mail's end. */
    private static final int STEPS = 6;

    private SmtpPeer peer;
    private DeliveryRig rig;
    private volatile boolean greylisted = true;

    @BeforeEach
    void start() throws Exception {
        peer = SmtpPeer.start()
                .answers(
                        "RCPT",
                        command -> command.contains("gone")
                                ? "550 5.1.1 No such user"
                                : command.contains("later") && greylisted ? "450 4.7.1 Greylisted" : null);
        rig = new DeliveryRig()
                .with(settings -> settings.port(peer.address().getPort()))
                .mx("there.example", "mx.there.example")
                .address("mx.there.example", "127.0.0.1");
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
        peer.close();
    }

    static Stream<Arguments> points() {
        return IntStream.range(0, STEPS)
                .boxed()
                .flatMap(steps -> Stream.of(Arguments.of(steps, "bounces"), Arguments.of(steps, "")));
    }

    @ParameterizedTest
    @MethodSource("points")
    void eachRecipientIsServedOrToldOfOnceOrTwiceWhereverItIsKilled(int steps, String processor) throws Exception {
        rig.with(settings -> settings.bounceProcessor(Optional.of(processor).filter(name -> !name.isEmpty())));
        Kill kill = rig.killAfter(steps);
        rig.start().send(DeliveryRig.MESSAGE, "bob@there.example", "gone@there.example", "later@there.example");
        await().atMost(DeliveryRig.PATIENCE).until(kill::hasHappened);
        int told = rig.bounces().size();

        greylisted = false;
        rig.restart();
        await().atMost(DeliveryRig.PATIENCE).until(() -> {
            rig.queue().passTime();
            return rig.queue().open().isEmpty() && rig.queue().delayed().isEmpty() && copies("later@there.example") > 0;
        });

        assertThat(told).isBetween(0, 1);
        assertThat(copies("bob@there.example")).isBetween(1L, 2L);
        assertThat(copies("later@there.example")).isBetween(1L, 2L);
        assertThat(copies("gone@there.example")).isZero();
        assertThat(rig.bounces())
                .hasSizeBetween(1, 2)
                .allSatisfy(bounce -> assertThat(bounce.recipients).containsExactly("gone@there.example"));
    }

    private long copies(String recipient) {
        return peer.mails().stream()
                .filter(mail -> mail.recipients().contains(recipient))
                .count();
    }
}
