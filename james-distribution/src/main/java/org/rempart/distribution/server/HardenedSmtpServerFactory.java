/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.inject.Inject;
import org.apache.commons.configuration2.HierarchicalConfiguration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.commons.configuration2.tree.ImmutableNode;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.metrics.api.MetricFactory;
import org.apache.james.protocols.api.Protocol;
import org.apache.james.protocols.api.ProtocolSession;
import org.apache.james.protocols.api.ProtocolTransport;
import org.apache.james.protocols.lib.handler.ProtocolHandlerLoader;
import org.apache.james.protocols.netty.AbstractChannelPipelineFactory;
import org.apache.james.protocols.netty.AbstractSSLAwareChannelPipelineFactory;
import org.apache.james.protocols.netty.ChannelHandlerFactory;
import org.apache.james.protocols.netty.Encryption;
import org.apache.james.protocols.netty.HandlerConstants;
import org.apache.james.protocols.netty.NettyProtocolTransport;
import org.apache.james.protocols.smtp.SMTPConfiguration;
import org.apache.james.protocols.smtp.SMTPProtocol;
import org.apache.james.smtpserver.ExtendedSMTPSession;
import org.apache.james.smtpserver.netty.SMTPChannelInboundHandler;
import org.apache.james.smtpserver.netty.SMTPServer;
import org.apache.james.smtpserver.netty.SMTPServerFactory;
import org.apache.james.smtpserver.netty.SmtpMetrics;
import org.rempart.distribution.limits.ConnectionGate;
import org.rempart.distribution.limits.DeadlineEncryption;
import org.rempart.distribution.limits.FurtherCertificates;
import org.rempart.distribution.limits.ListenerThreads;
import org.rempart.distribution.limits.SmtpGuard;
import org.rempart.distribution.limits.SmtpLimits;

/**
 * Makes SMTP servers that withstand hostile and heavy clients.
 *
 * <ul>
 *   <li>They lose nothing of a long line. James leaves a line of more than 8192 bytes out of the message, answers 500 in
 *       the middle of it, and takes the rest with 250.
 *   <li>They let in a limited number of clients, and cut off slow and erring ones: {@link ConnectionGate},
 *       {@link SmtpGuard}.
 *   <li>Their handlers, which read the directory and wait for the queue to be on disk, run on the listener's executor
 *       ({@code maxExecutorCount}). James runs them where bytes are read and written, so that one that waits makes the
 *       clients of every other connection of that thread wait.
 * </ul>
 */
final class HardenedSmtpServerFactory extends SMTPServerFactory {
    private final ListenerThreads threads = new ListenerThreads();
    private final FileSystem files;

    @Inject
    HardenedSmtpServerFactory(
            DNSService dns, ProtocolHandlerLoader loader, FileSystem fileSystem, MetricFactory metrics) {
        super(dns, loader, fileSystem, metrics);
        this.files = fileSystem;
    }

    @Override
    public void destroy() {
        threads.end();
        super.destroy();
    }

    @Override
    protected SMTPServer createServer() {
        return new HardenedSmtpServer(smtpMetrics, threads, files);
    }

    // The warning is about two of James's own classes, above this one.
    @SuppressWarnings("unchecked")
    private static final class HardenedSmtpServer extends SMTPServer {
        private static final int HANDSHAKE_DEADLINE_SECONDS = 30;
        /** RFC 5321, section 3.8. */
        private static final byte[] SHUTTING_DOWN =
                "421 4.3.2 Service shutting down\r\n".getBytes(StandardCharsets.US_ASCII);

        private final SmtpMetrics metrics;
        private final ListenerThreads threads;
        private final FileSystem files;
        private final SMTPConfiguration settings = new SMTPHandlerConfigurationDataImpl();
        private HierarchicalConfiguration<ImmutableNode> configuration;
        private Protocol protocol;
        private SmtpLimits limits;
        private Duration handshakeDeadline;
        private ConnectionGate gate;

        HardenedSmtpServer(SmtpMetrics metrics, ListenerThreads threads, FileSystem files) {
            super(metrics);
            this.metrics = metrics;
            this.threads = threads;
            this.files = files;
        }

        @Override
        public void doConfigure(HierarchicalConfiguration<ImmutableNode> config) throws ConfigurationException {
            super.doConfigure(config);
            configuration = config;
            limits = SmtpLimits.of(config, settings.getMaxMessageSize());
            handshakeDeadline =
                    Duration.ofSeconds(SmtpLimits.number(config, "handshakeDeadline", HANDSHAKE_DEADLINE_SECONDS));
            gate = new ConnectionGate(jmxName, connectionLimit, connPerIP, "421 4.7.0 Too many connections");
        }

        @Override
        protected void preInit() throws Exception {
            super.preInit();
            protocol = new SMTPProtocol(getProtocolHandlerChain(), settings) {
                @Override
                public ProtocolSession newSession(ProtocolTransport transport) {
                    return new ExtendedSMTPSession(settings, transport);
                }
            };
        }

        @Override
        protected void configureBootstrap(ServerBootstrap bootstrap) {
            super.configureBootstrap(bootstrap);
            threads.add(bootstrap);
        }

        @Override
        protected void buildSSLContext() throws Exception {
            Encryption before = encryption;
            try {
                super.buildSSLContext();
                encryption = FurtherCertificates.of(encryption, configuration, files);
            } catch (Exception unusable) {
                encryption = before;
                throw unusable;
            }
        }

        @Override
        protected Encryption getEncryption() {
            return DeadlineEncryption.of(encryption, handshakeDeadline);
        }

        @Override
        protected ChannelHandlerFactory createFrameHandlerFactory() {
            return new ChannelHandlerFactory() {
                @Override
                public LineDecoder create(ChannelPipeline pipeline) {
                    return new LineDecoder(pipeline);
                }
            };
        }

        @Override
        protected AbstractChannelPipelineFactory<SocketChannel> createPipelineFactory() {
            return new Pipeline();
        }

        @Override
        protected ChannelInboundHandlerAdapter createCoreHandler() {
            return new SMTPChannelInboundHandler(protocol, getEncryption(), proxyRequired, metrics) {
                @Override
                public void channelRead(ChannelHandlerContext context, Object line) throws Exception {
                    if (!threads.begin()) {
                        ReferenceCountUtil.release(line);
                        context.writeAndFlush(Unpooled.copiedBuffer(SHUTTING_DOWN))
                                .addListener(ChannelFutureListener.CLOSE);
                        return;
                    }
                    try {
                        super.channelRead(context, line);
                    } finally {
                        threads.finish();
                    }
                }

                @Override
                protected ProtocolSession createSession(ChannelHandlerContext context) {
                    return protocol.newSession(new Transport(context.channel(), secure, proxyRequired));
                }
            };
        }

        private final class Pipeline extends AbstractSSLAwareChannelPipelineFactory<SocketChannel> {
            Pipeline() {
                super(
                        getTimeout(),
                        0,
                        0,
                        proxyRequired,
                        HardenedSmtpServer.this::getEncryption,
                        getFrameHandlerFactory(),
                        getExecutorGroup());
            }

            @Override
            public void initChannel(SocketChannel channel) throws Exception {
                super.initChannel(channel);
                ChannelPipeline pipeline = channel.pipeline();
                // Its deadline begins again with every byte, and ends at twice its time; the guard has its own.
                pipeline.remove(HandlerConstants.TIMEOUT_HANDLER);
                pipeline.remove(HandlerConstants.CORE_HANDLER);
                pipeline.addLast(getExecutorGroup(), HandlerConstants.CORE_HANDLER, createHandler());
                pipeline.addBefore(HandlerConstants.FRAMER, "connectionGate", gate);
                pipeline.addBefore(HandlerConstants.FRAMER, "guard", new SmtpGuard(limits));
            }

            @Override
            protected ChannelInboundHandlerAdapter createHandler() {
                return createCoreHandler();
            }
        }
    }

    /** Turns to TLS where the answer to STARTTLS is written, so that the answer is the last thing in clear text. */
    private static final class Transport extends NettyProtocolTransport {
        private final Channel channel;
        private final Encryption encryption;

        Transport(Channel channel, Encryption encryption, boolean proxyRequired) {
            super(channel, encryption, proxyRequired);
            this.channel = channel;
            this.encryption = encryption;
        }

        @Override
        protected void writeToClient(byte[] bytes, ProtocolSession session, boolean startTls) {
            if (!startTls) {
                super.writeToClient(bytes, session, false);
                return;
            }
            channel.eventLoop().execute(() -> {
                channel.writeAndFlush(Unpooled.wrappedBuffer(bytes))
                        .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
                channel.pipeline().addFirst(HandlerConstants.SSL_HANDLER, encryption.sslHandler());
            });
        }
    }
}
