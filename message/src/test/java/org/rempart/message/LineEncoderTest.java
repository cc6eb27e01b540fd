/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a message looks like on the wire, and that anyone who reads it there gets the message back. */
class LineEncoderTest {
    private static String encode(String message, boolean dotStuffing, int piece) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LineEncoder encoder = new LineEncoder(out, dotStuffing);
        byte[] bytes = message.getBytes(StandardCharsets.ISO_8859_1);
        for (int at = 0; at < bytes.length; at += piece) {
            encoder.write(bytes, at, Math.min(piece, bytes.length - at));
        }
        encoder.end();
        return out.toString(StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @CsvSource({
        "'a\\r\\nb\\r\\n', 'a\\r\\nb\\r\\n'",
        "'a\\nb', 'a\\r\\nb\\r\\n'",
        "'a\\rb', 'a\\r\\nb\\r\\n'",
        "'a\\r\\r\\nb', 'a\\r\\nb\\r\\n'",
        "'a\\r\\r\\r\\nb', 'a\\r\\n\\r\\nb\\r\\n'",
        "'a\\n\\rb', 'a\\r\\n\\r\\nb\\r\\n'",
        "'.\\n.\\r.', '..\\r\\n..\\r\\n..\\r\\n'",
        "'a\\r\\r', 'a\\r\\n\\r\\n'",
        "'', ''",
    })
    void everyLineEndIsCrLf(String message, String wire) throws IOException {
        assertThat(encode(unescape(message), true, 3)).isEqualTo(unescape(wire));
    }

    private static String unescape(String text) {
        return text.replace("\\r", "\r").replace("\\n", "\n");
    }

    @Provide
    Arbitrary<String> messages() {
        return Arbitraries.of("\r\n", "\n", "\r", ".", "..", "a", "\u00e9", "\0", "\r\n.\r\n")
                .list()
                .ofMaxSize(60)
                .map(parts -> String.join("", parts));
    }

    @Property(tries = 500)
    void whoReadsTheWireGetsTheSameLines(@ForAll("messages") String message, @ForAll boolean small) throws IOException {
        String wire = encode(message, true, small ? 1 : 7);
        String plain = encode(message, false, 5);

        assertThat(wire.replace("\r\n", "")).doesNotContain("\r", "\n");
        assertThat("\r\n" + wire).doesNotContain("\r\n.\r\n");
        StringBuilder read = new StringBuilder();
        for (String line : wire.split("(?<=\r\n)", -1)) {
            read.append(line.startsWith(".") ? line.substring(1) : line);
        }
        assertThat(read.toString()).isEqualTo(plain);
        // Nothing but line ends is another than it was.
        assertThat(plain.replace("\r", "").replace("\n", ""))
                .isEqualTo(message.replace("\r", "").replace("\n", ""));
    }
}
