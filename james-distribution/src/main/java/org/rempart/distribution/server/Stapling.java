/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import org.rempart.distribution.home.CertificateFiles;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;

/**
 * OCSP stapling (RFC 6066, section 8) where a certificate asks for it ("must-staple", RFC 7633): the JDK gets the answer of the
 * authority's responder and shows it with the certificate. Elsewhere it stays off, since every handshake could wait for a
 * responder that does not answer.
 */
final class Stapling {
    private static final String ENABLED = "jdk.tls.server.enableStatusRequestExtension";
    /** How long a handshake waits for the responder, in milliseconds; the JDK's own five seconds are those of many clients. */
    private static final String PATIENCE = "jdk.tls.stapling.responseTimeout";

    private static final String PATIENCE_MILLIS = "2000";

    /** The extension "TLS feature" (RFC 7633). */
    private static final String TLS_FEATURE = "1.3.6.1.5.5.7.1.24";
    /** The feature {@code status_request}, as its DER has it. */
    private static final byte[] STATUS_REQUEST = {2, 1, 5};

    private Stapling() {}

    /** Switches it on where a listener's certificate asks for it; to be called before the first TLS of the process. */
    static boolean whereItIsAskedFor(Home home) throws FaultException {
        for (CertificateFiles files : CertificateFiles.of(home)) {
            if (isAskedFor(files.certificate())) {
                set(ENABLED, "true");
                set(PATIENCE, PATIENCE_MILLIS);
                return true;
            }
        }
        return false;
    }

    private static void set(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    private static boolean isAskedFor(Path file) {
        try (InputStream pem = Files.newInputStream(file)) {
            List<Certificate> chain =
                    List.copyOf(CertificateFactory.getInstance("X.509").generateCertificates(pem));
            byte[] features = chain.isEmpty() ? null : ((X509Certificate) chain.get(0)).getExtensionValue(TLS_FEATURE);
            return features != null && holds(features, STATUS_REQUEST);
        } catch (IOException | CertificateException unread) {
            // Told by the checks of the start.
            return false;
        }
    }

    private static boolean holds(byte[] bytes, byte[] part) {
        for (int i = 0; i + part.length <= bytes.length; i++) {
            if (java.util.Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
                return true;
            }
        }
        return false;
    }
}
