/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.benchmarks.mail;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.Base64;
import java.util.List;
import org.rempart.quickstart.client.TlsClient;
import org.rempart.testsupport.CertificateAuthority;

/**
 * Where a contestant takes mail from accounts, with TLS from the first byte (RFC 8314).
 *
 * @param address the listener
 * @param authority the certificate of the authority, PEM
 */
record Submission(InetSocketAddress address, Path authority) {
    /** The name in the certificate. */
    static final String HOST = "mail.example.com";

    /** AUTH PLAIN (RFC 4616) of account 0. */
    static String login() {
        String login = "\0" + Mail.account(0) + "\0" + Mailboxes.PASSWORD;
        return "AUTH PLAIN " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
    }

    /** Turns a fresh connection to TLS. */
    Socket handshake(Socket socket) throws IOException {
        return TlsClient.trusting(authority, HOST).handshake(socket);
    }

    /** Writes an authority, and a certificate and key from it. */
    static void writeCertificate(Path authority, Path certificate, Path key) throws IOException {
        try {
            CertificateAuthority fresh = CertificateAuthority.create("benchmark", Clock.systemUTC());
            fresh.writePem(authority);
            Files.createDirectories(certificate.getParent());
            fresh.issue(List.of(HOST)).writePem(certificate, key);
        } catch (GeneralSecurityException impossible) {
            throw new IOException(impossible);
        }
    }
}
