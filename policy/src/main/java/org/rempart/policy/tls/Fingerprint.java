/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.tls;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.commons.codec.binary.Hex;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Wording;

/**
 * The SHA-256 digest of a certificate, {@code sha256:<hex>}, or of its public key (the DER form of
 * SubjectPublicKeyInfo, RFC 5280, section 4.1), {@code spki-sha256:<hex>}. A key survives the renewal of its certificate.
 */
public final class Fingerprint {
    private static final String CERTIFICATE = "sha256:";
    private static final String KEY = "spki-sha256:";
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/]{43}=");

    private final boolean key;
    private final String hex;

    private Fingerprint(boolean key, String hex) {
        this.key = key;
        this.hex = hex;
    }

    /**
     * Reads a fingerprint: the digest in 64 hexadecimal digits, with or without colons between the bytes as openssl
     * prints them, or in Base64.
     *
     * @throws PolicyException when it is none
     */
    public static Fingerprint parse(String text) throws PolicyException {
        String stripped = text.strip();
        String lower = stripped.toLowerCase(Locale.ROOT);
        boolean key = lower.startsWith(KEY);
        if (!key && !lower.startsWith(CERTIFICATE)) {
            throw notOne(text);
        }
        String digest = stripped.substring(key ? KEY.length() : CERTIFICATE.length());
        String hex = digest.replace(":", "").toLowerCase(Locale.ROOT);
        if (SHA256.matcher(hex).matches()) {
            return new Fingerprint(key, hex);
        }
        if (BASE64.matcher(digest).matches()) {
            return new Fingerprint(key, Hex.encodeHexString(Base64.getDecoder().decode(digest)));
        }
        throw notOne(text);
    }

    private static PolicyException notOne(String text) {
        return new PolicyException(
                Wording.quoted(text) + " is not a fingerprint",
                "write sha256: and the 64 hexadecimal digits of a certificate's SHA-256 digest, or spki-sha256: and "
                        + "those of its public key's");
    }

    /** The fingerprint of a certificate. */
    public static Fingerprint ofCertificate(X509Certificate certificate) {
        try {
            return new Fingerprint(false, sha256(certificate.getEncoded()));
        } catch (CertificateEncodingException unreadable) {
            throw new IllegalArgumentException(unreadable);
        }
    }

    /** The fingerprint of a certificate's public key. */
    public static Fingerprint ofKey(X509Certificate certificate) {
        return new Fingerprint(true, sha256(certificate.getPublicKey().getEncoded()));
    }

    /** Whether this is the fingerprint of the certificate or of its key. */
    public boolean matches(X509Certificate certificate) {
        return equals(key ? ofKey(certificate) : ofCertificate(certificate));
    }

    private static String sha256(byte[] bytes) {
        try {
            return Hex.encodeHexString(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JVM has SHA-256", impossible);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Fingerprint
                && key == ((Fingerprint) other).key
                && hex.equals(((Fingerprint) other).hex);
    }

    @Override
    public int hashCode() {
        return hex.hashCode();
    }

    /** As the policy writes it, in lower-case hexadecimal digits without colons. */
    @Override
    public String toString() {
        return (key ? KEY : CERTIFICATE) + hex;
    }
}
