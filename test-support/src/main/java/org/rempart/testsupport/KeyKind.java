/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;

/** What keys of a certificate are. */
public enum KeyKind {
    /** GnuTLS, which Debian's slapd has, does not read the JDK's form of a key on an elliptic curve, but it reads this. */
    RSA(2048, "SHA256withRSA"),
    /** Made in no time. */
    EC(256, "SHA256withECDSA");

    private final int bits;
    private final String signature;

    KeyKind(int bits, String signature) {
        this.bits = bits;
        this.signature = signature;
    }

    KeyPair newKeys() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(name());
        generator.initialize(bits);
        return generator.generateKeyPair();
    }

    /** How such a key signs, as JCA names it. */
    String signature() {
        return signature;
    }
}
