/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimKeyKind;

/** Mail that is signed as it leaves the hardened pipeline, and mail that is not. */
class SignedMailPipelineTest {
    private static final String MESSAGE = "From: alice@ours.example\r\nTo: carol@far.example\r\nSubject: A test\r\n"
            + "Message-ID: <1@client.example>\r\nX-Mailer: Acme\r\n\r\nBody.\r\n";
    private static String key;

    @BeforeAll
    static void key() throws Exception {
        key = DkimKey.generate(DkimKeyKind.RSA).pem();
    }

    private static Pipeline.Builder server() {
        return Pipeline.hardened()
                .domain("ours.example")
                .user("alice@ours.example")
                .user("bob@ours.example")
                .alias("away@ours.example", "away@far.example")
                .policy(
                        "<policy><dkim><sign domain='ours.example' selector='s1' key='conf/dkim/s1.pem'/></dkim></policy>")
                .file("file://conf/dkim/s1.pem", key);
    }

    @Test
    void whatLeavesIsSignedAfterItWasStrippedAndLocalCopiesAreNot() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("alice@ours.example")
                    .by("alice@ours.example")
                    .throughGate()
                    .message(MESSAGE)
                    .to("carol@far.example", "bob@ours.example"));

            assertThat(pipeline.remote())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.message())
                            .startsWith(
                                    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=ours.example;\r\n\ts=s1; ")
                            .doesNotContain("X-Mailer"));
            assertThat(pipeline.local())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.message())
                            .doesNotContain("DKIM-Signature")
                            .contains("X-Mailer"));
        }
    }

    @Test
    void aStrangersMailThatIsSentOnIsNot() throws Exception {
        try (Pipeline pipeline = server().start()) {
            pipeline.accept(TestMail.from("eve@outside.example")
                    .throughGate()
                    .message(MESSAGE)
                    .to("away@ours.example"));

            assertThat(pipeline.remote())
                    .singleElement()
                    .satisfies(mail -> assertThat(mail.message()).doesNotContain("DKIM-Signature"));
        }
    }

    @Test
    void aKeyThatIsNotThereStopsTheStart() {
        assertThatThrownBy(() -> server().policy("<policy><dkim><sign domain='ours.example' selector='s1'"
                                + " key='conf/dkim/other.pem'/></dkim></policy>")
                        .start())
                .hasStackTraceContaining("the key conf/dkim/other.pem is not there");
    }
}
