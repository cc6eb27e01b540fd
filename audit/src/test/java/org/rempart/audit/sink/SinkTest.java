/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.sink;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SinkTest {
    private static final String MESSAGE = "Received: by mail.example.com; Mon, 30 Nov 2026 13:00:00 +0000\r\n"
            + "Subject: Test message of rempart\r\n audit (relay) abc123\r\n"
            + "Message-ID: <abc123@rempart-audit.invalid>\r\n"
            + "\r\n"
            + "The administrator of this mail server audits it.\r\n";

    private static boolean test(String message, String token) {
        return Sink.isTestMessage(message.getBytes(StandardCharsets.ISO_8859_1), token);
    }

    @Test
    void theMessageThatWasSentIsKnown() {
        assertThat(test(MESSAGE, "abc123")).isTrue();
        assertThat(test(MESSAGE.replace("Message-ID", "X-Was"), "abc123")).isTrue();
        assertThat(test(MESSAGE.replace("\r\n", "\n").replace("Subject: ", "Subject: [external] "), "abc123"))
                .isTrue();
        assertThat(test(MESSAGE, "def456")).isFalse();
    }

    /** A server that takes a message for nobody sends a bounce: what comes back to its sender was not relayed. */
    @Test
    void aBounceThatQuotesItIsNotTheMessage() {
        assertThat(test(
                        "From: MAILER-DAEMON\r\nSubject: Undelivered Mail Returned to Sender\r\n"
                                + "Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n" + MESSAGE,
                        "abc123"))
                .isFalse();
        assertThat(test(
                        "Subject: Re: Test message of rempart audit (relay) abc123\r\nAuto-Submitted: auto-replied\r\n\r\n",
                        "abc123"))
                .isFalse();
        assertThat(test("Subject: failed\r\nReferences: <abc123@rempart-audit.invalid>\r\n\r\n", "abc123"))
                .isFalse();
    }
}
