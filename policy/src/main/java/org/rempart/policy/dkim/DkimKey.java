/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.dkim;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.policy.Opener;
import org.rempart.policy.PolicyException;

/** A key that mail is signed with. Immutable, and safe for use by many threads. */
public final class DkimKey {
    /** RFC 8301, section 3.2: what signers should have. */
    private static final int SHORTEST = 2048;

    private static final int LONGEST = 4096;
    private static final int LARGEST_FILE = 64 * 1024;
    private static final int ED25519_SEED = 32;

    /** What stands before the seed of an Ed25519 key in PKCS#8 (RFC 8410, section 7). */
    private static final byte[] ED25519_PREFIX = {
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20
    };

    /** PKCS#8's version, and its name of RSA. */
    private static final byte[] RSA_ALGORITHM = {
        0x02,
        0x01,
        0x00,
        0x30,
        0x0d,
        0x06,
        0x09,
        0x2a,
        (byte) 0x86,
        0x48,
        (byte) 0x86,
        (byte) 0xf7,
        0x0d,
        0x01,
        0x01,
        0x01,
        0x05,
        0x00
    };

    private static final Pattern PEM = Pattern.compile(
            "-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----", Pattern.DOTALL);
    private static final String RIGHT =
            "it holds an RSA or Ed25519 key in PEM form that no password locks; bin/rempart dkim new DOMAIN makes such ones";

    private final DkimKeyKind kind;
    private final PrivateKey privateKey;
    private final PublicKey publicKey;

    private DkimKey(DkimKeyKind kind, PrivateKey privateKey, PublicKey publicKey) {
        this.kind = kind;
        this.privateKey = privateKey;
        this.publicKey = publicKey;
    }

    /**
     * A new key.
     *
     * @throws GeneralSecurityException when this Java makes none of the kind
     */
    public static DkimKey generate(DkimKeyKind kind) throws GeneralSecurityException {
        if (kind == DkimKeyKind.ED25519) {
            byte[] seed = new byte[ED25519_SEED];
            new SecureRandom().nextBytes(seed);
            return ofSeed(seed);
        }
        KeyPairGenerator generator = KeyPairGenerator.getInstance(kind.javaName());
        generator.initialize(SHORTEST);
        java.security.KeyPair pair = generator.generateKeyPair();
        return new DkimKey(kind, pair.getPrivate(), pair.getPublic());
    }

    /**
     * The key that a rule names.
     *
     * @param files how to open what {@link DkimPolicy.Sign#keyUrl} names
     * @throws IOException when it can't be used; the message says of which rule and file, and what would be right
     */
    public static DkimKey of(DkimPolicy.Sign rule, Opener files) throws IOException {
        try (InputStream in = files.open(rule.keyUrl())) {
            return read(new String(in.readNBytes(LARGEST_FILE), StandardCharsets.ISO_8859_1));
        } catch (PolicyException fault) {
            throw new IOException(rule + ": " + rule.keyFile() + " " + fault.getMessage(), fault);
        } catch (FileNotFoundException | NoSuchFileException absent) {
            throw new IOException(
                    rule + ": the key " + rule.keyFile()
                            + " is not there, or can't be read by the server's user; restore"
                            + " it, or make a new one: bin/rempart dkim new " + rule.domain(),
                    absent);
        } catch (IOException unread) {
            throw new IOException(
                    rule + ": the key " + rule.keyFile() + " can't be read (" + unread.getMessage() + ")", unread);
        }
    }

    /**
     * Reads a key: PKCS#8, or PKCS#1 as other programs write RSA keys.
     *
     * @param pem the file's text
     * @throws PolicyException when it holds none that can be used here, and what would be right
     */
    public static DkimKey read(String pem) throws PolicyException {
        Matcher found = PEM.matcher(pem);
        if (!found.find()) {
            throw new PolicyException("holds no private key in PEM form", RIGHT);
        }
        try {
            byte[] der = Base64.getMimeDecoder().decode(found.group(2));
            DkimKey key = ofDer(found.group(1), der);
            int bits = DkimKeyKind.bits(key.publicKey);
            if (key.kind == DkimKeyKind.RSA && (bits < SHORTEST || bits > LONGEST)) {
                throw new PolicyException(
                        "holds an RSA key of " + bits + " bits",
                        "it has " + SHORTEST + " to " + LONGEST
                                + " (RFC 8301); make a new one, bin/rempart dkim new DOMAIN");
            }
            key.prove();
            return key;
        } catch (NoSuchAlgorithmException unknown) {
            throw new PolicyException(
                    "holds an Ed25519 key, which this Java (" + System.getProperty("java.version") + ") does not know",
                    "run the server on Java 15 or newer, or sign with an RSA key alone");
        } catch (GeneralSecurityException | IllegalArgumentException broken) {
            throw new PolicyException("holds a key that can't be read", RIGHT);
        }
    }

    private static DkimKey ofDer(String label, byte[] der) throws GeneralSecurityException, PolicyException {
        switch (label) {
            case "RSA PRIVATE KEY":
                return rsa(inPkcs8(der));
            case "PRIVATE KEY":
                if (startsWith(der, ED25519_PREFIX) && der.length >= ED25519_PREFIX.length + ED25519_SEED) {
                    return ofSeed(Arrays.copyOfRange(der, ED25519_PREFIX.length, ED25519_PREFIX.length + ED25519_SEED));
                }
                return rsa(der);
            default:
                throw new PolicyException("holds a key of another form (" + label + ")", RIGHT);
        }
    }

    private static DkimKey rsa(byte[] pkcs8) throws GeneralSecurityException {
        KeyFactory keys = KeyFactory.getInstance("RSA");
        PrivateKey key = keys.generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        if (!(key instanceof RSAPrivateCrtKey)) {
            throw new GeneralSecurityException("the key does not know its public part");
        }
        RSAPrivateCrtKey whole = (RSAPrivateCrtKey) key;
        return new DkimKey(
                DkimKeyKind.RSA,
                key,
                keys.generatePublic(new RSAPublicKeySpec(whole.getModulus(), whole.getPublicExponent())));
    }

    /** Java has no way from a private Ed25519 key to its public one, but for making both of the same random bytes. */
    private static DkimKey ofSeed(byte[] seed) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(DkimKeyKind.ED25519.javaName());
        generator.initialize(8 * ED25519_SEED - 1, new Fixed(seed));
        PublicKey publicKey = generator.generateKeyPair().getPublic();
        byte[] encoded = concatenated(ED25519_PREFIX, seed);
        PrivateKey privateKey = KeyFactory.getInstance(DkimKeyKind.ED25519.javaName())
                .generatePrivate(new PKCS8EncodedKeySpec(encoded));
        return new DkimKey(DkimKeyKind.ED25519, privateKey, publicKey);
    }

    /** The random bytes that a key is made of, when they are known. */
    private static final class Fixed extends SecureRandom {
        private static final long serialVersionUID = 1L;

        private final byte[] bytes;

        Fixed(byte[] bytes) {
            this.bytes = bytes.clone();
        }

        @Override
        public void nextBytes(byte[] into) {
            System.arraycopy(bytes, 0, into, 0, into.length);
        }
    }

    /** What this key signs, its public part verifies: else all mail would leave with signatures that fail. */
    private void prove() throws GeneralSecurityException {
        byte[] text = "proof".getBytes(StandardCharsets.US_ASCII);
        Signature verifier = kind.signature();
        verifier.initVerify(publicKey);
        verifier.update(kind.signed(text));
        if (!verifier.verify(sign(text))) {
            throw new GeneralSecurityException("its two parts do not fit");
        }
    }

    private static boolean startsWith(byte[] bytes, byte[] prefix) {
        return bytes.length >= prefix.length && Arrays.equals(Arrays.copyOf(bytes, prefix.length), prefix);
    }

    private static byte[] inPkcs8(byte[] pkcs1) {
        byte[] octets = concatenated(header(0x04, pkcs1.length), pkcs1);
        byte[] inside = concatenated(RSA_ALGORITHM, octets);
        return concatenated(header(0x30, inside.length), inside);
    }

    /** Of what is longer than 255 bytes. */
    private static byte[] header(int tag, int length) {
        return new byte[] {(byte) tag, (byte) 0x82, (byte) (length >> 8), (byte) length};
    }

    private static byte[] concatenated(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length)
                .put(first)
                .put(second)
                .array();
    }

    public DkimKeyKind kind() {
        return kind;
    }

    PublicKey publicKey() {
        return publicKey;
    }

    /** The private key as a PEM file has it. */
    public String pem() {
        return "-----BEGIN PRIVATE KEY-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(privateKey.getEncoded())
                + "\n-----END PRIVATE KEY-----\n";
    }

    /** The text of the DNS record with which others verify what this key signs (RFC 6376, section 3.6.1). */
    public String record() {
        return "v=DKIM1; k=" + kind.keyword() + "; p=" + Base64.getEncoder().encodeToString(kind.encoded(publicKey));
    }

    /**
     * Signs a text.
     *
     * @throws GeneralSecurityException when Java can't
     */
    public byte[] sign(byte[] text) throws GeneralSecurityException {
        Signature signature = kind.signature();
        signature.initSign(privateKey);
        signature.update(kind.signed(text));
        return signature.sign();
    }
}
