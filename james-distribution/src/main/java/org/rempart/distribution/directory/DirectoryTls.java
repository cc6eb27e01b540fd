/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import com.unboundid.util.ssl.SSLUtil;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** TLS towards the directory: versions 1.3 and 1.2, which are what the library enables, and who is trusted. */
final class DirectoryTls {
    private DirectoryTls() {}

    /**
     * Makes sockets that check the certificate's chain.
     *
     * @param trusted certificates, PEM; empty for those that the JVM trusts
     * @param patience so long a handshake may wait for the other side
     * @throws IOException when the certificates can't be read, or there is none
     */
    static SSLSocketFactory sockets(Optional<Path> trusted, Duration patience) throws IOException {
        try {
            TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
            managers.init(trusted.isPresent() ? store(trusted.get()) : null);
            return new Patient(
                    new SSLUtil(null, managers.getTrustManagers()).createSSLSocketFactory(),
                    Math.toIntExact(patience.toMillis()));
        } catch (GeneralSecurityException unusable) {
            throw new IOException("no certificates can be read (" + unusable.getMessage() + ")", unusable);
        }
    }

    private static KeyStore store(Path pem) throws GeneralSecurityException, IOException {
        Collection<? extends Certificate> certificates;
        try (InputStream in = Files.newInputStream(pem)) {
            certificates = CertificateFactory.getInstance("X.509").generateCertificates(in);
        }
        if (certificates.isEmpty()) {
            throw new IOException("it holds no certificate; one begins with -----BEGIN CERTIFICATE-----");
        }
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int number = 0;
        for (Certificate certificate : certificates) {
            store.setCertificateEntry("trusted-" + number++, certificate);
        }
        return store;
    }

    /** The library bounds what comes before a handshake and after it, but not the handshake itself. */
    private static final class Patient extends SSLSocketFactory {
        private final SSLSocketFactory sockets;
        private final int milliseconds;

        Patient(SSLSocketFactory sockets, int milliseconds) {
            this.sockets = sockets;
            this.milliseconds = milliseconds;
        }

        private Socket bounded(Socket socket) throws IOException {
            socket.setSoTimeout(milliseconds);
            return socket;
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return sockets.getDefaultCipherSuites();
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return sockets.getSupportedCipherSuites();
        }

        @Override
        public Socket createSocket() throws IOException {
            return bounded(sockets.createSocket());
        }

        @Override
        public Socket createSocket(Socket plain, String host, int port, boolean autoClose) throws IOException {
            plain.setSoTimeout(milliseconds);
            return bounded(sockets.createSocket(plain, host, port, autoClose));
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            return bounded(sockets.createSocket(host, port));
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
            return bounded(sockets.createSocket(host, port, local, localPort));
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            return bounded(sockets.createSocket(host, port));
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) throws IOException {
            return bounded(sockets.createSocket(host, port, local, localPort));
        }
    }
}
