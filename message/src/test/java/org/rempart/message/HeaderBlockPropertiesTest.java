/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import javax.mail.MessagingException;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.apache.james.server.core.MailHeaders;

class HeaderBlockPropertiesTest {
    @Provide
    Arbitrary<byte[]> headers() {
        return Headers.any();
    }

    @Provide
    Arbitrary<String> names() {
        return Arbitraries.of("Received", "X-Mailer", "Subject", "X-Hop-Count", "DKIM-Signature");
    }

    @Property
    void fieldsTogetherAreTheHeader(@ForAll("headers") byte[] bytes) {
        HeaderBlock block = HeaderBlock.parse(bytes);
        int position = 0;
        for (HeaderField field : block.fields()) {
            assertThat(field.start()).isEqualTo(position);
            assertThat(field.end()).isGreaterThan(position);
            assertThat(field.name() + field.value() + field.lineEnd()).isNotNull();
            position = field.end();
        }
        assertThat(block.without()).isEqualTo(bytes);
    }

    @Property
    void headerEndsWhereJavaMailEndsIt(@ForAll("headers") byte[] bytes) throws IOException, MessagingException {
        ByteArrayInputStream in = new ByteArrayInputStream(bytes);
        new MailHeaders(in);
        assertThat(HeaderBlock.read(new ByteArrayInputStream(bytes)).length()).isEqualTo(bytes.length - in.available());
    }

    @Property
    void readingInPartsIsReadingAtOnce(@ForAll("headers") byte[] bytes, @ForAll @IntRange(min = 1, max = 5) int part)
            throws IOException {
        InputStream slow = new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] buffer, int offset, int length) {
                return super.read(buffer, offset, Math.min(part, length));
            }
        };
        byte[] slowly = HeaderBlock.read(slow).bytes();
        assertThat(slowly)
                .isEqualTo(HeaderBlock.read(new ByteArrayInputStream(bytes)).bytes());
        assertThat(slowly).isEqualTo(Arrays.copyOf(bytes, slowly.length));
    }

    @Property
    void leavingOutKeepsTheRestInOrder(@ForAll("headers") byte[] bytes) {
        HeaderBlock block = HeaderBlock.parse(bytes);
        ByteArrayOutputStream rest = new ByteArrayOutputStream();
        int end = 0;
        byte last = 0;
        boolean lastLeftOut = false;
        for (HeaderField field : block.fields()) {
            if (!field.name().equalsIgnoreCase("received")) {
                rest.write(bytes, field.start(), field.end() - field.start());
                last = bytes[field.end() - 1];
            }
            lastLeftOut = field.isNamed("Received");
            end = field.end();
        }
        String tail = new String(bytes, end, bytes.length - end, ISO_8859_1);
        if (lastLeftOut && last == '\r' && (tail.startsWith("\n") || tail.startsWith("\r\n"))) {
            rest.write('\n');
        }
        rest.write(bytes, end, bytes.length - end);
        assertThat(block.without("Received")).isEqualTo(rest.toByteArray());
    }

    @Property
    void bodyStaysTheBodyWhateverIsLeftOut(@ForAll("headers") byte[] bytes, @ForAll("names") String name)
            throws IOException {
        byte[] header = HeaderBlock.read(new ByteArrayInputStream(bytes)).bytes();
        byte[] rest = HeaderBlock.parse(header).without(name);
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        message.writeBytes(rest);
        message.write(bytes, header.length, bytes.length - header.length);
        if (header.length < bytes.length) {
            assertThat(HeaderBlock.read(new ByteArrayInputStream(message.toByteArray()))
                            .length())
                    .isEqualTo(rest.length);
        }
    }
}
