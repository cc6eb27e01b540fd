/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.peers;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import javax.net.ssl.SSLContext;
import org.rempart.quickstart.CertificateAuthority.ServerCertificate;
import org.rempart.quickstart.sink.PemKeyPair;

/** What a peer shows in a handshake. */
public final class Certificate {
    private final ServerCertificate certificate;
    private final SSLContext context;

    /** @throws IllegalStateException if this Java runtime can't use it */
    public Certificate(ServerCertificate certificate) {
        this.certificate = certificate;
        try {
            context = PemKeyPair.serverContext(certificate.key(), certificate.certificate());
        } catch (GeneralSecurityException | IOException unusable) {
            throw new IllegalStateException("no peer can use this certificate", unusable);
        }
    }

    /** The context of a server that shows it. */
    public SSLContext context() {
        return context;
    }

    public X509Certificate x509() {
        return certificate.certificate();
    }

    /** Its SHA-256 fingerprint, in hexadecimal digits. */
    public String fingerprint() {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(x509().getEncoded()));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Writes it and its key as PEM; see {@link ServerCertificate#writePem}. */
    public void writePem(Path certificateFile, Path keyFile) throws IOException, GeneralSecurityException {
        certificate.writePem(certificateFile, keyFile);
    }
}
