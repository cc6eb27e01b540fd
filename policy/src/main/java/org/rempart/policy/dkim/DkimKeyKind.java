/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.dkim;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Optional;

/** The kinds of keys that DKIM knows, by their names in records and signatures (RFC 8301, RFC 8463). */
public enum DkimKeyKind {
    RSA("rsa", "SHA256withRSA"),
    /** Java knows it from 15 on. */
    ED25519("ed25519", "Ed25519");

    /** The length of a public Ed25519 key, which a record holds as it is. */
    private static final int ED25519_LENGTH = 32;

    /** What X.509 puts before it (RFC 8410, section 4). */
    private static final byte[] ED25519_PREFIX = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00
    };

    /** RFC 8301, section 3.2: shorter keys prove nothing. */
    public static final int SHORTEST_RSA = 1024;

    /** Beyond what verifiers have to know (RFC 8301, section 3.2), with a bound to what a stranger's key may cost. */
    public static final int LONGEST_RSA = 8192;

    private final String keyword;
    private final String signature;

    DkimKeyKind(String keyword, String signature) {
        this.keyword = keyword;
        this.signature = signature;
    }

    /** The kind that a record's tag k names. */
    public static Optional<DkimKeyKind> ofKeyword(String keyword) {
        return Arrays.stream(values())
                .filter(kind -> kind.keyword.equals(keyword))
                .findFirst();
    }

    /** The kind that a signature's tag a asks for, with SHA-256; SHA-1 proves nothing (RFC 8301, section 3.1). */
    public static Optional<DkimKeyKind> ofAlgorithm(String algorithm) {
        return Arrays.stream(values())
                .filter(kind -> kind.algorithm().equals(algorithm))
                .findFirst();
    }

    /** As the tag k has it. */
    public String keyword() {
        return keyword;
    }

    /** As the tag a has it. */
    public String algorithm() {
        return keyword + "-sha256";
    }

    /** What Java calls such keys. */
    String javaName() {
        return this == RSA ? "RSA" : signature;
    }

    Signature signature() throws GeneralSecurityException {
        return Signature.getInstance(signature);
    }

    /** What is given to the signature for a text: RSA takes the text, Ed25519 its hash (RFC 8463, section 3). */
    byte[] signed(byte[] text) throws GeneralSecurityException {
        return this == RSA ? text : MessageDigest.getInstance("SHA-256").digest(text);
    }

    /** A public key as the tag p holds it, before base64. */
    byte[] encoded(PublicKey key) {
        byte[] encoded = key.getEncoded();
        return this == RSA ? encoded : Arrays.copyOfRange(encoded, encoded.length - ED25519_LENGTH, encoded.length);
    }

    /**
     * The public key in a tag p.
     *
     * @throws GeneralSecurityException when it is none
     */
    PublicKey decoded(byte[] value) throws GeneralSecurityException {
        if (this == RSA) {
            return KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(value));
        }
        if (value.length != ED25519_LENGTH) {
            throw new GeneralSecurityException("an Ed25519 key has " + ED25519_LENGTH + " bytes");
        }
        ByteBuffer encoded = ByteBuffer.allocate(ED25519_PREFIX.length + ED25519_LENGTH)
                .put(ED25519_PREFIX)
                .put(value);
        return KeyFactory.getInstance(signature).generatePublic(new X509EncodedKeySpec(encoded.array()));
    }

    /** How many bits a key has. */
    static int bits(PublicKey key) {
        return key instanceof RSAPublicKey ? ((RSAPublicKey) key).getModulus().bitLength() : 8 * ED25519_LENGTH;
    }

    /** Whether a public exponent costs a verifier no more than those of keys that programs make. */
    static boolean isCheap(PublicKey key) {
        return !(key instanceof RSAPublicKey)
                || ((RSAPublicKey) key).getPublicExponent().compareTo(BigInteger.ONE.shiftLeft(64)) < 0;
    }
}
