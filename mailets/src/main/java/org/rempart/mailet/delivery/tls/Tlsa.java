/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.commons.codec.binary.Hex;

/** A TLSA record (RFC 6698, section 2.1): it names a certificate or a key, of a host or of an authority for it. */
final class Tlsa {
    private static final int AUTHORITY = 2;
    private static final int HOST = 3;
    private static final int WHOLE = 0;
    private static final int SHA_256 = 1;
    private static final int SHA_512 = 2;
    private static final int DIGITS_SHOWN = 16;
    private static final List<String> KEY_KINDS = List.of("RSA", "EC", "EdDSA");

    private final int usage;
    private final int selector;
    private final int matching;
    private final byte[] data;

    Tlsa(int usage, int selector, int matching, byte[] data) {
        this.usage = usage;
        this.selector = selector;
        this.matching = matching;
        this.data = data.clone();
    }

    /**
     * The records that a host is to be held to: those that mean something for mail (RFC 7672, section 3.1), and of digests
     * of the same thing only the strongest (RFC 7671, section 9).
     */
    static List<Tlsa> usable(List<Tlsa> records) {
        List<Tlsa> usable = new ArrayList<>();
        for (Tlsa record : records) {
            boolean weaker = record.matching == SHA_256
                    && records.stream()
                            .anyMatch(other -> other.matching == SHA_512
                                    && other.usage == record.usage
                                    && other.selector == record.selector
                                    && other.isUsable());
            if (record.isUsable() && !weaker && !usable.contains(record)) {
                usable.add(record);
            }
        }
        return usable;
    }

    /** Usages 0 and 1 ask for the public authorities, which mail has none of. */
    boolean isUsable() {
        if (usage != AUTHORITY && usage != HOST) {
            return false;
        }
        switch (matching) {
            case SHA_256:
                return (selector == 0 || selector == 1) && data.length == 32;
            case SHA_512:
                return (selector == 0 || selector == 1) && data.length == 64;
            case WHOLE:
                return selector == 0 ? certificate().isPresent() : selector == 1 && key().isPresent();
            default:
                return false;
        }
    }

    /** Whether it names the host's own certificate or key. Then issuer, names and dates do not count. */
    boolean isOfHost() {
        return usage == HOST;
    }

    boolean matches(X509Certificate certificate) {
        try {
            byte[] whole = selector == 0
                    ? certificate.getEncoded()
                    : certificate.getPublicKey().getEncoded();
            if (matching == WHOLE) {
                return Arrays.equals(data, whole);
            }
            String digest = matching == SHA_256 ? "SHA-256" : "SHA-512";
            return MessageDigest.isEqual(data, MessageDigest.getInstance(digest).digest(whole));
        } catch (CertificateEncodingException unreadable) {
            return false;
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JVM has SHA-2", impossible);
        }
    }

    /** The certificate that it holds whole; the host need not send it then. */
    Optional<X509Certificate> certificate() {
        if (selector != 0 || matching != WHOLE) {
            return Optional.empty();
        }
        try {
            return Optional.of((X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(data)));
        } catch (CertificateException none) {
            return Optional.empty();
        }
    }

    /** The key that it holds whole. */
    Optional<PublicKey> key() {
        if (selector != 1 || matching != WHOLE) {
            return Optional.empty();
        }
        for (String kind : KEY_KINDS) {
            try {
                return Optional.of(KeyFactory.getInstance(kind).generatePublic(new X509EncodedKeySpec(data)));
            } catch (GeneralSecurityException otherKind) {
                // The next one may read it.
            }
        }
        return Optional.empty();
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Tlsa)) {
            return false;
        }
        Tlsa that = (Tlsa) other;
        return usage == that.usage
                && selector == that.selector
                && matching == that.matching
                && Arrays.equals(data, that.data);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(data) * 31 + usage * 16 + selector * 4 + matching;
    }

    /** As a zone file has it. */
    String whole() {
        return usage + " " + selector + " " + matching + " " + Hex.encodeHexString(data);
    }

    /** As a zone file has it, the data shortened: {@code 3 1 1 9f86d081884c7d65…}. */
    @Override
    public String toString() {
        String digits = Hex.encodeHexString(data);
        return usage + " " + selector + " " + matching + " "
                + (digits.length() > DIGITS_SHOWN ? digits.substring(0, DIGITS_SHOWN) + "…" : digits);
    }
}
