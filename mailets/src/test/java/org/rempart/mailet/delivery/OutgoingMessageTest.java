/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import javax.mail.Session;
import javax.mail.internet.MimeMessage;
import org.apache.james.server.core.MimeMessageSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.junit.jupiter.api.Test;

class OutgoingMessageTest {
    /** A message that exists only while it is read, and may break off. */
    static final class Endless implements MimeMessageSource {
        private final long size;
        private final long breaksAt;
        private final AtomicLong read = new AtomicLong();

        Endless(long size, long breaksAt) {
            this.size = size;
            this.breaksAt = breaksAt;
        }

        @Override
        public String getSourceId() {
            return "endless";
        }

        @Override
        public long getMessageSize() {
            return size;
        }

        @Override
        public InputStream getInputStream() {
            return new InputStream() {
                private long position;

                @Override
                public int read() throws IOException {
                    if (position == breaksAt) {
                        throw new IOException("the disk is broken");
                    }
                    if (position == size) {
                        return -1;
                    }
                    read.incrementAndGet();
                    return position++ % 80 == 0 ? '\n' : 'x';
                }

                @Override
                public int read(byte[] bytes, int offset, int length) throws IOException {
                    int count = 0;
                    for (int next = read(); next >= 0; next = count < length ? read() : -1) {
                        bytes[offset + count++] = (byte) next;
                    }
                    return count == 0 ? -1 : count;
                }
            };
        }
    }

    @Test
    void aLargeMessageIsWrittenAsItIsRead() throws Exception {
        Endless source = new Endless(25_000_000, -1);
        AtomicLong written = new AtomicLong();
        AtomicLong mostHeld = new AtomicLong();
        try (OutgoingMessage message = OutgoingMessage.of(new MimeMessageWrapper(source))) {
            message.writeDotStuffed(new OutputStream() {
                @Override
                public void write(int octet) {
                    written.incrementAndGet();
                }

                @Override
                public void write(byte[] bytes, int offset, int length) {
                    written.addAndGet(length);
                    mostHeld.accumulateAndGet(source.read.get() - written.get(), Math::max);
                }
            });
            assertThat(message.isSmall()).isFalse();
        }
        assertThat(written.get()).isGreaterThan(25_000_000);
        assertThat(mostHeld.get()).isLessThan(100_000);
    }

    @Test
    void aMessageThatBreaksOffGetsNoEnd() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutgoingMessage message = OutgoingMessage.of(new MimeMessageWrapper(new Endless(1_000_000, 500_000)))) {
            assertThatThrownBy(() -> message.writeDotStuffed(out)).isInstanceOf(UnreadableMessageException.class);
        }
        assertThat(out.toString(StandardCharsets.US_ASCII)).doesNotContain("\r\n.\r\n");
    }

    @Test
    void aMessageThatCannotBeReadIsNoMessage() {
        assertThatThrownBy(() -> OutgoingMessage.of(new MimeMessageWrapper(new Endless(1_000, 500))))
                .isInstanceOf(UnreadableMessageException.class)
                .hasMessageContaining("the disk is broken");
    }

    @Test
    void aMessageThatIsNotJamesOwnIsCopied() throws Exception {
        byte[] bytes = "Subject: x\r\n\r\nbody\r\n".getBytes(StandardCharsets.US_ASCII);
        MimeMessage plain =
                new MimeMessage(Session.getInstance(new java.util.Properties()), new ByteArrayInputStream(bytes));
        try (OutgoingMessage message = OutgoingMessage.of(plain)) {
            assertThat(message.chunk()).isEqualTo(bytes);
        }
    }
}
