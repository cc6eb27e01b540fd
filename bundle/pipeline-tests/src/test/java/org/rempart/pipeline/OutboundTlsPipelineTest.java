/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** How mail gets into the queue of the hardened configuration's remote delivery. */
class OutboundTlsPipelineTest {
    private static Pipeline.Builder server() {
        return Pipeline.hardened()
                .domain("ours.example")
                .user("alice@ours.example")
                .policy("<policy><tls><outbound default=\"opportunistic\">"
                        + "<to domain=\"bank.example\" level=\"verify\"/>"
                        + "<to domain=\"*.gov.example\" level=\"encrypt\"/>"
                        + "<to domain=\"legacy.example\" level=\"none\" reason=\"their firewall strips STARTTLS\"/>"
                        + "</outbound></tls></policy>");
    }

    @Test
    void eachDestinationHasAMailOfItsOwnInTheOneQueue() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("alice@ours.example")
                    .by("alice@ours.example")
                    .to("a@bank.example", "b@tax.gov.example", "c@legacy.example", "d@legacy.example"));

            assertThat(pipeline.queue("outgoing"))
                    .extracting(SeenMail::recipients)
                    .containsExactlyInAnyOrder(
                            List.of("a@bank.example"),
                            List.of("b@tax.gov.example"),
                            List.of("c@legacy.example", "d@legacy.example"));
            assertThat(pipeline.kept()).isEmpty();
        }
    }

    @Test
    void aDeliveryThatWouldOverrideThePolicyStopsTheStart() {
        Pipeline.Builder wrong = Pipeline.of("<processor state=\"root\" enableJmx=\"false\">"
                        + "<mailet match=\"All\" class=\"org.rempart.mailet.SecureRemoteDelivery\">"
                        + "<startTLS>false</startTLS></mailet></processor>"
                        + "<processor state=\"error\" enableJmx=\"false\"/>")
                .domain("ours.example");

        assertThatThrownBy(wrong::start).hasStackTraceContaining("does not take <startTLS>");
    }

    @Test
    void whatLeavesIsStrippedAndWhatStaysIsNot() throws Exception {
        String header = "Received: from pc7.inner.ours.example ([10.1.2.3]) by mx.inner.ours.example; "
                + "Tue, 24 Nov 2026 12:00:00 +0000\r\n"
                + "X-Mailer: Clumsy Mailer 1.0\r\n"
                + "X-Originating-IP: [10.1.2.3]\r\n"
                + "From: alice@ours.example\r\nSubject: A test\r\n";
        try (Pipeline pipeline = server().user("bob@ours.example").start()) {
            pipeline.accept(TestMail.from("alice@ours.example")
                    .by("alice@ours.example")
                    .to("bob@ours.example", "d@elsewhere.example")
                    .message(header + "\r\nBody \u00e9\0.\r\n"));

            assertThat(pipeline.remote()).singleElement().satisfies(mail -> {
                assertThat(mail.message())
                        .doesNotContain("10.1.2.3", "inner.ours.example", "Clumsy", "X-Originating-IP");
                assertThat(mail.message()).endsWith("\r\n\r\nBody \u00e9\0.\r\n");
            });
            assertThat(pipeline.local())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.message()).contains("10.1.2.3", "inner.ours.example", "Clumsy"));
        }
    }
}
