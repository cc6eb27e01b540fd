/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.apache.james.protocols.netty.HandlerConstants;
import org.apache.james.protocols.smtp.SMTPSession;

/**
 * Hands a line with STARTTLS that starts nothing, since it has a parameter (RFC 3207, section 4) or TLS is active or not on
 * offer, past James's decoder, so that it is answered like any other command. The decoder takes it for an injection, or
 * what comes behind it, answers {@code 451} and hangs up; it does so, too, when a line with a good STARTTLS comes in two
 * segments, so that it gets such a line as one.
 *
 * <p>Whatever comes in the same segment behind STARTTLS goes to the decoder, which refuses it.
 */
final class StartTlsLines extends ChannelInboundHandlerAdapter {
    private static final String COMMAND = "starttls";
    /** A command line (RFC 5321, section 4.5.3.1.4). */
    private static final int LONGEST = 512;

    private final SMTPSession session;
    /** The beginning of a line whose end has not come yet. */
    private ByteBuf held = Unpooled.EMPTY_BUFFER;

    private boolean atLineStart = true;

    StartTlsLines(SMTPSession session) {
        this.session = session;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (!(message instanceof ByteBuf)) {
            context.fireChannelRead(message);
            return;
        }
        ByteBuf came = Unpooled.wrappedBuffer(held, (ByteBuf) message);
        held = Unpooled.EMPTY_BUFFER;
        if (!came.isReadable() || !atLineStart || !session.needsCommandInjectionDetection() || !isStartTls(came)) {
            pass(context, came);
            return;
        }
        int end = came.indexOf(came.readerIndex(), came.writerIndex(), (byte) '\n');
        if (end < 0 && came.readableBytes() <= LONGEST) {
            held = came;
        } else if (end == came.writerIndex() - 1 && startsNothing(came)) {
            context.pipeline().context(HandlerConstants.FRAMER).fireChannelRead(came);
        } else {
            pass(context, came);
        }
    }

    private void pass(ChannelHandlerContext context, ByteBuf came) {
        if (came.isReadable()) {
            atLineStart = came.getByte(came.writerIndex() - 1) == '\n';
        }
        context.fireChannelRead(came);
    }

    /** Whether it begins with the command, or may when more has come. */
    private static boolean isStartTls(ByteBuf came) {
        // James takes a command with blanks in front of it for the command.
        String begin = text(came, Math.min(came.readableBytes(), LONGEST)).replaceFirst("^[ \t]+", "");
        return COMMAND.startsWith(begin.substring(0, Math.min(begin.length(), COMMAND.length())));
    }

    private boolean startsNothing(ByteBuf line) {
        return !session.isStartTLSSupported()
                || session.isTLSStarted()
                || !text(line, line.readableBytes()).trim().equals(COMMAND);
    }

    private static String text(ByteBuf bytes, int length) {
        return bytes.toString(bytes.readerIndex(), length, StandardCharsets.US_ASCII)
                .toLowerCase(Locale.ROOT);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        ReferenceCountUtil.release(held);
        held = Unpooled.EMPTY_BUFFER;
    }
}
