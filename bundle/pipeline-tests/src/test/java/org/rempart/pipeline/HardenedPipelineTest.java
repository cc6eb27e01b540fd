/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What else the hardened configuration promises: blind copies stay blind, loops end, a mail that fails is kept. */
class HardenedPipelineTest {
    private static final String HEADER = "From: alice@ours.example\r\nTo: bob@ours.example\r\nSubject: A test\r\n";

    private static Pipeline.Builder server() {
        return Pipeline.hardened()
                .domain("ours.example")
                .user("alice@ours.example")
                .user("bob@ours.example");
    }

    private static TestMail mail() {
        return TestMail.from("alice@ours.example")
                .by("alice@ours.example")
                .to("bob@ours.example", "carol@elsewhere.example");
    }

    private static String hops(int count) {
        return IntStream.range(0, count)
                .mapToObj(hop ->
                        "Received: from a.example by b.example id " + hop + "; Tue, 24 Nov 2026 12:00:00 +0000\r\n")
                .collect(Collectors.joining());
    }

    @Test
    void blindCopiesStayBlindInsideAndOutside() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(mail().message(HEADER + "bCC: secret@ours.example,\r\n other@ours.example\r\n"
                    + "Resent-Bcc: third@ours.example\r\nX-Last: stays\r\n\r\nBody.\r\n"));

            assertThat(pipeline.local()).hasSize(1).allSatisfy(HardenedPipelineTest::hasNoBlindCopy);
            assertThat(pipeline.remote()).hasSize(1).allSatisfy(HardenedPipelineTest::hasNoBlindCopy);
        }
    }

    private static void hasNoBlindCopy(SeenMail mail) {
        assertThat(mail.message())
                .doesNotContainIgnoringCase("bcc")
                .doesNotContain("secret@", "other@", "third@")
                .contains("X-Last: stays\r\n");
    }

    @Test
    void aMailInALoopIsKept() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(mail().message(hops(60) + HEADER + "\r\nBody.\r\n"));

            assertThat(pipeline.local()).isEmpty();
            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept("stored://var/mail/loops/"))
                    .singleElement()
                    .satisfies(kept -> assertThat(kept.recipients())
                            .containsExactly("bob@ours.example", "carol@elsewhere.example"));
        }
    }

    @Test
    void aMailThatHasPassedManyServersIsNoLoop() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(mail().message(hops(30) + HEADER + "\r\nBody.\r\n"));

            assertThat(pipeline.local()).hasSize(1);
            assertThat(pipeline.remote()).hasSize(1);
            assertThat(pipeline.kept()).isEmpty();
        }
    }

    @Test
    void aMailThatCantBeStrippedDoesNotLeaveAndIsKept() throws Exception {
        try (Pipeline pipeline = server().policy("<policy><headers><received>remove</received></headers></policy>")
                .start()) {
            // It went round too often between servers that remove their traces.
            pipeline.accept(mail().message("X-Hop-Count: 100\r\n" + hops(1) + HEADER + "\r\nBody.\r\n"));

            assertThat(pipeline.remote()).isEmpty();
            assertThat(pipeline.kept(Pipeline.ABANDONED))
                    .anySatisfy(kept -> assertThat(kept.recipients()).contains("carol@elsewhere.example"));
        }
    }

    /** Sends a mail round between two servers, each of which forwards to the other, until it does not come out again. */
    private static int laps(Pipeline first, Pipeline second) throws Exception {
        String message = HEADER + "\r\nBody.\r\n";
        for (int lap = 0; lap < 300; lap++) {
            Pipeline server = lap % 2 == 0 ? first : second;
            int sent = server.remote().size();
            // What the listener does: it takes the mail and writes its trace field.
            server.accept(TestMail.from("eve@outside.example")
                    .throughGate()
                    .to(lap % 2 == 0 ? "round@ours.example" : "round@theirs.example")
                    .message("Received: from mx.other.example ([198.51.100.7]) by mx01.inner.local with ESMTP id " + lap
                            + ";\r\n\tTue, 24 Nov 2026 12:00:00 +0000\r\n" + message));
            if (server.remote().size() == sent) {
                return lap;
            }
            message = server.remote().get(sent).message();
            assertThat(message).doesNotContain("mx01.inner.local");
        }
        return 300;
    }

    @ParameterizedTest
    @CsvSource({"rewrite, stored://var/mail/loops/, 50", "remove, " + Pipeline.ABANDONED + ", 101"})
    void twoServersThatForwardToEachOtherStop(String received, String repository, int most) throws Exception {
        String policy = "<policy><headers><received>" + received + "</received></headers></policy>";
        try (Pipeline ours = Pipeline.hardened()
                        .domain("ours.example")
                        .alias("round@ours.example", "round@theirs.example")
                        .policy(policy)
                        .start();
                Pipeline theirs = Pipeline.hardened()
                        .domain("theirs.example")
                        .alias("round@theirs.example", "round@ours.example")
                        .policy(policy)
                        .start()) {
            assertThat(laps(ours, theirs)).isBetween(10, most);
            assertThat(Stream.concat(ours.kept(repository).stream(), theirs.kept(repository).stream()))
                    .isNotEmpty();
        }
    }

    @Test
    void answersFromOutsideFindBackIntoTheirThread() throws Exception {
        try (Pipeline pipeline = server().start()) {
            String own = "<1@ex01.ours.example>";
            pipeline.accept(mail().message("Message-ID: " + own + "\r\n" + HEADER + "\r\nBody.\r\n"));
            assertThat(pipeline.local())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.message()).contains("Message-ID: " + own));
            String outside = pipeline.remote().get(0).message();
            assertThat(outside).doesNotContain("ex01").contains("Message-ID: <");
            String id = outside.replaceFirst("(?s).*Message-ID: (<[^>]+>).*", "$1");

            pipeline.accept(TestMail.from("carol@elsewhere.example")
                    .to("bob@ours.example")
                    .message("In-Reply-To: " + id + "\r\n" + HEADER + "\r\nAnswer.\r\n"));
            assertThat(pipeline.local().get(1).message()).contains("In-Reply-To: " + own + "\r\n");
        }
    }

    @Test
    void aPolicyWithAFaultStopsTheStart() {
        assertThat(catchThrowable(() -> server().policy(
                                "<policy>\n  <relay>\n    <allow senderDomains=\"ours.example\"/>\n  </relay>\n</policy>")
                        .start()))
                .hasStackTraceContaining("rempart.xml:3");
    }
}
