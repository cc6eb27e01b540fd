/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.AttributeKey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.james.protocols.api.CommandDetectionSession;
import org.apache.james.protocols.netty.HandlerConstants;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LineDecoderTest {
    private EmbeddedChannel channel;

    @BeforeEach
    void channel() {
        channel = new EmbeddedChannel();
        channel.pipeline().addLast(new LineDecoder(channel.pipeline()));
        channel.pipeline().addLast(HandlerConstants.CORE_HANDLER, new ChannelInboundHandlerAdapter());
        channel.attr(AttributeKey.<CommandDetectionSession>valueOf("session")).set(new InMessage());
    }

    /** The state while a message is being received, when the text of a command is only text. */
    private static final class InMessage implements CommandDetectionSession {
        @Override
        public boolean needsCommandInjectionDetection() {
            return false;
        }

        @Override
        public void startDetectingCommandInjection() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void stopDetectingCommandInjection() {
            throw new UnsupportedOperationException();
        }
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    private void receive(String text) {
        channel.writeInbound(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
    }

    private List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (ByteBuf line = channel.readInbound(); line != null; line = channel.readInbound()) {
            lines.add(line.toString(StandardCharsets.ISO_8859_1));
            line.release();
        }
        return lines;
    }

    private String answer() {
        ByteBuf answer = channel.readOutbound();
        return answer == null ? "" : answer.toString(StandardCharsets.US_ASCII);
    }

    @Test
    void linesKeepTheirEnds() {
        receive("one\r\ntwo\r\nthr");
        receive("ee\r\n");

        assertThat(lines()).containsExactly("one\r\n", "two\r\n", "three\r\n");
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void aLineOfTheMeasureIsTaken() {
        String line = "x".repeat(LineDecoder.LONGEST - 2) + "\r\n";
        receive(line);

        assertThat(lines()).containsExactly(line);
        assertThat(answer()).isEmpty();
    }

    @Test
    void aLineBeyondTheMeasureEndsTheConnection() {
        receive("x".repeat(LineDecoder.LONGEST + 1));

        assertThat(lines()).isEmpty();
        assertThat(answer()).isEqualTo("500 5.5.2 Line too long\r\n");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void aLongLineThatArrivesWithItsEndIsNotTakenEither() {
        receive("x".repeat(LineDecoder.LONGEST + 100) + "\r\nnext\r\n");

        assertThat(lines()).isEmpty();
        assertThat(answer()).isEqualTo("500 5.5.2 Line too long\r\n");
    }

    @Test
    void whatFollowsALongLineIsNoCommand() {
        receive("first\r\n" + "x".repeat(LineDecoder.LONGEST));
        receive("x".repeat(1000) + "\r\nMAIL FROM:<a@b.example>\r\n");

        assertThat(lines()).containsExactly("first\r\n");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void manyShortLinesInOnePieceAreNoLongLine() {
        int count = LineDecoder.LONGEST / 10 + 100;
        receive("12345678\r\n".repeat(count));

        assertThat(lines()).hasSize(count);
        assertThat(channel.isOpen()).isTrue();
    }
}
