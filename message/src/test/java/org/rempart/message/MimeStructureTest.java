/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rempart.message.MimeStructure.Excess;

class MimeStructureTest {
    private static Excess excess(String message) throws IOException {
        return MimeStructure.excess(new ByteArrayInputStream(message.getBytes(StandardCharsets.UTF_8)));
    }

    private static String multiparts(int levels) {
        StringBuilder message = new StringBuilder("Subject: nested\r\n");
        for (int i = 0; i < levels; i++) {
            message.append("Content-Type: multipart/mixed; boundary=b")
                    .append(i)
                    .append("\r\n\r\n--b");
            message.append(i).append("\r\n");
        }
        return message.append("\r\ntext\r\n").toString();
    }

    private static String messages(int levels) {
        return "Content-Type: message/rfc822\r\n\r\n".repeat(levels) + "Subject: innermost\r\n\r\ntext\r\n";
    }

    @ParameterizedTest
    @CsvSource({"1,NONE", "100,NONE", "101,TOO_DEEP", "10000,TOO_DEEP", "200000,TOO_DEEP"})
    void levelsAreBounded(int levels, Excess expected) {
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            assertThat(excess(multiparts(levels))).isEqualTo(expected);
            assertThat(excess(messages(levels))).isEqualTo(expected);
        });
    }

    @ParameterizedTest
    @CsvSource({"10,NONE", "10000,NONE", "10001,TOO_MANY_PARTS", "300000,TOO_MANY_PARTS"})
    void partsAreBounded(int parts, Excess expected) throws IOException {
        String message =
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + "--b\r\n\r\n\r\n".repeat(parts) + "--b--\r\n";

        assertThat(excess(message)).isEqualTo(expected);
    }

    @Test
    void whatIsNoMimeHasNoStructure() throws IOException {
        assertThat(excess("")).isEqualTo(Excess.NONE);
        assertThat(excess("no header at all")).isEqualTo(Excess.NONE);
        assertThat(excess("Content-Type: multipart/mixed\r\n\r\nwithout a boundary"))
                .isEqualTo(Excess.NONE);
    }
}
