/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.imap;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import java.time.Duration;
import javax.inject.Provider;
import org.apache.commons.configuration2.HierarchicalConfiguration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.commons.configuration2.tree.ImmutableNode;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.imap.api.process.ImapProcessor;
import org.apache.james.imap.api.process.ImapSession;
import org.apache.james.imap.decode.ImapDecoder;
import org.apache.james.imap.encode.ImapEncoder;
import org.apache.james.imapserver.netty.IMAPServer;
import org.apache.james.imapserver.netty.IMAPServerFactory;
import org.apache.james.imapserver.netty.ImapMetrics;
import org.apache.james.imapserver.netty.NettyConstants;
import org.apache.james.metrics.api.GaugeRegistry;
import org.apache.james.metrics.api.MetricFactory;
import org.apache.james.protocols.netty.ChannelHandlerFactory;
import org.apache.james.protocols.netty.Encryption;
import org.rempart.distribution.limits.ConnectionGate;
import org.rempart.distribution.limits.DeadlineEncryption;
import org.rempart.distribution.limits.FurtherCertificates;
import org.rempart.distribution.limits.ImapGuard;
import org.rempart.distribution.limits.ListenerThreads;
import org.rempart.distribution.limits.SmtpLimits;

/**
 * Makes IMAP servers that withstand clients who have not logged in: {@link ConnectionGate}, {@link ImapGuard},
 * {@link LoginBrake}.
 */
final class HardenedImapServerFactory extends IMAPServerFactory {
    private final LoginBrake brake;
    private final ListenerThreads threads = new ListenerThreads();
    private final FileSystem files;

    HardenedImapServerFactory(
            FileSystem fileSystem,
            Provider<ImapDecoder> decoder,
            Provider<ImapEncoder> encoder,
            Provider<ImapProcessor> processor,
            MetricFactory metrics,
            GaugeRegistry gauges,
            LoginBrake brake) {
        super(fileSystem, decoder, encoder, processor, metrics, gauges);
        this.brake = brake;
        this.files = fileSystem;
    }

    @Override
    public void destroy() {
        threads.end();
        super.destroy();
    }

    @Override
    protected IMAPServer createServer() {
        return new HardenedImapServer(
                decoder.get(),
                encoder.get(),
                new OrderlyProcessor(processor.get()),
                imapMetrics,
                gaugeRegistry,
                brake,
                threads,
                files);
    }

    // The warning is about two of James's own classes, above this one.
    @SuppressWarnings("unchecked")
    private static final class HardenedImapServer extends IMAPServer {
        private static final int LOGIN_DEADLINE_SECONDS = 120;
        private static final int HANDSHAKE_DEADLINE_SECONDS = 30;

        private final OrderlyProcessor processor;
        private final LoginBrake brake;
        private final ListenerThreads threads;
        private final FileSystem files;
        private HierarchicalConfiguration<ImmutableNode> configuration;
        private Duration loginDeadline;
        private Duration handshakeDeadline;
        private ConnectionGate gate;

        HardenedImapServer(
                ImapDecoder decoder,
                ImapEncoder encoder,
                OrderlyProcessor processor,
                ImapMetrics metrics,
                GaugeRegistry gauges,
                LoginBrake brake,
                ListenerThreads threads,
                FileSystem files) {
            super(decoder, encoder, processor, metrics, gauges);
            this.processor = processor;
            this.brake = brake;
            this.threads = threads;
            this.files = files;
        }

        @Override
        public void doConfigure(HierarchicalConfiguration<ImmutableNode> config) throws ConfigurationException {
            gate = new ConnectionGate(jmxName, connectionLimit, connPerIP, "* BYE Too many connections");
            int limit = connectionLimit;
            // James makes gates of its own from these.
            connectionLimit = 0;
            connPerIP = 0;
            super.doConfigure(config);
            configuration = config;
            connectionLimit = limit;
            processor.setDeadline(Duration.ofSeconds(
                    SmtpLimits.number(config, "commandDeadline", (int) OrderlyProcessor.DEFAULT_DEADLINE.toSeconds())));
            loginDeadline = Duration.ofSeconds(SmtpLimits.number(config, "loginDeadline", LOGIN_DEADLINE_SECONDS));
            handshakeDeadline =
                    Duration.ofSeconds(SmtpLimits.number(config, "handshakeDeadline", HANDSHAKE_DEADLINE_SECONDS));
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
        protected void configureBootstrap(ServerBootstrap bootstrap) {
            super.configureBootstrap(bootstrap);
            threads.add(bootstrap);
        }

        @Override
        protected Encryption getEncryption() {
            return DeadlineEncryption.of(encryption, handshakeDeadline);
        }

        /** James asks for the framer at the place in the pipeline where ours have to stand. */
        @Override
        protected ChannelHandlerFactory createFrameHandlerFactory() {
            ChannelHandlerFactory framers = super.createFrameHandlerFactory();
            return new ChannelHandlerFactory() {
                @Override
                public ChannelHandler create(ChannelPipeline pipeline) {
                    pipeline.addLast("connectionGate", gate);
                    pipeline.addLast("guard", new ImapGuard(getHelloName(), loginDeadline, brake::isBlocked));
                    pipeline.addLast("introduction", new Introduction(brake));
                    return framers.create(pipeline);
                }
            };
        }
    }

    /**
     * Tells a session who its client is, before the first command comes: behind a proxy it is known only then. And which
     * thread writes to him.
     */
    private static final class Introduction extends ChannelInboundHandlerAdapter {
        private final LoginBrake brake;
        private boolean introduced;

        Introduction(LoginBrake brake) {
            this.brake = brake;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object received) {
            ImapSession session = context.channel()
                    .attr(NettyConstants.IMAP_SESSION_ATTRIBUTE_KEY)
                    .get();
            if (session != null && !introduced) {
                introduced = true;
                Outbox.introduce(session, context.channel().eventLoop());
                brake.introduce(context.channel());
            }
            context.fireChannelRead(received);
        }
    }
}
