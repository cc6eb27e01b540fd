/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.TooLongFrameException;
import java.lang.reflect.Field;
import org.apache.james.protocols.api.ProtocolSession.AttachmentKey;
import org.apache.james.protocols.api.ProtocolSession.State;
import org.apache.james.protocols.api.ProtocolSessionImpl;
import org.apache.james.protocols.netty.CommandInjectionDetectedException;
import org.apache.james.protocols.netty.HandlerConstants;
import org.apache.james.protocols.netty.NettyProtocolTransport;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.smtpserver.ExtendedSMTPSession;

/**
 * Notices what James does not tell of lines: that it drops one, and that one ended in a bare LF.
 *
 * <p>James's decoder throws away a line of more than 8192 octets, answers {@code 500} at
 * once and goes on; within a message it thus answers in the middle of DATA, and then takes the message without that
 * line. This stands between the decoder and James's own handler: within a message it keeps James from answering, and
 * marks the {@link Transaction} instead, for {@link StrictLinesFilter} to refuse the message at its end. Elsewhere James's
 * answer is right, and stays. What James's decoder refuses since it came in clear text behind STARTTLS is answered {@code
 * 421 4.7.0}, as {@link SessionGuard} does, and is in the audit trail.
 *
 * <p>James cuts the line end off a command before anybody sees it, and takes a bare LF for one; {@link SessionGuard} asks
 * here.
 */
final class LostLines extends ChannelInboundHandlerAdapter {
    private static final String HANDLER_NAME = "rempartLostLines";
    private static final AttachmentKey<Boolean> BARE_LF = AttachmentKey.of("org.rempart.smtp.bare-lf", Boolean.class);

    private final SMTPSession session;
    private boolean injected;

    private LostLines(SMTPSession session) {
        this.session = session;
    }

    /**
     * Watches a connection from now on.
     *
     * @throws IllegalStateException when James does not let itself be watched; the connection must not be served then
     */
    static void watch(SMTPSession session) {
        try {
            Channel channel = (Channel) channelField().get(((ProtocolSessionImpl) session).getProtocolTransport());
            ChannelPipeline pipeline = channel.pipeline();
            // On the thread of James's own handler, so that a loss is seen in its place between the lines.
            pipeline.addBefore(
                    pipeline.context(HandlerConstants.CORE_HANDLER).executor(),
                    HandlerConstants.CORE_HANDLER,
                    HANDLER_NAME,
                    new LostLines(session));
            pipeline.addBefore(
                    pipeline.context(HandlerConstants.FRAMER).executor(),
                    HandlerConstants.FRAMER,
                    "rempartStartTls",
                    new StartTlsLines(session));
        } catch (ReflectiveOperationException | RuntimeException unknownJames) {
            throw new IllegalStateException("Can't watch the connection for lines that James drops", unknownJames);
        }
    }

    /**
     * How to get from a session to its connection. James has no public way.
     *
     * @throws ReflectiveOperationException when this version of James has none
     */
    static Field channelField() throws ReflectiveOperationException {
        Field channel = NettyProtocolTransport.class.getDeclaredField("channel");
        channel.setAccessible(true);
        return channel;
    }

    /** Whether the line that is being worked on, or one before it that no command was made of, ended in a bare LF. */
    static boolean endedInBareLf(SMTPSession session) {
        return session.removeAttachment(BARE_LF, State.Connection).isPresent();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object line) {
        if (line instanceof ByteBuf && !isReceivingMessage() && endsInBareLf((ByteBuf) line)) {
            session.setAttachment(BARE_LF, Boolean.TRUE, State.Connection);
        }
        ctx.fireChannelRead(line);
    }

    private static boolean endsInBareLf(ByteBuf line) {
        int end = line.writerIndex();
        int length = line.readableBytes();
        return length > 0 && line.getByte(end - 1) == '\n' && (length == 1 || line.getByte(end - 2) != '\r');
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof TooLongFrameException && isReceivingMessage()) {
            Transaction.of(session).loseLine();
        } else if (cause.getCause() instanceof CommandInjectionDetectedException) {
            refuseInjection();
        } else {
            ctx.fireExceptionCaught(cause);
        }
    }

    /** James's decoder has seen something behind STARTTLS in clear text, and goes on seeing it until the connection ends. */
    private void refuseInjection() {
        if (!injected) {
            injected = true;
            AuditTrail.event("command-injection", session).log();
            ((ProtocolSessionImpl) session).getProtocolTransport().writeResponse(Answers.INJECTED, session);
        }
    }

    private boolean isReceivingMessage() {
        return ((ExtendedSMTPSession) session).getMimeMessageWriter() != null;
    }
}
