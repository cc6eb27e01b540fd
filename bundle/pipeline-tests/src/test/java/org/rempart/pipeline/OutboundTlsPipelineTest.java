/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Which remote delivery of the hardened configuration gets a recipient. */
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
    void eachRecipientGoesToTheDeliveryOfItsLevel() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("alice@ours.example")
                    .by("alice@ours.example")
                    .to("a@bank.example", "b@tax.gov.example", "c@legacy.example", "d@elsewhere.example"));

            assertThat(pipeline.queue("outgoing-verify"))
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("a@bank.example"));
            assertThat(pipeline.queue("outgoing-encrypt"))
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("b@tax.gov.example"));
            assertThat(pipeline.queue("outgoing-none"))
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("c@legacy.example"));
            assertThat(pipeline.queue("outgoing"))
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.recipients()).containsExactly("d@elsewhere.example"));
            assertThat(pipeline.kept()).isEmpty();
        }
    }

    @Test
    void whatLeavesIsStrippedAndWhatStaysIsNot() throws Exception {
        String header = "Received: from pc7.inner.example ([10.1.2.3]) by mx.inner.example; "
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
                assertThat(mail.message()).doesNotContain("10.1.2.3", "inner.example", "Clumsy", "X-Originating-IP");
                assertThat(mail.message()).endsWith("\r\n\r\nBody \u00e9\0.\r\n");
            });
            assertThat(pipeline.local())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.message()).contains("10.1.2.3", "inner.example", "Clumsy"));
        }
    }
}
