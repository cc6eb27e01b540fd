/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.rempart.mailet.delivery.tls.TlsFailureException.Kind;
import org.rempart.policy.tls.TlsLevel;

/**
 * The handshakes under one requirement. Each context has its own cache of sessions, so none is resumed under another
 * requirement.
 */
final class TlsContext {
    /** The JDK's word for a key exchange that it does not know, as in TLS 1.3. */
    private static final String ANY_KEY_EXCHANGE = "UNKNOWN";

    private final TlsRequirement requirement;
    private final boolean proofRequired;
    private final CertificateCheck check;
    private final SSLContext context;
    private final Map<Socket, Attempt> attempts = new ConcurrentHashMap<>();

    /** @throws IllegalArgumentException at the level {@code none} */
    TlsContext(TlsRequirement requirement) {
        if (requirement.level() == TlsLevel.NONE) {
            throw new IllegalArgumentException("no handshake at the level none");
        }
        this.requirement = requirement;
        this.proofRequired = requirement.level() != TlsLevel.OPPORTUNISTIC && requirement.level() != TlsLevel.ENCRYPT;
        this.check = new CertificateCheck(requirement);
        try {
            this.context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Judge()}, null);
        } catch (GeneralSecurityException unusable) {
            throw new IllegalStateException("this JVM can't do TLS", unusable);
        }
    }

    /** What is known of a handshake while it goes on. */
    private static final class Attempt {
        private final String host;
        private CertificateVerdict verdict;

        Attempt(String host) {
            this.host = host;
        }
    }

    /**
     * Does the handshake.
     *
     * @param host normalised
     * @throws TlsFailureException when the certificate proves too little
     * @throws IOException when the handshake fails for another reason
     */
    TlsConnection connect(Socket plain, String host) throws IOException, TlsFailureException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, host, plain.getPort(), true);
        socket.setUseClientMode(true);
        socket.setSSLParameters(parameters(socket, requirement.serverName().orElse(host)));
        Attempt attempt = new Attempt(host);
        attempts.put(socket, attempt);
        try {
            socket.startHandshake();
        } catch (IOException failure) {
            if (attempt.verdict != null && proofRequired && !attempt.verdict.isProof()) {
                throw unproven(attempt.verdict, failure);
            }
            throw failure;
        } finally {
            attempts.remove(socket);
        }
        return attempt.verdict == null
                ? resumed(socket, host)
                : new TlsConnection(socket, socket.getSession(), attempt.verdict, false);
    }

    private SSLParameters parameters(SSLSocket socket, String host) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setProtocols(requirement.protocols().toArray(new String[0]));
        if (!HostNames.isAddress(host)) {
            try {
                parameters.setServerNames(List.of(new SNIHostName(host)));
            } catch (IllegalArgumentException noHostName) {
                // A name that TLS can't tell, with an underscore perhaps: the certificate is checked for it all the
                // same.
                parameters.setServerNames(List.of());
            }
        }
        return parameters;
    }

    /** The certificate may have expired since the session began. */
    private TlsConnection resumed(SSLSocket socket, String host) throws IOException, TlsFailureException {
        SSLSession session = socket.getSession();
        X509Certificate[] chain = (X509Certificate[]) session.getPeerCertificates();
        CertificateVerdict verdict = check.check(chain, ANY_KEY_EXCHANGE, host, null);
        if (proofRequired && !verdict.isProof()) {
            session.invalidate();
            throw unproven(verdict, null);
        }
        return new TlsConnection(socket, session, verdict, true);
    }

    /** What keeps a connection that was made under another requirement from satisfying this one. */
    Optional<String> shortfall(TlsConnection connection, String host) {
        if (!requirement.protocols().contains(connection.protocol())) {
            return Optional.of("the TLS version was " + connection.protocol());
        }
        X509Certificate[] chain = connection.certificate().chain().toArray(new X509Certificate[0]);
        CertificateVerdict verdict = check.check(chain, ANY_KEY_EXCHANGE, host, null);
        return proofRequired && !verdict.isProof()
                ? Optional.of(
                        "the certificate is not what " + requirement.level().keyword() + " asks for: " + verdict)
                : Optional.empty();
    }

    private TlsFailureException unproven(CertificateVerdict verdict, IOException failure) {
        return new TlsFailureException(
                Kind.CERTIFICATE,
                "the certificate is not what " + requirement.level().keyword() + " asks for: " + verdict,
                verdict,
                failure);
    }

    /** Judges certificates in the midst of the handshake, so that the peer is told by an alert. */
    private final class Judge extends X509ExtendedTrustManager {
        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            Attempt attempt = attempts.get(socket);
            if (attempt == null) {
                throw new CertificateException("no handshake of ours");
            }
            attempt.verdict = check.check(chain, authType, attempt.host, socket);
            if (proofRequired && !attempt.verdict.isProof()) {
                throw new CertificateException(attempt.verdict.toString());
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            throw new CertificateException("certificates are judged on their sockets");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            throw new CertificateException("certificates are judged on their sockets");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            throw new CertificateException("this is the client");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            throw new CertificateException("this is the client");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            throw new CertificateException("this is the client");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
