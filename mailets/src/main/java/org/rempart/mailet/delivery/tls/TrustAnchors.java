/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.Opener;

/**
 * The authorities that a rule trusts instead of the JVM's: the certificates of a PEM file. Equal when they are the same
 * certificates.
 */
public final class TrustAnchors {
    /** Room for hundreds of certificates. */
    private static final int LARGEST = 1024 * 1024;

    private final String file;
    private final Set<X509Certificate> certificates;

    private TrustAnchors(String file, Set<X509Certificate> certificates) {
        this.file = file;
        this.certificates = Set.copyOf(certificates);
    }

    /**
     * The certificates of a file.
     *
     * @param file its path, absolute or below James's working directory ({@code conf/tls/partner-ca.pem}), or a URL of
     *     James's configuration ({@code file://conf/tls/partner-ca.pem})
     * @param files how James finds files
     * @throws IOException when the file can't be read or holds no certificates, with a message for the administrator
     */
    public static TrustAnchors read(String file, FileSystem files) throws IOException {
        return read(file, files::getResource);
    }

    static TrustAnchors read(String file, Opener files) throws IOException {
        try (InputStream in = files.open(url(file))) {
            return read(file, in.readNBytes(LARGEST + 1));
        } catch (IOException unread) {
            throw new IOException(
                    "the trust anchors in " + file + " can't be read (" + unread.getMessage()
                            + "); name a file of PEM certificates",
                    unread);
        }
    }

    /** The file of that name, opened; it is closed by who asked. */
    public static Optional<InputStream> opened(Optional<String> file, Opener files) throws IOException {
        return file.isPresent() ? Optional.of(files.open(url(file.get()))) : Optional.empty();
    }

    private static String url(String file) {
        return file.contains(":") ? file : "file://" + file;
    }

    private static TrustAnchors read(String file, byte[] pem) throws IOException {
        if (pem.length > LARGEST) {
            throw new IOException("it is larger than " + LARGEST + " bytes");
        }
        Set<X509Certificate> certificates = new LinkedHashSet<>();
        try {
            for (Certificate certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem))) {
                certificates.add((X509Certificate) certificate);
            }
        } catch (CertificateException unreadable) {
            throw new IOException("it holds something else than certificates", unreadable);
        }
        if (certificates.isEmpty()) {
            throw new IOException("it holds no certificate");
        }
        return new TrustAnchors(file, certificates);
    }

    /** Anchors that come from no file of their own. */
    public static TrustAnchors of(String name, Set<X509Certificate> certificates) {
        return new TrustAnchors(name, certificates);
    }

    Set<X509Certificate> certificates() {
        return certificates;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TrustAnchors && certificates.equals(((TrustAnchors) other).certificates);
    }

    @Override
    public int hashCode() {
        return certificates.hashCode();
    }

    /** The file as it was named. */
    @Override
    public String toString() {
        return file;
    }
}
