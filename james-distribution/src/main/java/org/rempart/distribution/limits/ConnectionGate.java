/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.limits;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AttributeKey;
import io.netty.util.ReferenceCountUtil;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets only so many clients in at a time, in all and from one network; one for each listener. A network is an IPv4
 * address, or the first 64 bits of an IPv6 address, since a subscriber has at least that many addresses (RFC 6177).
 *
 * <p>Who is over a limit is told so and disconnected before anything is kept for the connection; where TLS comes first he
 * is only disconnected, because to tell him would cost a handshake. James counts such a client, serves him until his
 * socket is closed, and keeps a counter for every address that it has ever seen.
 */
@ChannelHandler.Sharable
public final class ConnectionGate extends ChannelInboundHandlerAdapter {
    private static final Logger LOGGER = LoggerFactory.getLogger(ConnectionGate.class);
    private static final AttributeKey<Object> NETWORK = AttributeKey.valueOf(ConnectionGate.class, "network");
    private static final long LOG_PAUSE = Duration.ofMinutes(1).toNanos();

    private final String listener;
    private final int limit;
    private final int limitPerNetwork;
    private final String refusal;
    private final AtomicInteger connections = new AtomicInteger();
    private final ConcurrentMap<Object, Integer> networks = new ConcurrentHashMap<>();
    private final AtomicLong nextLog = new AtomicLong(System.nanoTime());

    /**
     * A gate.
     *
     * @param listener its name, for the log
     * @param limit how many connections there may be; 0 for any number
     * @param limitPerNetwork how many there may be from one network; 0 for any number
     * @param refusal the line that a client over a limit gets, without its line end
     */
    public ConnectionGate(String listener, int limit, int limitPerNetwork, String refusal) {
        this.listener = listener;
        this.limit = limit;
        this.limitPerNetwork = limitPerNetwork;
        this.refusal = refusal + "\r\n";
    }

    /** How many clients are in. */
    public int connections() {
        return connections.get();
    }

    /** From how many networks they are. */
    int networks() {
        return networks.size();
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        Object network = network(((InetSocketAddress) context.channel().remoteAddress()).getAddress());
        if (enter(network)) {
            context.channel().attr(NETWORK).set(network);
            context.fireChannelActive();
            return;
        }
        log(context);
        if (context.pipeline().get(SslHandler.class) != null) {
            var unused = context.close();
        } else {
            context.writeAndFlush(Unpooled.copiedBuffer(refusal, StandardCharsets.US_ASCII))
                    .addListener(ChannelFutureListener.CLOSE);
        }
    }

    /** Who was refused never was there, for the handlers behind the gate. */
    private static boolean entered(ChannelHandlerContext context) {
        return context.channel().attr(NETWORK).get() != null;
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        Object network = context.channel().attr(NETWORK).getAndSet(null);
        if (network != null) {
            leave(network);
            context.fireChannelInactive();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (entered(context)) {
            context.fireChannelRead(message);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (entered(context)) {
            context.fireChannelReadComplete();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (entered(context)) {
            context.fireUserEventTriggered(event);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (entered(context)) {
            context.fireExceptionCaught(cause);
        } else {
            var unused = context.close();
        }
    }

    /** Counts a client in, unless a limit is reached; {@link #leave} counts him out. */
    public boolean enter(Object network) {
        if (connections.incrementAndGet() > limit && limit > 0) {
            connections.decrementAndGet();
            return false;
        }
        int fromNetwork = networks.merge(network, 1, Integer::sum);
        if (fromNetwork > limitPerNetwork && limitPerNetwork > 0) {
            leave(network);
            return false;
        }
        return true;
    }

    /** Counts a client out who was let in. */
    public void leave(Object network) {
        connections.decrementAndGet();
        networks.computeIfPresent(network, (key, count) -> count == 1 ? null : count - 1);
    }

    /** The network of an address. */
    public static Object network(InetAddress address) {
        ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        return address instanceof Inet6Address ? (Object) bytes.getLong() : (Object) bytes.getInt();
    }

    /** Once a minute and not more: a log of every refusal would be a weapon by itself. */
    private void log(ChannelHandlerContext context) {
        long due = nextLog.get();
        long now = System.nanoTime();
        if (now - due >= 0 && nextLog.compareAndSet(due, now + LOG_PAUSE)) {
            LOGGER.warn(
                    "{} refuses connections: {} are open (<connectionLimit> {}, <connectionLimitPerIP> {}), the last"
                            + " refused one came from {}",
                    listener,
                    connections,
                    limit,
                    limitPerNetwork,
                    context.channel().remoteAddress());
        }
    }
}
