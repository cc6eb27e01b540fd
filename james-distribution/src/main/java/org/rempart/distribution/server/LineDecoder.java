/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import java.nio.charset.StandardCharsets;
import org.apache.james.protocols.netty.AllButStartTlsLineBasedChannelHandler;

/**
 * Cuts what an SMTP client sends into lines. Lines may be longer than RFC 5321, section 4.5.3.1.6 asks receivers to take
 * (1000 bytes), since real messages have longer ones; a line that is longer than {@value #LONGEST} bytes ends the
 * connection with {@code 500 5.5.2}, and with it the message that it is part of.
 */
final class LineDecoder extends AllButStartTlsLineBasedChannelHandler {
    static final int LONGEST = 256 * 1024;

    private static final byte[] TOO_LONG = "500 5.5.2 Line too long\r\n".getBytes(StandardCharsets.US_ASCII);

    private boolean over;

    LineDecoder(ChannelPipeline pipeline) {
        super(pipeline, LONGEST + 1, false, "starttls");
    }

    @Override
    protected Object decode(ChannelHandlerContext context, ByteBuf buffer) throws Exception {
        if (!over && isTooLong(buffer)) {
            over = true;
            context.writeAndFlush(Unpooled.copiedBuffer(TOO_LONG)).addListener(ChannelFutureListener.CLOSE);
        }
        if (over) {
            // Nothing behind the line counts either: it would be taken for commands.
            buffer.skipBytes(buffer.readableBytes());
            return null;
        }
        return super.decode(context, buffer);
    }

    private static boolean isTooLong(ByteBuf buffer) {
        return buffer.readableBytes() > LONGEST && buffer.bytesBefore(LONGEST, (byte) '\n') < 0;
    }
}
