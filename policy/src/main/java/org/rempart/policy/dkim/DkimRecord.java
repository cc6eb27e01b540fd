/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.dkim;

import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A public key as the DNS has it (RFC 6376, section 3.6.1; RFC 8463, section 4). Immutable. */
public final class DkimRecord {
    private final DkimKeyKind kind;
    /** Null when the key was revoked. */
    private final byte[] value;
    /** Null when it was revoked, or can't be used. */
    private final PublicKey key;

    private final boolean testing;
    private final boolean strict;

    private DkimRecord(DkimKeyKind kind, byte[] value, PublicKey key, boolean testing, boolean strict) {
        this.kind = kind;
        this.value = value;
        this.key = key;
        this.testing = testing;
        this.strict = strict;
    }

    /**
     * Reads a record.
     *
     * @param text the strings of the TXT record, joined
     * @return empty when it is none, or for none of the uses of mail
     */
    public static Optional<DkimRecord> parse(String text) {
        Optional<Map<String, String>> read = TagList.parse(text);
        if (read.isEmpty() || !read.get().containsKey("p")) {
            return Optional.empty();
        }
        Map<String, String> tags = read.get();
        Optional<DkimKeyKind> kind = DkimKeyKind.ofKeyword(tags.getOrDefault("k", "rsa"));
        boolean first =
                !tags.containsKey("v") || tags.keySet().iterator().next().equals("v");
        List<String> services = list(tags.getOrDefault("s", "*"));
        List<String> hashes = list(tags.getOrDefault("h", "sha256"));
        if (!first
                || !tags.getOrDefault("v", "DKIM1").equals("DKIM1")
                || kind.isEmpty()
                || !(services.contains("*") || services.contains("email"))
                || !hashes.contains("sha256")) {
            return Optional.empty();
        }
        List<String> flags = list(tags.getOrDefault("t", ""));
        byte[] value = null;
        PublicKey key = null;
        String encoded = TagList.compact(tags.get("p"));
        if (!encoded.isEmpty()) {
            try {
                value = Base64.getDecoder().decode(encoded);
                key = kind.get().decoded(value);
            } catch (IllegalArgumentException | GeneralSecurityException unusable) {
                // A key that can't be used is told by fault().
                value = value == null ? new byte[0] : value;
            }
        }
        return Optional.of(new DkimRecord(kind.get(), value, key, flags.contains("y"), flags.contains("s")));
    }

    private static List<String> list(String value) {
        return Arrays.asList(TagList.compact(value).split(":", -1));
    }

    public DkimKeyKind kind() {
        return kind;
    }

    /** Whether the domain only tries DKIM out: a failed signature is then none. */
    public boolean isTesting() {
        return testing;
    }

    /** Whether the identity of a signature must be of the domain itself, and not of one below it. */
    public boolean isStrict() {
        return strict;
    }

    /** Why it proves nothing; empty when it can. */
    public Optional<String> fault() {
        if (value == null) {
            return Optional.of("the key was revoked");
        }
        if (key == null) {
            return Optional.of("the key can't be read");
        }
        int bits = DkimKeyKind.bits(key);
        if (kind == DkimKeyKind.RSA && (bits < DkimKeyKind.SHORTEST_RSA || bits > DkimKeyKind.LONGEST_RSA)) {
            return Optional.of("the key has " + bits + " bits");
        }
        return DkimKeyKind.isCheap(key)
                ? Optional.empty()
                : Optional.of("the key has a public exponent that is too long");
    }

    /** Whether it is the public part of a key. */
    public boolean isOf(DkimKey ours) {
        return key != null && kind == ours.kind() && Arrays.equals(value, kind.encoded(ours.publicKey()));
    }

    /**
     * Whether a signature is one of a text, by this key.
     *
     * @throws IllegalStateException where there is a {@link #fault}
     */
    public boolean verifies(byte[] text, byte[] signature) {
        if (fault().isPresent()) {
            throw new IllegalStateException(fault().get());
        }
        try {
            Signature verifier = kind.signature();
            verifier.initVerify(key);
            verifier.update(kind.signed(text));
            return verifier.verify(signature);
        } catch (GeneralSecurityException malformed) {
            return false;
        }
    }
}
