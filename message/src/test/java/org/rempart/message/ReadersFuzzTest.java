/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Stream;
import org.apache.james.core.MailAddress;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Any bytes through all readers of messages. The ordinary build runs the known inputs ({@link ReadersInputsTest}); {@code mvn
 * verify -Pfuzz -pl message -am} looks for new ones, from the messages of the corpus on.
 */
class ReadersFuzzTest {
    static Stream<byte[]> corpus() throws IOException {
        return ReadersInputsTest.messages().values().stream();
    }

    @MethodSource("corpus")
    @FuzzTest(maxDuration = "10m")
    void anyBytesAreAMessage(byte[] message) throws IOException {
        read(message);
    }

    /** Has all readers look at a message, and holds them to what must be true of any. */
    static void read(byte[] message) throws IOException {
        HeaderBlock header = HeaderBlock.read(new ByteArrayInputStream(message));
        assertThat(header.bytes()).isEqualTo(Arrays.copyOf(message, header.length()));
        assertThat(header.without()).isEqualTo(header.bytes());
        assertThat(HeaderBlock.read(new ByteArrayInputStream(message), 100).length())
                .isLessThanOrEqualTo(message.length);

        Originators originators = Originators.of(header);
        for (OriginatorField field : originators.all()) {
            assertThat(field.mailboxes()).allSatisfy(ReadersFuzzTest::isAnAddress);
            assertThat(field.names()).allSatisfy(ReadersFuzzTest::isAnAddress);
        }
        // A From that a strict reader finds is found.
        boolean strict = header.fields().stream()
                .anyMatch(field -> field.isNamed("From") && field.value().matches("[a-z]+@[a-z]+\\.example"));
        if (strict) {
            assertThat(originators.all()).isNotEmpty();
        }
        for (HeaderField field : header.fields()) {
            String value = field.value();
            for (int i = value.indexOf('('); i >= 0 && i < 1000; i = value.indexOf('(', i + 1)) {
                assertThat(Comments.end(value, i)).isBetween(i + 1, value.length());
            }
            assertThat(Comments.without(value).length()).isLessThanOrEqualTo(value.length());
        }
        MimeStructure.excess(new ByteArrayInputStream(message));
        DispositionNotification.isOne(new ByteArrayInputStream(message));
    }

    private static void isAnAddress(ShownAddress address) {
        assertThat(address.toString()).isNotNull();
        assertThat(address.asMailAddress().map(MailAddress::asString)).isNotNull();
    }
}
