/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class HeaderBlockTest {
    private static HeaderBlock parse(String header) {
        return HeaderBlock.parse(header.getBytes(ISO_8859_1));
    }

    private static List<String> names(String header) {
        return parse(header).fields().stream().map(HeaderField::name).collect(Collectors.toList());
    }

    private static String text(HeaderBlock block, HeaderField field) {
        return new String(block.bytes(), field.start(), field.end() - field.start(), ISO_8859_1);
    }

    private static int lengthRead(String message) throws IOException {
        return HeaderBlock.read(new ByteArrayInputStream(message.getBytes(ISO_8859_1)))
                .length();
    }

    @Test
    void fieldsAreNamedAsWritten() {
        assertThat(names("Subject: a\r\nX-MAILER : b\r\nto:c\r\n\r\n")).containsExactly("Subject", "X-MAILER", "to");
    }

    @Test
    void foldedFieldIsOneField() {
        HeaderBlock block = parse("A: one\r\n two\r\n\tthree\r\nB: x\r\n\r\n");
        assertThat(block.fields()).hasSize(2);
        assertThat(block.fields().get(0).value()).isEqualTo("one two\tthree");
        assertThat(text(block, block.fields().get(0))).isEqualTo("A: one\r\n two\r\n\tthree\r\n");
    }

    @Test
    void lineOfWhiteSpaceAloneContinues() throws IOException {
        assertThat(names("A: one\r\n \r\nReceived: inner\r\n\r\n")).containsExactly("A", "Received");
        assertThat(lengthRead("A: one\r\n \r\nB: two\r\n\r\nbody")).isEqualTo(21);
    }

    @Test
    void fieldBehindLoneCarriageReturnIsAField() {
        assertThat(names("A: one\rReceived: inner\r\n\r\n")).containsExactly("A", "Received");
    }

    @Test
    void headerEndsWithEmptyLineOfAnyKind() throws IOException {
        assertThat(lengthRead("A: b\r\n\r\nbody")).isEqualTo(8);
        assertThat(lengthRead("A: b\n\nbody")).isEqualTo(6);
        assertThat(lengthRead("A: b\r\rbody")).isEqualTo(6);
        assertThat(lengthRead("A: b\r\r\nB: c\r\r\n\r\r\nbody")).isEqualTo(17);
        assertThat(lengthRead("A: b\n\r\nbody")).isEqualTo(7);
    }

    @Test
    void messageWithoutBodyOrHeaderOrAnything() throws IOException {
        assertThat(lengthRead("A: b")).isEqualTo(4);
        assertThat(lengthRead("A: b\r")).isEqualTo(5);
        assertThat(lengthRead("\r\nbody")).isEqualTo(2);
        assertThat(lengthRead("")).isZero();
        assertThat(names("")).isEmpty();
        assertThat(names("\r\n")).isEmpty();
    }

    @Test
    void whatIsNoFieldHasNoName() {
        assertThat(names("From a@b.example Mon Jan  1 10:00:00 2026\nno field\n: empty\nA: b\n\n"))
                .containsExactly("", "", "", "A");
        assertThat(names(">From a@b.example Mon Jan  1 10:00:00 2026\nA: b\n\n"))
                .containsExactly("", "A");
    }

    @Test
    void fieldThatHidesBehindWhiteSpaceAtTheTopIsAField() {
        assertThat(names(" Received: inner\r\nA: b\r\n\r\n")).containsExactly("Received", "A");
    }

    @Test
    void namesOfAnyBytesAreRead() {
        assertThat(names("X-Spam-\u00fc\u0000: a\r\n\r\n")).containsExactly("X-Spam-\u00fc\u0000");
    }

    @Test
    void lineEndIsTheFieldsOwn() {
        List<HeaderField> fields = parse("A: 1\r\nB: 2\nC: 3\rD: 4\r\r\nE: 5").fields();
        assertThat(fields.stream().map(HeaderField::lineEnd).collect(Collectors.toList()))
                .containsExactly("\r\n", "\n", "\r", "\r\r\n", "");
    }

    @Test
    void leftOutFieldsTakeNothingWithThem() {
        byte[] rest = parse("A: 1\r\nbcc: x,\r\n y\r\nB: 2\r\n\r\ntail").without("Bcc", "Cc");
        assertThat(new String(rest, ISO_8859_1)).isEqualTo("A: 1\r\nB: 2\r\n\r\ntail");
    }

    @Test
    void emptyLineStaysOneWhenTheFieldBeforeItIsLeftOut() {
        assertThat(new String(parse("A: 1\rB: 2\r\n\r\n").without("B"), ISO_8859_1))
                .isEqualTo("A: 1\r\n\r\n");
        assertThat(new String(parse("A: 1\rB: 2\n\n").without("B"), ISO_8859_1)).isEqualTo("A: 1\r\n\n");
        assertThat(new String(parse("A: 1\rB: 2").without("B"), ISO_8859_1)).isEqualTo("A: 1\r");
    }

    @Test
    void hugeHeadersAreReadInTimeThatTheirLengthTells() {
        byte[] manyFields = "X-Field: value\r\n".repeat(100_000).getBytes(ISO_8859_1);
        byte[] longField = ("X-Field: " + "0123456789 ".repeat(1_000_000)).getBytes(ISO_8859_1);
        byte[] carriageReturns = ("A: b" + "\r \r".repeat(1_000_000)).getBytes(ISO_8859_1);
        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            assertThat(HeaderBlock.read(new ByteArrayInputStream(manyFields)).fields())
                    .hasSize(100_000);
            assertThat(HeaderBlock.read(new ByteArrayInputStream(longField)).fields())
                    .hasSize(1);
            assertThat(HeaderBlock.read(new ByteArrayInputStream(carriageReturns))
                            .fields())
                    .isNotEmpty();
        });
    }

    @Test
    void bodyIsNotReadToItsEnd() throws IOException {
        byte[] header = "A: b\r\n\r\n".getBytes(ISO_8859_1);
        InputStream endless = new InputStream() {
            private int position;

            @Override
            public int read() {
                return position < header.length ? header[position++] : 'x';
            }

            @Override
            public int read(byte[] buffer, int offset, int length) {
                for (int i = 0; i < length; i++) {
                    buffer[offset + i] = (byte) read();
                }
                return length;
            }
        };
        assertThat(HeaderBlock.read(endless).length()).isEqualTo(header.length);
    }
}
