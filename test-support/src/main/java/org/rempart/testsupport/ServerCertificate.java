/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * What a server shows in a handshake.
 *
 * @param keys its own
 * @param chain its own certificate, and those that vouch for it
 */
public record ServerCertificate(KeyPair keys, List<X509Certificate> chain) {
    /** By this name James looks for the key of JMAP. */
    private static final String ALIAS = "james";

    public ServerCertificate {
        chain = List.copyOf(chain);
    }

    public X509Certificate certificate() {
        return chain.get(0);
    }

    public PrivateKey key() {
        return keys.getPrivate();
    }

    /** The SHA-256 fingerprint of the certificate, in hexadecimal digits. */
    public String fingerprint() {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256")
                            .digest(certificate().getEncoded()));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The context of a server that shows it. */
    public SSLContext context() {
        try {
            KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(store(new char[0]), new char[0]);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), null, null);
            return context;
        } catch (GeneralSecurityException | IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * Writes the certificate and the key as PEM, the key in PKCS#8 and readable by its owner only.
     *
     * @throws IOException if a file can't be written; a file that is there is replaced
     */
    public void writePem(Path certificateFile, Path keyFile) throws IOException, GeneralSecurityException {
        writeCertificate(certificateFile);
        writeKey(keyFile);
    }

    /** Writes the certificate as PEM. */
    public void writeCertificate(Path file) throws IOException, GeneralSecurityException {
        Pem.write(file, "CERTIFICATE", certificate().getEncoded());
    }

    /** Writes the key as PEM, in PKCS#8, readable by its owner only. */
    public void writeKey(Path file) throws IOException {
        Pem.writePrivate(file, "PRIVATE KEY", key().getEncoded());
    }

    /** Writes both into a key store, PKCS #12. */
    public void writeKeyStore(Path file, String password) throws IOException, GeneralSecurityException {
        try (OutputStream out = Files.newOutputStream(file)) {
            store(password.toCharArray()).store(out, password.toCharArray());
        }
    }

    private KeyStore store(char[] password) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(ALIAS, key(), password, chain.toArray(new X509Certificate[0]));
        return store;
    }
}
