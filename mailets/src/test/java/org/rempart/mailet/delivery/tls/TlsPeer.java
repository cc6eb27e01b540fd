/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.rempart.testsupport.ServerCertificate;

/** A server on the loopback interface that does with each connection what the test says. */
final class TlsPeer implements AutoCloseable {
    private final ServerSocket listener;
    private final Behaviour behaviour;
    private final List<String> serverNames = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();

    /** What the server does with a connection; closing it is done for it. */
    @FunctionalInterface
    interface Behaviour {
        void serve(Socket socket, TlsPeer peer) throws IOException;
    }

    TlsPeer(Behaviour behaviour) throws IOException {
        this.behaviour = behaviour;
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(this::accept, "tls-peer");
        thread.setDaemon(true);
        thread.start();
    }

    /** Does an honest handshake, says a line under TLS, and says it again whenever it hears one. */
    static TlsPeer honest(ServerCertificate identity, String... protocols) throws IOException {
        SSLContext context = identity.context();
        return new TlsPeer((plain, peer) -> {
            SSLSocket socket = handshake(context, plain, protocols);
            peer.serverNames.add(((ExtendedSSLSession) socket.getSession())
                    .getRequestedServerNames().stream()
                            .map(name -> ((SNIHostName) name).getAsciiName())
                            .collect(Collectors.joining(",")));
            OutputStream out = socket.getOutputStream();
            InputStream in = socket.getInputStream();
            do {
                out.write("250 under TLS\r\n".getBytes(StandardCharsets.US_ASCII));
                out.flush();
            } while (in.read() >= 0);
        });
    }

    /** Does the server's side of a handshake. */
    static SSLSocket handshake(SSLContext context, Socket plain, String... protocols) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory()
                .createSocket(plain, plain.getInetAddress().getHostAddress(), plain.getPort(), true);
        socket.setUseClientMode(false);
        if (protocols.length > 0) {
            socket.setEnabledProtocols(protocols);
        }
        socket.startHandshake();
        return socket;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                sockets.add(socket);
                Thread thread = new Thread(() -> serve(socket), "tls-peer-connection");
                thread.setDaemon(true);
                thread.start();
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (Socket closing = socket) {
            behaviour.serve(closing, this);
        } catch (IOException clientLeft) {
            // What the client made of it is what the test looks at.
        }
    }

    Socket connect() throws IOException {
        return new Socket(listener.getInetAddress(), listener.getLocalPort());
    }

    int port() {
        return listener.getLocalPort();
    }

    /** The server names that clients told, one entry a handshake; empty where none was told. */
    List<String> serverNames() {
        return serverNames;
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
