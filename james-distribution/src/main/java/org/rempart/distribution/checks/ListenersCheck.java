/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.rempart.distribution.home.CertificateFiles;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Listener;

/**
 * Whether the running server answers where it listens, and with the certificate that lies in its folder; of one that does
 * not run, whether it could have its ports.
 */
final class ListenersCheck implements Check {
    private static final int PATIENCE = (int) Duration.ofSeconds(20).toMillis();

    @Override
    public String name() {
        return "listeners";
    }

    @Override
    public List<Finding> look(Patient patient) throws FaultException, InterruptedException {
        List<Finding> findings = new ArrayList<>();
        if (patient.process().isEmpty()) {
            StartChecks ports = new StartChecks(patient.home(), patient.clock()).ports();
            ports.faults().forEach(fault -> findings.add(Finding.fault(fault, "")));
            findings.add(Finding.warning("the server does not run", "bin/rempart start"));
            return findings;
        }
        Set<Integer> tlsPorts = MailSettings.of(patient.home()).tlsPorts();
        for (Listener listener : Listener.of(patient.home())) {
            if (listener.name().equals(Listener.MTA_STS)) {
                // Looked at by the check of that name.
                continue;
            }
            InetSocketAddress address = reachable(listener.address());
            String place = listener.name() + " at " + address.getAddress().getHostAddress() + ":" + address.getPort();
            findings.add(
                    tlsPorts.contains(address.getPort())
                            ? handshake(patient, place, address)
                            : answers(listener, place, address));
        }
        return findings;
    }

    private static Finding answers(Listener listener, String place, InetSocketAddress address) {
        try {
            if (listener.name().equals("webadmin")) {
                try (Socket socket = connect(address)) {
                    return Finding.ok(place + " takes connections from "
                            + socket.getLocalAddress().getHostAddress());
                }
            }
            String greeting = greeting(address);
            return greeting.startsWith("220") || greeting.startsWith("* OK")
                    ? Finding.ok(place + " greets")
                    : Finding.fault(place + " answers \"" + greeting + "\"", "see var/log/server.log");
        } catch (SocketTimeoutException silent) {
            return silent(place);
        } catch (IOException refused) {
            return Finding.fault(
                    place + " does not answer (" + refused.getMessage() + ")",
                    "see var/log/server.log, and whether a firewall is between");
        }
    }

    private static Finding silent(String place) {
        return Finding.fault(
                place + " says nothing for " + PATIENCE / 1000 + " seconds",
                "see var/log/server.log; are all its connections taken?");
    }

    private static String greeting(InetSocketAddress address) throws IOException {
        try (Socket socket = connect(address)) {
            StringBuilder line = new StringBuilder();
            int next;
            while ((next = socket.getInputStream().read()) >= 0 && next != '\n' && line.length() < 512) {
                line.append((char) next);
            }
            return new String(line.toString().trim().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        }
    }

    private static Finding handshake(Patient patient, String place, InetSocketAddress address) throws FaultException {
        try (Socket plain = connect(address);
                SSLSocket socket = (SSLSocket) anyPeer()
                        .getSocketFactory()
                        .createSocket(plain, address.getHostString(), address.getPort(), true)) {
            socket.startHandshake();
            Certificate shown = socket.getSession().getPeerCertificates()[0];
            List<Certificate> kept = new ArrayList<>();
            for (CertificateFiles files : CertificateFiles.of(patient.home())) {
                kept.add(CertificateCheck.chain(patient.home(), files.certificate())
                        .get(0));
            }
            return kept.contains(shown)
                    ? Finding.ok(place + " speaks " + socket.getSession().getProtocol())
                    : Finding.fault(place + " shows another certificate than its file has", "bin/rempart reload");
        } catch (SocketTimeoutException late) {
            return silent(place);
        } catch (SSLException refused) {
            return Finding.fault(
                    place + " fails in the TLS handshake: " + refused.getMessage(), "see var/log/server.log");
        } catch (IOException | GeneralSecurityException refused) {
            return Finding.fault(place + " does not answer (" + refused.getMessage() + ")", "see var/log/server.log");
        }
    }

    private static Socket connect(InetSocketAddress address) throws IOException {
        Socket socket = new Socket();
        try {
            socket.setSoTimeout(PATIENCE);
            socket.connect(address, PATIENCE);
            return socket;
        } catch (IOException refused) {
            socket.close();
            throw refused;
        }
    }

    /** What listens everywhere is asked on loopback. */
    private static InetSocketAddress reachable(InetSocketAddress address) {
        return address.getAddress().isAnyLocalAddress()
                ? new InetSocketAddress(InetAddress.getLoopbackAddress(), address.getPort())
                : address;
    }

    /** The certificate is looked at, not trusted: nothing is sent to anyone who shows it. */
    static SSLContext anyPeer() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Onlooker()}, null);
        return context;
    }

    private static final class Onlooker implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {
            throw new UnsupportedOperationException("only servers are asked");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {
            // Compared with the file afterwards.
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
