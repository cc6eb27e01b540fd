/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import org.rempart.distribution.home.CertificateFiles;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.policy.tls.MtaStsPublication;

/** A certificate and its key: whether they are there, fit each other, and are in their time. */
public final class Identity {
    private static final Duration SOON = Duration.ofDays(14);

    private final Home home;
    private final Clock clock;
    private final Path certificateFile;
    private final Path keyFile;

    Identity(Home home, Clock clock, CertificateFiles files) {
        this.home = home;
        this.clock = clock;
        this.certificateFile = files.certificate();
        this.keyFile = files.key();
    }

    /** Those with which the MTA-STS policy of our domains is served. */
    public static Identity of(Home home, MtaStsPublication publication, Clock clock) {
        return new Identity(home, clock, files(home, publication));
    }

    static CertificateFiles files(Home home, MtaStsPublication publication) {
        return new CertificateFiles(file(home, publication.certificate()), file(home, publication.key()));
    }

    /** A file as the policy file names it. */
    static Path file(Home home, String name) {
        return home.folder().resolve(name.replaceFirst("^file://", ""));
    }

    /**
     * Both, as JSSE takes them; the password is empty.
     *
     * @throws FaultException when a server with them could not speak TLS
     */
    public KeyStore keyStore() throws FaultException {
        List<Certificate> chain = chain();
        PrivateKey key = key(keyFile, chain.get(0).getPublicKey().getAlgorithm());
        if (!fit(key, chain.get(0).getPublicKey())) {
            throw notOfEachOther();
        }
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("own", key, new char[0], chain.toArray(Certificate[]::new));
            return store;
        } catch (GeneralSecurityException | IOException impossible) {
            throw new IllegalStateException("a key store in memory", impossible);
        }
    }

    /**
     * Checks certificate and key.
     *
     * @return warnings: what will be a fault soon
     * @throws FaultException when a server with them could not speak TLS
     */
    List<String> check() throws FaultException {
        X509Certificate certificate = (X509Certificate) chain().get(0);
        PrivateKey key = key(keyFile, certificate.getPublicKey().getAlgorithm());
        if (!fit(key, certificate.getPublicKey())) {
            throw notOfEachOther();
        }
        List<String> warnings = new ArrayList<>();
        Date now = Date.from(clock.instant());
        try {
            certificate.checkValidity(now);
        } catch (CertificateExpiredException expired) {
            throw new FaultException(home.name(certificateFile) + " has expired on "
                    + certificate.getNotAfter().toInstant() + "; renew it");
        } catch (CertificateNotYetValidException early) {
            throw new FaultException(home.name(certificateFile) + " is not valid before "
                    + certificate.getNotBefore().toInstant() + "; check this machine's clock");
        }
        if (certificate.getNotAfter().toInstant().isBefore(clock.instant().plus(SOON))) {
            warnings.add(home.name(certificateFile) + " expires on "
                    + certificate.getNotAfter().toInstant() + "; renew it");
        }
        return warnings;
    }

    private FaultException notOfEachOther() {
        return new FaultException(home.name(keyFile) + " is not the key of " + home.name(certificateFile)
                + "; the first certificate in that file must be this host's own");
    }

    private List<Certificate> chain() throws FaultException {
        Path file = certificateFile;
        byte[] pem = read(file, "the certificate of this host, followed by its intermediate certificates");
        try {
            List<Certificate> chain = List.copyOf(
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem)));
            if (!chain.isEmpty()) {
                return chain;
            }
        } catch (CertificateException broken) {
            throw new FaultException(home.name(file) + " holds no certificate in PEM form (" + broken.getMessage()
                    + "); it begins with -----BEGIN CERTIFICATE-----");
        }
        throw new FaultException(home.name(file) + " holds no certificate; it begins with -----BEGIN CERTIFICATE-----");
    }

    private PrivateKey key(Path file, String algorithm) throws FaultException {
        String pem = new String(read(file, "the private key of the certificate"), StandardCharsets.ISO_8859_1);
        String begin = "-----BEGIN PRIVATE KEY-----";
        int start = pem.indexOf(begin);
        int end = pem.indexOf("-----END PRIVATE KEY-----");
        if (start < 0 || end < start) {
            throw new FaultException(home.name(file) + " holds no unencrypted PKCS#8 key (" + begin
                    + "); convert yours: openssl pkcs8 -topk8 -nocrypt -in key.pem -out private-key.pem");
        }
        try {
            byte[] der = Base64.getMimeDecoder().decode(pem.substring(start + begin.length(), end));
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (IllegalArgumentException | GeneralSecurityException broken) {
            throw new FaultException(home.name(file) + " holds no " + algorithm + " key such as the certificate has ("
                    + broken.getMessage() + ")");
        }
    }

    private byte[] read(Path file, String what) throws FaultException {
        try {
            return Files.readAllBytes(file);
        } catch (NoSuchFileException absent) {
            throw new FaultException(home.name(file) + " is missing; put " + what + " there, in PEM form");
        } catch (IOException unread) {
            throw new FaultException(
                    home.name(file) + " can't be read (" + unread.getMessage() + "); let the server's user read it");
        }
    }

    /** Whether what the key signs, the certificate verifies. */
    private static boolean fit(PrivateKey key, PublicKey certified) {
        String algorithm =
                switch (key.getAlgorithm()) {
                    case "RSA", "RSASSA-PSS" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> key.getAlgorithm();
                };
        try {
            byte[] probe = "fit".getBytes(StandardCharsets.US_ASCII);
            Signature signer = Signature.getInstance(algorithm);
            signer.initSign(key);
            signer.update(probe);
            byte[] signature = signer.sign();
            signer.initVerify(certified);
            signer.update(probe);
            return signer.verify(signature);
        } catch (GeneralSecurityException notEvenOfOneKind) {
            return false;
        }
    }
}
