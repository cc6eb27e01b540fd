/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.rempart.message.MailAttributes;

/** The mark that the first gate leaves is the one that the second looks for: the two modules don't know each other. */
@Tag("james-3.8")
class GatePipelineTest {
    @Test
    void theMarkOfTheFirstGateOpensTheSecond() throws Exception {
        TestMail marked = TestMail.from("eve@outside.example")
                .with(MailAttributes.GATE.asString(), "rcpt")
                .to("away@ours.example");
        try (Pipeline pipeline = Pipeline.hardened()
                .domain("ours.example")
                .alias("away@ours.example", "away@elsewhere.example")
                .start()) {
            pipeline.accept(marked);

            assertThat(pipeline.remote()).hasSize(1);
        }
    }
}
