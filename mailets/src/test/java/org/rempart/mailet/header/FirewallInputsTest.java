/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.header;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.message.HeaderBlock;
import org.rempart.policy.headers.ReceivedHandling;

/** The inputs of {@link FirewallFuzzTest} in the ordinary build, without the fuzzer, whose agent slows all tests down. */
class FirewallInputsTest {
    private static final String FOLDER = "FirewallFuzzTestInputs/anyBytesAreAMessage";
    private static final Set<String> NAMES = Set.of(
            "arc",
            "bare-line-feeds",
            "carriage-returns",
            "hops",
            "no-body",
            "no-header",
            "nul",
            "plain",
            "report",
            "results",
            "signed");

    @Test
    void knownInputs() throws IOException {
        new FirewallFuzzTest().anyBytesAreAMessage(new byte[0]);
        for (String name : NAMES) {
            try (InputStream in = FirewallInputsTest.class.getResourceAsStream(FOLDER + "/" + name)) {
                assertThat(in).as(name).isNotNull();
                new FirewallFuzzTest().anyBytesAreAMessage(in.readAllBytes());
            }
        }
    }

    @Test
    void noInputIsLeftOut() {
        URL folder = FirewallInputsTest.class.getResource(FOLDER);
        if (folder != null && folder.getProtocol().equals("file")) {
            assertThat(new File(folder.getPath()).list()).containsExactlyInAnyOrderElementsOf(NAMES);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Received: by ex01 (10.0.0.7) ",
                "Message-ID: <1@pc17> ",
                "References: <1@x.ours.example>\r\n ",
                "\u0000"
            })
    void tenMegabytes(String piece) throws Exception {
        String header = piece.repeat(10_000_000 / piece.length()) + "\r\n\r\n";
        assertThat(FirewallFuzzTest.firewall(ReceivedHandling.REWRITE, true)
                        .apply(HeaderBlock.parse(header.getBytes(StandardCharsets.ISO_8859_1)))
                        .map(bytes -> bytes.length)
                        .orElse(header.length()))
                .isPositive();
    }
}
