/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.limits;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.james.protocols.netty.HandlerConstants;

/**
 * Cuts off an SMTP client that is slow on purpose or in error, that errs all the time, or that sends without end; and
 * takes from it no more than the server has worked through. It stands where bytes are decrypted and not yet lines, and
 * needs no thread: every connection looks at its own state once a second, on its own event loop.
 *
 * <ul>
 *   <li>Nothing said for {@link SmtpLimits#idle()}, or a line not whole within {@link SmtpLimits#command()}:
 *       {@code 421 4.4.2}. A byte every few seconds is not a sign of life.
 *   <li>A message slower than {@link SmtpLimits#dataRate()} after {@link SmtpLimits#dataGrace()}: {@code 421 4.4.2}.
 *   <li>More failed commands than {@link SmtpLimits#errors()}, or more commands at all than
 *       {@link SmtpLimits#commands()}, without a message between them: {@code 421 4.7.0}.
 *   <li>A message that goes on when it is twice as long as it may be: {@code 552 5.3.4}. Below that James reads to its
 *       end, keeps nothing of it, and answers the same.
 * </ul>
 *
 * <p>The time that the server itself takes counts for nothing.
 */
public final class SmtpGuard extends ChannelDuplexHandler {
    /** How much may be under way between the socket and the handlers; a read takes up to 64 KiB. */
    private static final int UNDER_WAY = 128 * 1024;

    /** James's own handlers keep nothing of a message that is too long, but take it whole. */
    private static final int PATIENCE = 2;

    private static final long LOOK_EVERY_MILLIS = 1000;
    private static final long BUSY = TimeUnit.SECONDS.toNanos(1);

    private final SmtpLimits limits;
    private EventExecutor handlers;
    private Future<?> looks;
    private long quietSince;
    private boolean lineBegun;
    private long lineSince;
    private boolean message;
    private long messageSince;
    private long messageBytes;
    private int errors;
    private int commands;
    private long underWay;
    private long busySince;
    private boolean over;

    public SmtpGuard(SmtpLimits limits) {
        this.limits = limits;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        quietSince = System.nanoTime();
        handlers = context.pipeline().context(HandlerConstants.FRAMER).executor();
        looks = context.executor()
                .scheduleWithFixedDelay(
                        () -> look(context), LOOK_EVERY_MILLIS, LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
        context.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (looks != null) {
            looks.cancel(false);
        }
        context.fireChannelInactive();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object received) {
        ByteBuf bytes = (ByteBuf) received;
        if (over) {
            bytes.release();
            return;
        }
        int length = bytes.readableBytes();
        long now = System.nanoTime();
        int lineEnd = bytes.indexOf(bytes.writerIndex(), bytes.readerIndex(), (byte) '\n');
        if (lineEnd >= 0) {
            quietSince = now;
            lineBegun = false;
        }
        if (!lineBegun && lineEnd < bytes.writerIndex() - 1) {
            lineBegun = true;
            lineSince = now;
        }
        if (message) {
            messageBytes += length;
            if (limits.messageSize() > 0 && messageBytes > PATIENCE * limits.messageSize()) {
                bytes.release();
                end(context, "552 5.3.4 Message too big");
                return;
            }
        }
        if (underWay == 0) {
            busySince = now;
        }
        underWay += length;
        context.fireChannelRead(bytes);
        try {
            // Runs when the handlers are through with these bytes: they work in this order, on one thread.
            handlers.execute(() -> context.executor().execute(() -> worked(context, length)));
        } catch (RejectedExecutionException stopping) {
            var unused = context.close();
        }
        regulate(context);
    }

    private void worked(ChannelHandlerContext context, int length) {
        underWay -= length;
        long now = System.nanoTime();
        if (underWay == 0 && now - busySince > BUSY) {
            quietSince = now;
            if (lineBegun) {
                lineSince = now;
            }
            messageSince += now - busySince;
        }
        regulate(context);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        regulate(context);
        context.fireChannelWritabilityChanged();
    }

    /** Reads when the handlers keep up, and the client takes its answers. */
    private void regulate(ChannelHandlerContext context) {
        boolean read = over || (underWay < UNDER_WAY && context.channel().isWritable());
        if (context.channel().config().isAutoRead() != read) {
            context.channel().config().setAutoRead(read);
        }
    }

    // What fails is told to the promise.
    @Override
    @SuppressWarnings("FutureReturnValueIgnored")
    public void write(ChannelHandlerContext context, Object sent, ChannelPromise promise) {
        if (!(sent instanceof ByteBuf answer) || answer.readableBytes() < 3) {
            context.write(sent, promise);
            return;
        }
        if (over) {
            answer.release();
            promise.setSuccess();
            return;
        }
        quietSince = System.nanoTime();
        message = false;
        commands++;
        int start = answer.readerIndex();
        if (answer.getByte(start) == '5') {
            errors++;
        } else if (answer.getByte(start) == '3' && answer.getByte(start + 1) == '5') {
            // A sender, a recipient, and now a message: that client is about its work.
            message = true;
            messageSince = quietSince;
            messageBytes = 0;
            errors = 0;
            commands = 0;
        }
        if (errors > limits.errors() || commands > limits.commands()) {
            answer.release();
            promise.setSuccess();
            end(context, errors > limits.errors() ? "421 4.7.0 Too many errors" : "421 4.7.0 Too many commands");
            return;
        }
        context.write(answer, promise);
    }

    private void look(ChannelHandlerContext context) {
        if (over || underWay > 0) {
            return;
        }
        long now = System.nanoTime();
        if (now - quietSince > limits.idle().toNanos()) {
            end(context, "421 4.4.2 Idle for too long");
        } else if (message && isSlow(now - messageSince)) {
            end(context, "421 4.4.2 The message comes too slowly");
        } else if (!message && lineBegun && now - lineSince > limits.command().toNanos()) {
            end(context, "421 4.4.2 The command comes too slowly");
        }
    }

    private boolean isSlow(long nanos) {
        double counted = (nanos - limits.dataGrace().toNanos()) / 1e9;
        return counted > 0 && messageBytes < counted * limits.dataRate();
    }

    private void end(ChannelHandlerContext context, String answer) {
        over = true;
        LastAnswer.send(context, answer);
    }
}
