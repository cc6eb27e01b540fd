/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.limits;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.james.imap.api.ImapSessionState;
import org.apache.james.imap.api.process.ImapSession;
import org.apache.james.imapserver.netty.NettyConstants;

/**
 * Lets nobody who has not logged in to IMAP send more than {@value #BEFORE_LOGIN} bytes, or stay longer than the login
 * deadline: he is told BYE (RFC 9051, section 7.1.5) and disconnected. James collects in memory whatever a literal like
 * {@code LOGIN {2000000000}} announces, and looks a line through again with every packet of it. It also replaces the
 * greeting, which names the product and its version. Who is blocked is told BYE at once.
 */
public final class ImapGuard extends ChannelDuplexHandler {
    /** Room for STARTTLS, ID, a few tries and a token of many kilobytes. */
    static final int BEFORE_LOGIN = 16 * 1024;

    private final String greeting;
    private final Duration loginDeadline;
    private final Predicate<Channel> blocked;
    private boolean looked;
    private boolean greeted;
    private boolean over;
    private int bytes;
    private Future<?> deadline;

    /**
     * A guard for one connection.
     *
     * @param host the name that the server says of itself
     * @param loginDeadline how long a client may stay without logging in
     * @param blocked whether the client of a connection is blocked
     */
    public ImapGuard(String host, Duration loginDeadline, Predicate<Channel> blocked) {
        this.greeting = "* OK " + host + " IMAP4rev1 ready\r\n";
        this.loginDeadline = loginDeadline;
        this.blocked = blocked;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        deadline = context.executor()
                .schedule(
                        () -> {
                            if (!over && !isLoggedIn(context)) {
                                end(context, "* BYE No login within " + loginDeadline.toSeconds() + " seconds");
                            }
                        },
                        loginDeadline.toMillis(),
                        TimeUnit.MILLISECONDS);
        refuseBlocked(context);
        context.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (deadline != null) {
            deadline.cancel(false);
        }
        context.fireChannelInactive();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object received) {
        ByteBuf input = (ByteBuf) received;
        if (!looked) {
            // Behind a proxy, who the client is is known only now.
            looked = true;
            refuseBlocked(context);
        }
        if (!over && !isLoggedIn(context)) {
            bytes += input.readableBytes();
            if (bytes > BEFORE_LOGIN) {
                end(context, "* BYE Too much before login");
            }
        }
        if (over) {
            input.release();
        } else {
            context.fireChannelRead(input);
        }
    }

    private void refuseBlocked(ChannelHandlerContext context) {
        if (!over && blocked.test(context.channel())) {
            end(context, "* BYE Too many failed logins, try again later");
        }
    }

    private static boolean isLoggedIn(ChannelHandlerContext context) {
        ImapSession session = context.channel()
                .attr(NettyConstants.IMAP_SESSION_ATTRIBUTE_KEY)
                .get();
        return session != null && session.getState() != ImapSessionState.NON_AUTHENTICATED;
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        // Who does not take his answers is not listened to: they would pile up.
        context.channel().config().setAutoRead(over || context.channel().isWritable());
        context.fireChannelWritabilityChanged();
    }

    // What fails is told to the promise.
    @Override
    @SuppressWarnings("FutureReturnValueIgnored")
    public void write(ChannelHandlerContext context, Object sent, ChannelPromise promise) {
        if (over) {
            ReferenceCountUtil.release(sent);
            promise.setSuccess();
        } else if (!greeted && sent instanceof ByteBuf first && first.isReadable()) {
            greeted = true;
            first.release();
            context.write(Unpooled.copiedBuffer(greeting, StandardCharsets.US_ASCII), promise);
        } else {
            context.write(sent, promise);
        }
    }

    private void end(ChannelHandlerContext context, String line) {
        over = true;
        LastAnswer.send(context, line);
    }
}
