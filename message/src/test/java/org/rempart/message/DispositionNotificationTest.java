/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DispositionNotificationTest {
    private static final String TYPE =
            "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n";
    private static final String TEXT = "--b\r\nContent-Type: text/plain\r\n\r\nIt was read.\r\n";
    private static final String NOTIFICATION = "--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
            + "Reporting-UA: client.example\r\nFinal-Recipient: rfc822;alice@ours.example\r\n"
            + "Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n";
    private static final String ORIGINAL = "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: x\r\n\r\n";
    private static final String END = "--b--\r\n";

    private static boolean isOne(String message) throws IOException {
        return DispositionNotification.isOne(new ByteArrayInputStream(message.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aReceiptIsOne() throws IOException {
        assertThat(isOne(TYPE + TEXT + NOTIFICATION + END)).isTrue();
        assertThat(isOne(TYPE + TEXT + NOTIFICATION + ORIGINAL + END)).isTrue();
        assertThat(isOne(TYPE + TEXT + NOTIFICATION
                        + "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nbody\r\n" + END))
                .isTrue();
        String forms = "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nread\r\n"
                + "--c\r\nContent-Type: text/html\r\n\r\n<p>read\r\n--c--\r\n";
        assertThat(isOne(TYPE + forms + NOTIFICATION + END)).isTrue();
    }

    @Test
    void whatOnlyCallsItselfOneIsNot() throws IOException {
        assertThat(isOne("")).isFalse();
        assertThat(isOne(TYPE)).isFalse();
        assertThat(isOne(TYPE + END)).isFalse();
        assertThat(isOne(TYPE + TEXT + END)).isFalse();
        assertThat(isOne(TYPE + NOTIFICATION + END)).isFalse();
        assertThat(isOne(TYPE + NOTIFICATION + TEXT + END)).isFalse();
        assertThat(isOne(TYPE + TEXT + NOTIFICATION + ORIGINAL + ORIGINAL + END))
                .isFalse();
        assertThat(isOne(TYPE + TEXT + NOTIFICATION + TEXT + END)).isFalse();
        assertThat(isOne(TYPE + TEXT + NOTIFICATION.replace("Disposition:", "X:") + END))
                .isFalse();
        assertThat(isOne(TYPE + TEXT + NOTIFICATION.replace("Final-Recipient:", "X:") + END))
                .isFalse();
        assertThat(isOne(TYPE + TEXT.replace("read", "x".repeat(40_000)) + NOTIFICATION + END))
                .isFalse();
        assertThat(isOne(TYPE + TEXT.replace("text/plain", "image/png") + NOTIFICATION + END))
                .isFalse();
        assertThat(isOne("Content-Type: text/plain\r\n\r\nHello\r\n")).isFalse();
    }
}
