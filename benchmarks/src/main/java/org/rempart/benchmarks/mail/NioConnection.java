/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import com.hubspot.smtp.client.SmtpClientResponse;
import com.hubspot.smtp.client.SmtpSession;
import com.hubspot.smtp.client.SmtpSessionConfig;
import com.hubspot.smtp.client.SmtpSessionFactory;
import com.hubspot.smtp.client.SmtpSessionFactoryConfig;
import com.hubspot.smtp.messages.MessageContent;
import io.netty.buffer.Unpooled;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.smtp.DefaultSmtpRequest;
import io.netty.handler.codec.smtp.SmtpCommand;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/** HubSpot's NioSmtpClient, on Netty; a session kept open. */
final class NioConnection implements ConnectionsSender.Connection {
    private static final long PATIENCE_SECONDS = 60;

    private final SmtpSession session;

    private NioConnection(SmtpSession session) {
        this.session = session;
    }

    /** What all sessions share: as many threads as its Netty takes by default. */
    static SmtpSessionFactory factory(InetSocketAddress server) throws GeneralSecurityException {
        SSLContext context = SSLContext.getDefault();
        return new SmtpSessionFactory(SmtpSessionFactoryConfig.builder()
                .executor(ForkJoinPool.commonPool())
                .eventLoopGroup(new NioEventLoopGroup())
                .channelClass(NioSocketChannel.class)
                .sslEngineSupplier(() -> engine(context, server))
                .build());
    }

    private static SSLEngine engine(SSLContext context, InetSocketAddress server) {
        SSLEngine engine = context.createSSLEngine(server.getAddress().getHostAddress(), server.getPort());
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        engine.setSSLParameters(parameters);
        return engine;
    }

    static NioConnection open(SmtpSessionFactory factory, InetSocketAddress server) throws Exception {
        SmtpSession session = get(factory.connect(SmtpSessionConfig.builder()
                        .remoteAddress(server)
                        .readTimeout(Duration.ofSeconds(PATIENCE_SECONDS))
                        .build()))
                .getSession();
        NioConnection connection = new NioConnection(session);
        connection.hello();
        get(session.startTls());
        connection.hello();
        return connection;
    }

    private void hello() throws Exception {
        get(session.send(new DefaultSmtpRequest(SmtpCommand.EHLO, "mail." + Mail.DOMAIN)));
    }

    @Override
    public void send(Mail mail) throws Exception {
        get(session.send(mail.sender(), mail.recipient(), MessageContent.of(Unpooled.wrappedBuffer(mail.content()))));
    }

    /** What the server has offered. */
    Set<String> offers() {
        return session.getEhloResponse().getSupportedExtensions();
    }

    private static SmtpClientResponse get(CompletableFuture<SmtpClientResponse> reply) throws Exception {
        SmtpClientResponse response = reply.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (response.containsError()) {
            throw new IOException(response.toString());
        }
        return response;
    }

    @Override
    public void close() throws Exception {
        get(session.send(new DefaultSmtpRequest(SmtpCommand.QUIT)));
        session.close();
    }
}
