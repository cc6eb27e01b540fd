/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.tls;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Java's own TLS, brought to speak with the worst of servers. {@link #unlock()} has to come before the first use of TLS in
 * the process, and is for the whole of it: nothing else may share the process, and what has to be safe here says so by
 * {@link #safe()}.
 */
public final class Jsse {
    private Jsse() {}

    /** Takes away what the JDK forbids: old protocols, weak suites, small keys, old signatures. */
    public static void unlock() {
        Security.setProperty("jdk.tls.disabledAlgorithms", "");
        Security.setProperty("jdk.certpath.disabledAlgorithms", "");
        Security.setProperty("jdk.tls.legacyAlgorithms", "");
        System.setProperty("jdk.tls.allowUnsafeServerCertChange", "true");
        System.setProperty("sun.security.ssl.allowUnsafeRenegotiation", "true");
        System.setProperty("sun.security.ssl.allowLegacyHelloMessages", "true");
        System.setProperty("com.sun.net.ssl.checkRevocation", "false");
    }

    /** What is offered in a handshake: names of JSSE. */
    public record Offer(List<String> protocols, List<String> suites) {
        /** Prepares a socket. */
        public void apply(SSLSocket socket, String host) {
            socket.setEnabledProtocols(
                    protocols.isEmpty()
                            ? without(socket.getSupportedProtocols(), "SSLv2Hello")
                            : protocols.toArray(String[]::new));
            socket.setEnabledCipherSuites(
                    suites.isEmpty() ? socket.getSupportedCipherSuites() : suites.toArray(String[]::new));
            SSLParameters parameters = socket.getSSLParameters();
            if (isName(host)) {
                parameters.setServerNames(List.of(new SNIHostName(host)));
            }
            socket.setSSLParameters(parameters);
        }
    }

    /** All that this Java speaks. */
    public static Offer everything() {
        return new Offer(List.of(), List.of());
    }

    /** One protocol, all suites. */
    public static Offer only(String protocol) {
        return new Offer(List.of(protocol), List.of());
    }

    /** What is safe today, whatever {@link #unlock()} has allowed. */
    public static Offer safe() {
        return new Offer(
                List.of("TLSv1.3", "TLSv1.2"),
                List.of(
                        "TLS_AES_128_GCM_SHA256",
                        "TLS_AES_256_GCM_SHA384",
                        "TLS_CHACHA20_POLY1305_SHA256",
                        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"));
    }

    /** Whether this can be a server's name in TLS: not an address (RFC 6066, section 3). */
    public static boolean isName(String host) {
        return host.contains(".")
                && !host.contains(":")
                && !host.matches("[0-9.]+")
                && host.toLowerCase(Locale.ROOT).matches("[a-z0-9._-]+");
    }

    /** Looks at no certificate: what is wrong with it is a finding, not an end. Nothing secret goes over it unasked. */
    public static SSLContext trustingAll() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustAll()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no TLS", e);
        }
    }

    private static String[] without(String[] names, String name) {
        return java.util.Arrays.stream(names)
                .filter(other -> !other.equals(name))
                .toArray(String[]::new);
    }

    /** An extended one: a plain one would be wrapped, and the certificate checked after all. */
    private static final class TrustAll extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
