/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution;

import io.netty.channel.ChannelPipeline;
import javax.inject.Inject;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.metrics.api.MetricFactory;
import org.apache.james.protocols.lib.handler.ProtocolHandlerLoader;
import org.apache.james.protocols.netty.ChannelHandlerFactory;
import org.apache.james.smtpserver.netty.SMTPServer;
import org.apache.james.smtpserver.netty.SMTPServerFactory;
import org.apache.james.smtpserver.netty.SmtpMetrics;

/**
 * Makes SMTP servers that lose nothing of a long line. James leaves a line of more than 8192 bytes out of the message,
 * answers 500 in the middle of it, and takes the rest with 250.
 */
final class HardenedSmtpServerFactory extends SMTPServerFactory {
    @Inject
    HardenedSmtpServerFactory(
            DNSService dns, ProtocolHandlerLoader loader, FileSystem fileSystem, MetricFactory metrics) {
        super(dns, loader, fileSystem, metrics);
    }

    @Override
    protected SMTPServer createServer() {
        return new HardenedSmtpServer(smtpMetrics);
    }

    // The warning is about two of James's own classes, above this one.
    @SuppressWarnings("unchecked")
    private static final class HardenedSmtpServer extends SMTPServer {
        HardenedSmtpServer(SmtpMetrics metrics) {
            super(metrics);
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
    }
}
