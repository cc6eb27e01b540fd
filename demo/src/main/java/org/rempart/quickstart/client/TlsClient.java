/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.quickstart.client;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * How a client speaks TLS: whom it trusts, what name it expects in the server's certificate (RFC 6125), which protocol
 * versions it offers. Immutable.
 */
public final class TlsClient {
    private final SSLContext context;
    private final String serverName;
    private final List<String> protocols;

    private TlsClient(SSLContext context, String serverName, List<String> protocols) {
        this.context = context;
        this.serverName = serverName;
        this.protocols = protocols;
    }

    /**
     * A client that trusts the authorities in a PEM file and nobody else, and offers TLS 1.3 and 1.2.
     *
     * @param authorities PEM file with one or more certificates
     * @param serverName the name that the server's certificate has to carry; also sent as SNI (RFC 6066)
     * @throws IOException if the file can't be read or holds no certificate
     */
    public static TlsClient trusting(Path authorities, String serverName) throws IOException {
        try (InputStream in = Files.newInputStream(authorities)) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int n = 0;
            for (Certificate certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("authority-" + n++, certificate);
            }
            if (n == 0) {
                throw new IOException(authorities + " holds no certificate.");
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return new TlsClient(context, serverName, List.of("TLSv1.3", "TLSv1.2"));
        } catch (GeneralSecurityException e) {
            throw new IOException(authorities + " is not a PEM file of certificates: " + e.getMessage(), e);
        }
    }

    /** The same client expecting another name. */
    public TlsClient expecting(String otherName) {
        return new TlsClient(context, otherName, protocols);
    }

    /**
     * The same client offering only these protocol versions.
     *
     * @param versions JSSE names such as {@code TLSv1.2}
     */
    public TlsClient offering(String... versions) {
        return new TlsClient(context, serverName, List.of(versions));
    }

    /**
     * Performs the handshake on a connected socket.
     *
     * @return a socket that closes {@code plain} when it is closed
     * @throws IOException if the handshake fails: no protocol or cipher in common, or a certificate that is not trusted
     *     or does not carry the expected name. {@code plain} is closed then
     */
    public SSLSocket handshake(Socket plain) throws IOException {
        SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket(plain, serverName, plain.getPort(), true);
        try {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setProtocols(protocols.toArray(new String[0]));
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            // An address is no SNI host name (RFC 6066, section 3).
            if (serverName.matches(".*[A-Za-z].*") && !serverName.contains(":")) {
                parameters.setServerNames(List.of(new SNIHostName(serverName)));
            }
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }
}
