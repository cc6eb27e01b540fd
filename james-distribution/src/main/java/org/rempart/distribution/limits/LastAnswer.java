/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.limits;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends a connection with a line that says why. */
final class LastAnswer {
    private static final Logger LOGGER = LoggerFactory.getLogger(LastAnswer.class);

    /** A client that does not take the line is closed all the same. */
    private static final long TAKES_IT_WITHIN_SECONDS = 5;

    private LastAnswer() {}

    static void send(ChannelHandlerContext context, String line) {
        LOGGER.info("{} is disconnected: {}", context.channel().remoteAddress(), line);
        context.writeAndFlush(Unpooled.copiedBuffer(line + "\r\n", StandardCharsets.US_ASCII))
                .addListener(ChannelFutureListener.CLOSE);
        // What still comes is read and thrown away; input that is left unread would make the close a reset, and a reset
        // takes the line with it.
        context.channel().config().setAutoRead(true);
        var unused = context.executor()
                .schedule(
                        () -> {
                            if (context.channel().isOpen()) {
                                context.channel().unsafe().closeForcibly();
                            }
                        },
                        TAKES_IT_WITHIN_SECONDS,
                        TimeUnit.SECONDS);
    }
}
