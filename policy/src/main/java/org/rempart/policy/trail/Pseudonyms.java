/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.trail;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Locale;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.rempart.policy.KeyFile;

/**
 * Stands in for texts that the audit trail must not hold: the first {@value #DIGITS} hexadecimal digits of their
 * HMAC-SHA256 (RFC 2104), in lower case and UTF-8, with a key of this server. Who has the key can ask whether a text that he
 * knows is in the trail; nobody can read back one that he does not know.
 */
public final class Pseudonyms {
    /** Where the key is, a {@link KeyFile}. */
    public static final String KEY_URL = "file://var/audit.key";

    /** What a message calls the key. */
    public static final String KEY_NAME = "the key of the audit trail";

    private static final String ALGORITHM = "HmacSHA256";
    private static final int DIGITS = 16;

    private final SecretKeySpec key;

    private Pseudonyms(byte[] key) {
        this.key = new SecretKeySpec(key, ALGORITHM);
    }

    /** Those of a key that is forgotten with this process. */
    public static Pseudonyms ofRandomKey() {
        return new Pseudonyms(KeyFile.random());
    }

    /**
     * Those of the key in a file, which is written where it is missing.
     *
     * @throws IOException when it can't be read or written, or holds no key; the message says what is right
     */
    public static Pseudonyms of(File file) throws IOException {
        return of(KeyFile.read(file, KEY_NAME));
    }

    /** Those of a key. */
    public static Pseudonyms of(byte[] key) {
        return new Pseudonyms(key);
    }

    /** What stands in for a text. */
    public String of(String text) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            byte[] hash = mac.doFinal(text.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8));
            StringBuilder digits = new StringBuilder(DIGITS);
            for (int i = 0; i < DIGITS / 2; i++) {
                digits.append(Character.forDigit(hash[i] >> 4 & 0xf, 16)).append(Character.forDigit(hash[i] & 0xf, 16));
            }
            return digits.toString();
        } catch (GeneralSecurityException impossible) {
            // Every Java has HMAC-SHA256.
            throw new AssertionError(impossible);
        }
    }
}
